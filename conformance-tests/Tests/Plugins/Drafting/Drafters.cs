using Tokenwright.Conformance;
using Tokenwright.Plugins.Aded;
using Tokenwright.Plugins.Combined;
using Tokenwright.Plugins.DraftModel;
using Tokenwright.Plugins.PromptLookup;
using Tokenwright.Plugins.Standard;
using Tokenwright.Plugins.Suffix;
using Tokenwright.Plugins.TokenRecycling;

namespace Tokenwright.Tests.Plugins.Drafting;

/// <summary>Drafters by short names (<see cref="Names"/>: those that need no second model), fresh for each text; what they share is in the request's stores.</summary>
internal static class Drafters
{
    public static readonly string[] Names =
    [
        "prompt-lookup",
        "prompt-lookup hf",
        "prompt-lookup pld",
        "prompt-lookup vllm",
        "token-recycling",
        "token-recycling chain",
        "token-recycling small",
        "suffix",
        "suffix chain",
        "aded",
        "aded mcts",
        "aded paper",
        "combined",
        "combined all",
    ];

    public static IDrafter Make(string name, NodeCount? nodes = null) =>
        name switch
        {
            "prompt-lookup" => new PromptLookupDrafter { Nodes = nodes ?? 10 },
            "prompt-lookup hf" => new PromptLookupDrafter { Dialect = LookupDialect.Hf, Nodes = nodes ?? 10 },
            "prompt-lookup pld" => new PromptLookupDrafter
            {
                Dialect = LookupDialect.Pld,
                Nodes = nodes ?? 10,
                Length = 3,
            },
            "prompt-lookup vllm" => new PromptLookupDrafter
            {
                Dialect = LookupDialect.Vllm,
                MinMatch = 1,
                Nodes = nodes ?? 10,
            },
            "token-recycling" => new TokenRecyclingDrafter { Nodes = nodes ?? 80 },
            "token-recycling decode" => new TokenRecyclingDrafter { Nodes = nodes ?? 80, UsesPromptRows = false },
            "token-recycling chain" => new TokenRecyclingDrafter { Nodes = nodes ?? 4, Branches = false },
            "token-recycling small" => new TokenRecyclingDrafter { Nodes = nodes ?? 12, UsesPromptRows = false },
            "suffix" => new SuffixDrafter { Nodes = nodes ?? 32 },
            "suffix chain" => new SuffixDrafter { Nodes = nodes ?? 8, Branches = false },
            "aded" => new AdedDrafter { Nodes = nodes ?? 24 },
            "aded mcts" => new AdedDrafter { Nodes = nodes ?? 24, Search = AdedSearch.Mcts },
            "aded paper" => new AdedDrafter
            {
                Nodes = nodes ?? 24,
                Search = AdedSearch.Mcts,
                PaperCompat = true,
            },
            "combined" => Combine(nodes ?? 32, "suffix", "token-recycling"),
            "combined all" => Combine(nodes ?? 32, "prompt-lookup", "suffix", "token-recycling", "aded"),
            "draft-model" => new DraftModelDrafter { Nodes = nodes ?? 4 },
            "forced" => new Forced(),
            _ => throw new ArgumentException(name),
        };

    public static CombinedDrafter Combine(NodeCount nodes, params string[] names) =>
        new()
        {
            Nodes = nodes,
            DrafterIds = names,
            Drafters = [.. names.Select(name => Make(name, nodes))],
        };

    public static Request With(this Request plain, string name, SharedStores? stores = null, NodeCount? nodes = null) =>
        plain with
        {
            Drafter = Make(name, nodes),
            Stores = stores ?? plain.Stores,
        };
}
