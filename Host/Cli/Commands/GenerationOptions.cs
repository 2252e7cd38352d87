using System.CommandLine;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands;

/// <summary>The options by which every command says how a text is to be generated.</summary>
internal sealed class GenerationOptions
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
        ("min-tokens", "Suppresses end tokens until this many tokens, unless nothing else can follow."),
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

    private static readonly string[] Constraints = ["json", "json-schema", "regex", "choices", "tools"];

    private readonly Option<string?> _method = new("--method")
    {
        Description = "The decoding method; default: sampling if --temperature is above 0, else greedy.",
    };
    private readonly Option<string?> _target = new("--target")
    {
        Description = "Another target decorator than the method's; none for no decorator.",
    };
    private readonly Option<string?> _drafter = new("--drafter")
    {
        Description = "Another drafter than the method's; none for no drafter.",
    };
    private readonly Option<string?> _verifier = new("--verifier") { Description = "Another verifier than the method's." };
    private readonly Option<string?> _loop = new("--loop") { Description = "Another loop than the method's." };
    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Sets any option of a part: KEY=VALUE. May be repeated.",
    };
    private readonly NumberOption<int> _maxTokens = new("--max-tokens", 1, int.MaxValue);
    private readonly NumberOption<ulong> _seed = new("--seed", 0, ulong.MaxValue)
    {
        Description = "Seed of every random choice; a fresh one if not given.",
    };
    private readonly Option<string[]> _stop = new("--stop")
    {
        Description = "Ends the text before this string. May be repeated.",
    };
    private readonly Option<bool> _stats = new("--stats") { Description = "Prints statistics to stderr." };
    private readonly Option<string?>[] _parts =
    [
        .. PartOptions.Select(o => new Option<string?>("--" + o.Name) { Description = o.Help }),
    ];
    private readonly Option<bool>[] _switches =
    [
        .. PartSwitches.Select(o => new Option<bool>("--" + o.Name) { Description = o.Help }),
    ];
    private readonly int _defaultMaxTokens;

    /// <param name="defaultMaxTokens">The most tokens where --max-tokens is not given.</param>
    public GenerationOptions(int defaultMaxTokens)
    {
        _defaultMaxTokens = defaultMaxTokens;
        _maxTokens.Description = $"The most tokens to generate; default: {defaultMaxTokens}.";
    }

    public void AddTo(Command command)
    {
        foreach (
            Option option in (Option[])
                [_method, _target, _drafter, _verifier, _loop, _set, _maxTokens, _seed, _stop, _stats, .. _parts, .. _switches]
        )
        {
            command.Add(option);
        }
    }

    /// <summary>Whether statistics are wanted.</summary>
    public bool Stats(ParseResult parsed) => parsed.GetValue(_stats);

    /// <summary>Whether the text must keep to a constraint.</summary>
    public static bool IsConstrained(GenerationRequest request) => Constraints.Any(request.Options.ContainsKey);

    /// <summary>What the options ask for.</summary>
    /// <exception cref="BadInputException">A --set is malformed, or an option is given twice.</exception>
    public GenerationRequest Request(ParseResult parsed)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < _parts.Length; i++)
        {
            if (parsed.GetValue(_parts[i]) is { } value)
            {
                options.Add(PartOptions[i].Name, value);
            }
        }

        for (int i = 0; i < _switches.Length; i++)
        {
            if (parsed.GetValue(_switches[i]))
            {
                options.Add(PartSwitches[i].Name, "true");
            }
        }

        foreach (string assignment in parsed.GetValue(_set) ?? [])
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

        return new GenerationRequest
        {
            Method = parsed.GetValue(_method),
            Target = parsed.GetValue(_target),
            Drafter = parsed.GetValue(_drafter),
            Verifier = parsed.GetValue(_verifier),
            Loop = parsed.GetValue(_loop),
            Options = options,
            MaxTokens = parsed.GetValue(_maxTokens) ?? _defaultMaxTokens,
            Seed = parsed.GetValue(_seed),
            Stops = parsed.GetValue(_stop) ?? [],
        };
    }
}
