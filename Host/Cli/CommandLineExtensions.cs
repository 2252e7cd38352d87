using System.CommandLine;
using Tokenwright.Host;
using Tokenwright.Models.Chat;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Cli;

/// <summary>How every command runs: each failure becomes one message on stderr and an exit code, here and nowhere else.</summary>
internal static class CommandLineExtensions
{
    /// <summary>Set to anything, this environment variable shows where an unexpected failure came from.</summary>
    private const string DebugVariable = "TOKENWRIGHT_DEBUG";

    /// <summary>Sets the action.</summary>
    public static Command Does(this Command command, Func<ParseResult, CancellationToken, Task<int>> action)
    {
        command.SetAction(
            async (parsed, cancellation) =>
            {
                // The invocation listens for Ctrl-C once the action has given its thread back, and a generation never does.
                await Task.Yield();
                try
                {
                    return await action(parsed, cancellation).ConfigureAwait(false);
                }
                catch (Exception error)
                {
                    return Report(error);
                }
            }
        );
        return command;
    }

    private static int Report(Exception error)
    {
        switch (error)
        {
            case OperationCanceledException:
                Talk.Line("cancelled");
                return ExitCode.Cancelled;
            case IOException when Data.IsBrokenPipe(error):
                return ExitCode.Done;
            case GenerationException or IOException or UnauthorizedAccessException:
                Talk.Error(error.Message);
                return ExitCode.Failed;
            case HostException or CheckpointException or TokenizerException or ChatTemplateException or BadInputException:
                Talk.Error(error.Message);
                return ExitCode.BadInput;
            default:
                Talk.Error(
                    $"This should not have happened: {error.GetType().Name}: {error.Message} Please report it; {DebugVariable}=1 shows where it came from."
                );
                if (Environment.GetEnvironmentVariable(DebugVariable) is { Length: > 0 })
                {
                    Talk.Line(error.ToString());
                }

                return ExitCode.Failed;
        }
    }
}

/// <summary>An argument that makes no sense; the message says which and what to do.</summary>
internal sealed class BadInputException(string message) : Exception(message);
