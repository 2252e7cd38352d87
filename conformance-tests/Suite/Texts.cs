using Tokenwright.Plugins.Standard;

namespace Tokenwright.Conformance;

/// <summary>Requests over table models, their laws, and sets of processors by name.</summary>
public static class Texts
{
    /// <summary>A plain request: no drafter, agree, draft-then-verify.</summary>
    public static Request Plain(
        ICausalModel model,
        int[] prompt,
        int maxTokens,
        IRandomness randomness,
        params IReadOnlyList<ILogitsProcessor> processors
    ) =>
        new()
        {
            Model = model,
            Loop = new DraftThenVerify(),
            Verifier = new Agree(),
            Randomness = randomness,
            Prompt = prompt,
            MaxTokens = maxTokens,
            Processors = processors,
        };

    /// <summary>The law of a request by enumeration.</summary>
    public static Law LawOf(Func<IRandomness, Request> request, bool allowSharedPicks = false) =>
        Law.Of(randomness => Run.Text(request(randomness)).Tokens, allowSharedPicks: allowSharedPicks);

    /// <summary>The law that plain sampling has by definition.</summary>
    public static async Task<Law> TargetLawAsync(
        TableModel model,
        int[] prompt,
        int count,
        IReadOnlyList<ILogitsProcessor> processors,
        ITokenConstraint? constraint = null
    )
    {
        foreach (var processor in processors)
        {
            await processor.PrepareAsync(new PartContext { Target = model });
        }

        return Law.OfTarget(model, Run.Shape(model, processors, constraint), prompt, count);
    }

    /// <summary>Named sets of processors.</summary>
    public static IReadOnlyList<ILogitsProcessor> Shape(string name) =>
        name switch
        {
            "plain" => [],
            "greedy" => [new Temperature()],
            "temperature" => [new Temperature { Value = 0.7 }],
            "hot" => [new Temperature { Value = 1.5 }],
            "cold" => [new Temperature { Value = 0.3 }],
            "top-k" => [new TopKCut { Value = 2 }],
            "top-p" => [new Temperature { Value = 1.5 }, new TopPCut { Value = 0.8 }],
            "min-p" => [new MinPCut { Value = 0.2 }],
            "typical" => [new TypicalCut { Value = 0.6 }],
            "repetition" => [new RepetitionPenalty { Penalty = 1.7 }],
            "frequency" => [new FrequencyPenalty { Penalty = 0.9 }],
            "presence" => [new PresencePenalty { Penalty = 1.3 }],
            "bias" => [new LogitBias { Bias = ["0:0.5", "2:-1"] }],
            "min-tokens" => [new MinTokens { Count = 2 }],
            "all" =>
            [
                new TopPCut { Value = 0.95 },
                new TopKCut { Value = 3 },
                new Temperature { Value = 1.2 },
                new RepetitionPenalty { Penalty = 1.2 },
                new FrequencyPenalty { Penalty = 0.4 },
                new PresencePenalty { Penalty = 0.3 },
                new LogitBias { Bias = ["1:0.7"] },
                new MinPCut { Value = 0.02 },
                new TypicalCut { Value = 0.97 },
            ],
            _ => throw new ArgumentException(name),
        };

    /// <summary>The names that <see cref="Shape"/> knows, but for those that need end tokens.</summary>
    public static IReadOnlyList<string> Shapes { get; } =
    [
        "plain",
        "greedy",
        "temperature",
        "hot",
        "cold",
        "top-k",
        "top-p",
        "min-p",
        "typical",
        "repetition",
        "frequency",
        "presence",
        "bias",
        "all",
    ];
}
