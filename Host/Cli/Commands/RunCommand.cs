using System.CommandLine;
using System.Globalization;
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
    ];

    public static Command Create()
    {
        var prompt = new Argument<string?>("prompt") { Description = "The text to continue.", Arity = ArgumentArity.ZeroOrOne };
        var promptFile = new Option<FileInfo?>("--prompt-file") { Description = "Takes the prompt from a file of UTF-8 text." };
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
        var maxTokens = new Option<int>("--max-tokens")
        {
            Description = "The most tokens to generate.",
            DefaultValueFactory = _ => 256,
        };
        var seed = new Option<ulong?>("--seed") { Description = "Seed of every random choice; a fresh one if not given." };
        var stop = new Option<string[]>("--stop") { Description = "Ends the text before this string. May be repeated." };
        var ignoreEnd = new Option<bool>("--ignore-end") { Description = "Goes on after end tokens." };
        var logProbabilities = new Option<int?>("--logprobs")
        {
            Description = "Reports log-probabilities with this many alternatives (with --format json).",
        };
        var format = new Option<OutputFormat>("--format")
        {
            Description = "text streams the text; json prints one object at the end.",
        };
        var stats = new Option<bool>("--stats") { Description = "Prints statistics to stderr." };
        var parts = PartOptions.Select(o => new Option<string?>("--" + o.Name) { Description = o.Help }).ToArray();

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
                    .. parts,
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

                var request = new GenerationRequest
                {
                    Method = parsed.GetValue(method),
                    Target = parsed.GetValue(target),
                    Drafter = parsed.GetValue(drafter),
                    Verifier = parsed.GetValue(verifier),
                    Loop = parsed.GetValue(loop),
                    Options = options,
                    MaxTokens = parsed.GetValue(maxTokens),
                    Seed = parsed.GetValue(seed),
                    Stops = parsed.GetValue(stop) ?? [],
                    IgnoreEndTokens = parsed.GetValue(ignoreEnd),
                    TopLogProbabilities = parsed.GetValue(logProbabilities),
                };

                await using var tokenwright = model.LoadHost(parsed);
                using var opened = model.Open(parsed, tokenwright);
                var generation = Prompt(parsed.GetValue(prompt), parsed.GetValue(promptFile), parsed.GetValue(promptIds)) switch
                {
                    string text => opened.Generate(text, request),
                    int[] ids => opened.Generate(ids, request),
                    _ => throw new BadInputException("Give one prompt: a text, --prompt-file or --prompt-ids."),
                };
                bool isJson = parsed.GetValue(format) == OutputFormat.Json;
                using var output = new RunOutput(isJson, opened.Info.Name);
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
                if (parsed.GetValue(stats))
                {
                    StatisticsTable.Write(generation.Result);
                }

                return isCancelled ? ExitCode.Cancelled : ExitCode.Done;
            }
        );
    }

    private static object? Prompt(string? text, FileInfo? file, string? ids)
    {
        if ((text is null ? 0 : 1) + (file is null ? 0 : 1) + (ids is null ? 0 : 1) != 1)
        {
            return null;
        }

        if (file is not null)
        {
            return file.Exists
                ? File.ReadAllText(file.FullName)
                : throw new BadInputException($"There is no prompt file {file.FullName}.");
        }

        return text ?? (object)Ids("--prompt-ids", ids!);
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
