using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright chat</c>: a conversation, a line of input a message.</summary>
internal static class ChatCommand
{
    /// <summary>The command's name; it deals with Ctrl-C itself.</summary>
    public const string Name = "chat";

    private const string Help = """
        /reset        forgets the conversation
        /system TEXT  tells the model TEXT before all messages; without TEXT nothing
        /exit         ends, as does the end of input
        Ctrl-C stops an answer; where none is being written, twice ends
        """;

    public static Command Create()
    {
        var system = new Option<string?>("--system") { Description = "What the model is told first." };
        var model = new ModelOptions();
        var options = new GenerationOptions(defaultMaxTokens: 1024);
        var command = new Command(Name, "Talks with a chat model; every line of input is a message.") { system };
        model.AddTo(command);
        options.AddTo(command);
        return command.Does(
            async (parsed, cancellation) =>
            {
                var request = options.Request(parsed);
                await using var tokenwright = model.LoadHost(parsed);
                using var opened = model.Open(parsed, tokenwright, cancellation);
                using var conversation = new Conversation(opened) { System = parsed.GetValue(system) };
                await CheckAsync(tokenwright, opened, conversation, request, cancellation).ConfigureAwait(false);

                bool isTerminal = !System.Console.IsInputRedirected;
                if (isTerminal)
                {
                    Talk.Line($"{opened.Info.Name}; /help lists the commands");
                }

                using var interrupts = new Interrupts();
                using var input = new StreamReader(System.Console.OpenStandardInput(), new UTF8Encoding(false));
                while (Read(input, isTerminal) is { } line)
                {
                    interrupts.Forget();
                    if (line == "/exit")
                    {
                        break;
                    }

                    if (line.StartsWith('/'))
                    {
                        Obey(line, conversation);
                        continue;
                    }

                    try
                    {
                        await AnswerAsync(line).ConfigureAwait(false);
                    }
                    catch (HostException error) when (isTerminal && error is not GenerationException)
                    {
                        // Whoever sits there can say something else.
                        Talk.Error(error.Message);
                    }
                }

                return ExitCode.Done;

                async Task AnswerAsync(string message)
                {
                    var generation = conversation.Ask(message, request, out int forgotten);
                    if (forgotten > 0)
                    {
                        Talk.Line($"the context is full: forgot the oldest {(forgotten == 1 ? "turn" : $"{forgotten} turns")}");
                    }

                    using var output = new RunOutput(isJson: false, opened.Model);
                    using var stopping = new CancellationTokenSource();
                    using (interrupts.Stop(stopping))
                    {
                        await output.StreamAsync(generation, stopping.Token).ConfigureAwait(false);
                    }

                    conversation.Keep(generation.Result.Text);
                    if (options.Stats(parsed))
                    {
                        StatisticsTable.Write(generation.Result);
                    }
                }
            }
        );
    }

    // What can be refused is refused before anyone types.
    private static async Task CheckAsync(
        TokenwrightHost tokenwright,
        LanguageModel model,
        Conversation conversation,
        GenerationRequest request,
        CancellationToken cancellation
    )
    {
        conversation.Ask("Hello", request, out _);
        using var plan = await tokenwright.PlanAsync(model.Model, request, cancellation).ConfigureAwait(false);
    }

    private static string? Read(StreamReader input, bool isTerminal)
    {
        while (true)
        {
            if (isTerminal)
            {
                System.Console.Error.Write("> ");
            }

            switch (input.ReadLine()?.Trim())
            {
                case null:
                    return null;
                case { Length: > 0 } line:
                    return line;
            }
        }
    }

    private static void Obey(string line, Conversation conversation)
    {
        int end = line.IndexOf(' ', StringComparison.Ordinal);
        string word = end < 0 ? line : line[..end];
        switch (word)
        {
            case "/reset":
                conversation.Reset();
                break;
            case "/system":
                conversation.System = end < 0 ? null : line[end..].Trim();
                break;
            case "/help":
                Talk.Line(Help);
                break;
            default:
                Talk.Line($"there is no command {word}; /help lists them");
                break;
        }
    }

    /// <summary>Ctrl-C: stops the answer that is being written; without one the first press warns and the second ends the program.</summary>
    private sealed class Interrupts : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly PosixSignalRegistration _registration;
        private CancellationTokenSource? _answer;
        private bool _wasPressed;

        public Interrupts() => _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, Press);

        /// <summary>Lets Ctrl-C cancel an answer until the result is disposed.</summary>
        public Answer Stop(CancellationTokenSource answer)
        {
            lock (_gate)
            {
                _answer = answer;
            }

            return new Answer(this);
        }

        /// <summary>Something was said since the last press.</summary>
        public void Forget()
        {
            lock (_gate)
            {
                _wasPressed = false;
            }
        }

        public void Dispose() => _registration.Dispose();

        private void Press(PosixSignalContext context)
        {
            lock (_gate)
            {
                if (_wasPressed)
                {
                    return; // and the signal does what signals do
                }

                context.Cancel = true;
                _wasPressed = true;
                if (_answer is null)
                {
                    Talk.Line("Ctrl-C again ends");
                }
                else
                {
                    _answer.Cancel();
                }
            }
        }

        public readonly struct Answer(Interrupts interrupts) : IDisposable
        {
            public void Dispose()
            {
                lock (interrupts._gate)
                {
                    interrupts._answer = null;
                    interrupts._wasPressed = false;
                }
            }
        }
    }
}
