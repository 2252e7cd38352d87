using System.CommandLine;
using System.CommandLine.Parsing;
using Tokenwright.Host;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Cli;

/// <summary>What every command shares: its name in full, and how failures become messages and exit codes.</summary>
internal static class CommandLineExtensions
{
    /// <summary>The words that a user types for a command.</summary>
    public static IEnumerable<string> Names(this CommandResult result)
    {
        var names = new List<string>();
        for (SymbolResult? at = result; at is CommandResult command; at = at.Parent)
        {
            names.Insert(0, command.Command is RootCommand ? "tokenwright" : command.Command.Name);
        }

        return names;
    }

    /// <summary>Sets the action; each failure the product knows becomes one message on stderr and an exit code.</summary>
    public static Command Does(this Command command, Func<ParseResult, CancellationToken, Task<int>> action)
    {
        command.SetAction(
            async (parsed, cancellation) =>
            {
                try
                {
                    return await action(parsed, cancellation).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    Talk.Line("cancelled");
                    return ExitCode.Cancelled;
                }
                catch (Exception e)
                    when (e
                            is HostException
                                and not GenerationException
                                or CheckpointException
                                or TokenizerException
                                or ArgumentException
                                or BadInputException
                    )
                {
                    Talk.Error(e.Message);
                    return ExitCode.BadInput;
                }
                catch (Exception e)
                    when (e is GenerationException or IOException or UnauthorizedAccessException or InvalidOperationException)
                {
                    Talk.Error(e.Message);
                    return ExitCode.Failed;
                }
            }
        );
        return command;
    }
}

/// <summary>An argument that makes no sense; the message says which and what to do.</summary>
internal sealed class BadInputException(string message) : Exception(message);
