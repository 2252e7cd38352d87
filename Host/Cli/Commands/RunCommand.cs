using System.CommandLine;
using System.Globalization;
using Tokenwright.Host;
using Tokenwright.Models.Chat;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright run</c>: continues a prompt, or answers a message.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var prompt = new Argument<string?>("prompt")
        {
            Description = "The text to continue; with --chat the message to answer.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var promptFile = new Option<string?>("--prompt-file") { Description = "Takes the prompt from a file of UTF-8 text." };
        var promptIds = new Option<string?>("--prompt-ids") { Description = "Token ids instead of a text, comma-separated." };
        var chat = new Option<bool>("--chat") { Description = "Answers the prompt as a message, by the model's chat template." };
        var system = new Option<string?>("--system") { Description = "What the model is told first (with --chat)." };
        var messages = new Option<string?>("--messages")
        {
            Description =
                "A conversation instead of a prompt: a JSON file, [{\"role\": \"user\", \"content\": \"…\"}, …] (with --chat).",
        };
        var ignoreEnd = new Option<bool>("--ignore-end") { Description = "Goes on after end tokens." };
        var logProbabilities = new NumberOption<int>("--logprobs", 0, int.MaxValue)
        {
            Description = "Reports log-probabilities with this many alternatives (with --format json).",
        };
        var format = new ChoiceOption<OutputFormat>("--format")
        {
            Description = "text streams the text; json prints one object at the end.",
        };
        var trace = new Option<string?>("--trace")
        {
            Description = "Records every step (tree, what was kept, times) as a line of JSON in this file.",
        };
        var model = new ModelOptions();
        var options = new GenerationOptions(defaultMaxTokens: 256);
        var command = new Command("run", "Continues a prompt, or answers a message.")
        {
            prompt,
            promptFile,
            promptIds,
            chat,
            system,
            messages,
        };
        model.AddTo(command);
        options.AddTo(command);
        foreach (Option option in (Option[])[ignoreEnd, logProbabilities, format, trace])
        {
            command.Add(option);
        }

        return command.Does(
            async (parsed, cancellation) =>
            {
                bool isJson = parsed.GetValue(format) == OutputFormat.Json;
                if (parsed.GetValue(logProbabilities) is not null && !isJson)
                {
                    throw new BadInputException("--logprobs are part of the JSON object: add --format json.");
                }

                using var traceFile = parsed.GetValue(trace) is { } path ? Trace(path) : null;
                var request = options.Request(parsed) with
                {
                    IgnoreEndTokens = parsed.GetValue(ignoreEnd),
                    TopLogProbabilities = parsed.GetValue(logProbabilities),
                    Trace = traceFile,
                };

                bool isChat = parsed.GetValue(chat);
                if (!isChat && (parsed.GetValue(system) ?? parsed.GetValue(messages)) is not null)
                {
                    throw new BadInputException("--system and --messages are for chat models: add --chat.");
                }

                Func<LanguageModel, TextGeneration> start;
                if (isChat)
                {
                    var conversation = Conversation(
                        parsed.GetValue(prompt),
                        parsed.GetValue(promptFile),
                        parsed.GetValue(promptIds),
                        parsed.GetValue(messages),
                        parsed.GetValue(system)
                    );
                    start = opened => opened.Generate(conversation, request);
                }
                else
                {
                    var (text, ids) = Prompt(parsed.GetValue(prompt), parsed.GetValue(promptFile), parsed.GetValue(promptIds));
                    start = opened => text is null ? opened.Generate(ids, request) : opened.Generate(text, request);
                }

                await using var tokenwright = model.LoadHost(parsed);
                using var opened = model.Open(parsed, tokenwright, cancellation);
                var generation = start(opened);
                using var output = new RunOutput(isJson, opened.Model);
                bool isComplete = await output.StreamAsync(generation, cancellation).ConfigureAwait(false);
                if (generation.Result.FinishReason == FinishReason.Length && GenerationOptions.IsConstrained(request))
                {
                    Talk.Warning("The budget of tokens ended the text, which may not be whole; --close ends it in time.");
                }

                if (options.Stats(parsed))
                {
                    StatisticsTable.Write(generation.Result);
                }

                return isComplete ? ExitCode.Done : ExitCode.Cancelled;
            }
        );
    }

    private static IReadOnlyList<ChatMessage> Conversation(
        string? prompt,
        string? promptFile,
        string? promptIds,
        string? messages,
        string? system
    )
    {
        if (promptIds is not null)
        {
            throw new BadInputException("--prompt-ids is no message. Give --chat a text, --prompt-file or --messages.");
        }

        IReadOnlyList<ChatMessage> said = (prompt, promptFile, messages) switch
        {
            (not null, null, null) => [new ChatMessage("user", prompt)],
            (null, not null, null) => [new ChatMessage("user", TextFile.Read("--prompt-file", promptFile))],
            (null, null, not null) => MessagesFile.Read(messages),
            _ => throw new BadInputException("Give one thing to answer: a text, --prompt-file or --messages."),
        };
        if (system is not null && said[0].Role == "system")
        {
            throw new BadInputException($"{messages} begins with a system message already; leave --system out.");
        }

        return system is null ? said : [new ChatMessage("system", system), .. said];
    }

    private static TraceFile Trace(string path)
    {
        try
        {
            return new TraceFile(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadInputException($"--trace {path} cannot be written: {error.Message}");
        }
    }

    private static (string? Text, int[]? Ids) Prompt(string? text, string? file, string? ids) =>
        (text, file, ids) switch
        {
            (not null, null, null) => (text, null),
            (null, not null, null) => (TextFile.Read("--prompt-file", file), null),
            (null, null, not null) => (null, Ids("--prompt-ids", ids)),
            _ => throw new BadInputException("Give one prompt: a text, --prompt-file or --prompt-ids."),
        };

    /// <summary>Reads ids separated by commas.</summary>
    public static int[] Ids(string option, string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        var ids = new int[parts.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
            {
                throw new BadInputException(
                    $"{option}: '{parts[i]}' is no token id; write whole numbers separated by commas, such as 1,2,3."
                );
            }
        }

        return ids;
    }
}

/// <summary>How a command writes its data to stdout.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>For programs; snake_case and stable.</summary>
    Json,
}
