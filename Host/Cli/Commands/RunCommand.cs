using System.CommandLine;
using System.Globalization;
using System.Text;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright run</c>: continues a prompt.</summary>
internal static class RunCommand
{
    /// <summary>Options of the standard parts that have a switch of their own; <c>--set</c> reaches every other.</summary>
    private static readonly (string Name, string Help)[] PartOptions =
    [
        ("temperature", "0 takes the most likely token (default), 1 samples the model's own distribution."),
        ("top-k", "Keeps the k most likely tokens; 0 keeps all."),
        ("top-p", "Keeps the most likely tokens that together have this probability; 1 keeps all."),
        ("min-p", "Keeps tokens at least this fraction as likely as the most likely; 0 keeps all."),
        ("typical", "Keeps locally typical tokens of this mass; 1 keeps all."),
        ("repetition-penalty", "Makes tokens that occurred less likely; 1 is off."),
        ("frequency-penalty", "Subtracts this times the number of occurrences in the output; 0 is off."),
        ("presence-penalty", "Subtracts this from tokens that occurred in the output; 0 is off."),
        ("logit-bias", "Adds to logits: ID:BIAS, comma-separated."),
        ("min-tokens", "Suppresses end tokens until this many tokens."),
        ("json-schema", "Keeps the text a document of this JSON Schema: a file, or the schema itself; true allows any JSON."),
        ("key-order", "Order of keys with --json-schema: any (default), or schema (as it lists them)."),
        ("regex", "Keeps the whole text a match of this pattern."),
        ("choices", "Keeps the text one of these, comma-separated."),
        ("tools", "Keeps the text a call of one of these functions: a file, or the list itself."),
        ("tool-format", "How a call is written: json (default), parameters, or tagged (in <tool_call>)."),
        ("free-until", "Lets the text be free up to this marker; the constraint begins after it."),
    ];

    /// <summary>The same for what is on or off.</summary>
    private static readonly (string Name, string Help)[] PartSwitches =
    [
        ("json", "Keeps the text a JSON document of any kind."),
        ("close", "Steers a constrained text to its shortest ending as --max-tokens runs out."),
    ];

    private static readonly string[] ConstraintOptions = ["json", "json-schema", "regex", "choices", "tools"];

    public static Command Create()
    {
        var prompt = new Argument<string?>("prompt") { Description = "The text to continue.", Arity = ArgumentArity.ZeroOrOne };
        var promptFile = new Option<string?>("--prompt-file") { Description = "Takes the prompt from a file of UTF-8 text." };
        var promptIds = new Option<string?>("--prompt-ids") { Description = "Token ids instead of a text, comma-separated." };
        var model = new ModelOptions();
        var method = new Option<string?>("--method")
        {
            Description = "The decoding method; default: sampling if --temperature is above 0, else greedy.",
        };
        var target = new Option<string?>("--target")
        {
            Description = "Another target decorator than the method's; none for no decorator.",
        };
        var drafter = new Option<string?>("--drafter")
        {
            Description = "Another drafter than the method's; none for no drafter.",
        };
        var verifier = new Option<string?>("--verifier") { Description = "Another verifier than the method's." };
        var loop = new Option<string?>("--loop") { Description = "Another loop than the method's." };
        var set = new Option<string[]>("--set") { Description = "Sets any option of a part: KEY=VALUE. May be repeated." };
        var maxTokens = new NumberOption<int>("--max-tokens", 1, int.MaxValue)
        {
            Description = "The most tokens to generate; default: 256.",
        };
        var seed = new NumberOption<ulong>("--seed", 0, ulong.MaxValue)
        {
            Description = "Seed of every random choice; a fresh one if not given.",
        };
        var stop = new Option<string[]>("--stop") { Description = "Ends the text before this string. May be repeated." };
        var ignoreEnd = new Option<bool>("--ignore-end") { Description = "Goes on after end tokens." };
        var logProbabilities = new NumberOption<int>("--logprobs", 0, int.MaxValue)
        {
            Description = "Reports log-probabilities with this many alternatives (with --format json).",
        };
        var format = new ChoiceOption<OutputFormat>("--format")
        {
            Description = "text streams the text; json prints one object at the end.",
        };
        var stats = new Option<bool>("--stats") { Description = "Prints statistics to stderr." };
        var trace = new Option<string?>("--trace")
        {
            Description = "Records every step (tree, what was kept, times) as a line of JSON in this file.",
        };
        var parts = PartOptions.Select(o => new Option<string?>("--" + o.Name) { Description = o.Help }).ToArray();

        var switches = PartSwitches.Select(o => new Option<bool>("--" + o.Name) { Description = o.Help }).ToArray();

        var command = new Command("run", "Continues a prompt.") { prompt, promptFile, promptIds };
        model.AddTo(command);
        foreach (
            Option option in (Option[])
                [
                    method,
                    target,
                    drafter,
                    verifier,
                    loop,
                    set,
                    maxTokens,
                    seed,
                    stop,
                    ignoreEnd,
                    logProbabilities,
                    format,
                    stats,
                    trace,
                    .. parts,
                    .. switches,
                ]
        )
        {
            command.Add(option);
        }

        return command.Does(
            async (parsed, cancellation) =>
            {
                var options = new Dictionary<string, string>(StringComparer.Ordinal);
                for (int i = 0; i < parts.Length; i++)
                {
                    if (parsed.GetValue(parts[i]) is { } value)
                    {
                        options.Add(PartOptions[i].Name, value);
                    }
                }

                for (int i = 0; i < switches.Length; i++)
                {
                    if (parsed.GetValue(switches[i]))
                    {
                        options.Add(PartSwitches[i].Name, "true");
                    }
                }

                foreach (string assignment in parsed.GetValue(set) ?? [])
                {
                    int at = assignment.IndexOf('=', StringComparison.Ordinal);
                    if (at < 1)
                    {
                        throw new BadInputException($"--set {assignment} is no assignment; write --set KEY=VALUE.");
                    }

                    if (!options.TryAdd(assignment[..at], assignment[(at + 1)..]))
                    {
                        throw new BadInputException($"The option {assignment[..at]} is given twice.");
                    }
                }

                using var traceFile = parsed.GetValue(trace) is { } path ? Trace(path) : null;
                var request = new GenerationRequest
                {
                    Method = parsed.GetValue(method),
                    Target = parsed.GetValue(target),
                    Drafter = parsed.GetValue(drafter),
                    Verifier = parsed.GetValue(verifier),
                    Loop = parsed.GetValue(loop),
                    Options = options,
                    MaxTokens = parsed.GetValue(maxTokens) ?? 256,
                    Seed = parsed.GetValue(seed),
                    Stops = parsed.GetValue(stop) ?? [],
                    IgnoreEndTokens = parsed.GetValue(ignoreEnd),
                    TopLogProbabilities = parsed.GetValue(logProbabilities),
                    Trace = traceFile,
                };

                bool isJson = parsed.GetValue(format) == OutputFormat.Json;
                if (request.TopLogProbabilities is not null && !isJson)
                {
                    throw new BadInputException("--logprobs are part of the JSON object: add --format json.");
                }

                var (text, ids) = Prompt(parsed.GetValue(prompt), parsed.GetValue(promptFile), parsed.GetValue(promptIds));
                await using var tokenwright = model.LoadHost(parsed);
                using var opened = model.Open(parsed, tokenwright, cancellation);
                var generation = text is null ? opened.Generate(ids, request) : opened.Generate(text, request);
                using var output = new RunOutput(isJson, opened.Model);
                bool isCancelled = false;
                try
                {
                    await foreach (var chunk in generation.WithCancellation(cancellation).ConfigureAwait(false))
                    {
                        output.Write(chunk);
                    }
                }
                catch (OperationCanceledException) when (generation.HasResult)
                {
                    isCancelled = true;
                }

                output.Finish(generation.Result);
                if (generation.Result.FinishReason == FinishReason.Length && ConstraintOptions.Any(options.ContainsKey))
                {
                    Talk.Warning("The budget of tokens ended the text, which may not be whole; --close ends it in time.");
                }

                foreach (var diagnostic in generation.Result.Diagnostics)
                {
                    Talk.Warning(diagnostic.ToString());
                }

                if (parsed.GetValue(stats))
                {
                    StatisticsTable.Write(generation.Result);
                }

                return isCancelled ? ExitCode.Cancelled : ExitCode.Done;
            }
        );
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
            (null, not null, null) => (ReadText(file), null),
            (null, null, not null) => (null, Ids("--prompt-ids", ids)),
            _ => throw new BadInputException("Give one prompt: a text, --prompt-file or --prompt-ids."),
        };

    private static string ReadText(string file)
    {
        if (!File.Exists(file))
        {
            throw new BadInputException($"There is no prompt file '{file}'.");
        }

        try
        {
            // A byte-order mark is no part of the text.
            var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true);
            using var reader = new StreamReader(file, strict, detectEncodingFromByteOrderMarks: false);
            return reader.ReadToEnd();
        }
        catch (DecoderFallbackException)
        {
            throw new BadInputException($"--prompt-file {file}: is not UTF-8 text. Convert it first.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"--prompt-file {file}: cannot be read: {error.Message}");
        }
    }

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
