using System.Globalization;
using Tokenwright.Conformance;
using Tokenwright.Models;
using Tokenwright.Plugins.Standard;
using Tokenwright.Tests.Models.Runtime;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Drafting;

/// <summary>Tokens per pass against an independent implementation's: the same prompts and settings, one set of stores over a set.</summary>
[Collection("Reference models")]
public sealed class UsefulnessTests(ReferenceModels models, ITestOutputHelper output)
{
    private const string ReferenceHeading = """
        ## Tokens per pass (rows per pass), reference target, greedy; the prompt's pass left out

        | drafter, nodes | ask | story | prose | code | json | repeat | drafting µs per pass |
        |---|---|---|---|---|---|---|---|
        """;

    private const string SmolLm2Heading = """
        ## Tokens per pass (rows per pass), SmolLM2-135M-Instruct, greedy; the prompt's pass left out

        | drafter, nodes | explain | write | json | code | summarize | edit | drafting µs per pass |
        |---|---|---|---|---|---|---|---|
        """;

    // The independent figures: PyTorch float32, at most 96 new tokens, first 12 prompts of each set.
    public static TheoryData<string, int, double[]?> OnReference =>
        new()
        {
            { "prompt-lookup hf", 10, [1.71, 1.80, 2.76, 2.50, 1.37, 2.06] },
            { "token-recycling decode", 80, [2.76, 2.90, 3.97, 3.38, 2.78, 3.38] },
            { "token-recycling", 80, [2.82, 2.98, 4.17, 3.70, 2.98, 3.73] },
            { "draft-model", 4, [1.80, 1.98, 2.28, 1.77, 3.55, 1.97] },
            { "combined", 80, null },
            { "token-recycling", 16, null },
            { "token-recycling chain", 4, null },
            { "prompt-lookup", 10, null },
            { "suffix", 80, null },
            { "suffix", 16, null },
            { "suffix chain", 8, null },
            { "aded", 64, null },
            { "aded", 16, null },
            { "aded mcts", 64, null },
            { "combined", 16, null },
        };

    // First 5 prompts of each set.
    public static TheoryData<string, int, double[]?> OnSmolLm2 =>
        new()
        {
            { "prompt-lookup hf", 10, [1.09, 1.40, 1.59, 1.35, 1.85, 2.15] },
            { "token-recycling decode", 80, [1.83, 2.17, 2.49, 2.38, 1.88, 2.47] },
            { "token-recycling", 80, [1.88, 2.12, 2.46, 2.29, 2.24, 2.70] },
            { "draft-model", 4, [1.35, 1.65, 1.17, 1.10, 1.30, 1.34] },
            { "token-recycling", 16, null },
            { "suffix", 16, null },
            { "combined", 16, null },
        };

    [Theory]
    [MemberData(nameof(OnReference))]
    public async Task On_the_reference_target_tokens_per_pass_reach_the_independent_figures(
        string name,
        int nodes,
        double[]? expected
    )
    {
        LongTier.Only();
        Reach(expected, await OnReferenceAsync(name, nodes));
    }

    [Theory]
    [MemberData(nameof(OnSmolLm2))]
    public async Task On_SmolLm2_tokens_per_pass_reach_the_independent_figures(string name, int nodes, double[]? expected)
    {
        LongTier.Only();
        string[] sets = ["explain", "write", "json", "code", "summarize", "edit"];
        var model = models.SmolLm2;
        Reach(
            expected,
            await MeasureAsync(model, models.SmolLm2Draft, [.. sets.Select(set => Prompts.Chat(model, set)[..5])], name, nodes)
        );
    }

    [Theory]
    [InlineData(80)]
    [InlineData(16)]
    public async Task A_combination_is_no_worse_than_its_better_part(int nodes)
    {
        LongTier.Only();
        var combined = await OnReferenceAsync("combined", nodes);
        var suffix = await OnReferenceAsync("suffix", nodes);
        var recycling = await OnReferenceAsync("token-recycling", nodes);
        for (int s = 0; s < combined.Count; s++)
        {
            combined[s].Should().BeGreaterThanOrEqualTo(0.98 * Math.Max(suffix[s], recycling[s]), "set {0}", s);
        }
    }

    private static void Reach(double[]? expected, IReadOnlyList<double> figures)
    {
        for (int s = 0; s < expected?.Length; s++)
        {
            figures[s].Should().BeGreaterThan(0.97 * expected[s], "set {0}", s);
        }
    }

    private Task<IReadOnlyList<double>> OnReferenceAsync(string name, int nodes)
    {
        string[] sets = ["ask", "story", "prose", "code", "json", "repeat"];
        return MeasureAsync(
            models.Target,
            models.Draft,
            [.. sets.Select(set => Prompts.Reference(set).Take(12).ToArray())],
            name,
            nodes
        );
    }

    private async Task<IReadOnlyList<double>> MeasureAsync(
        LanguageModel model,
        LanguageModel draft,
        int[][][] sets,
        string name,
        int nodes
    )
    {
        var row = new List<string>();
        var figures = new List<double>();
        double drafting = 0;
        int allSteps = 0;
        var source = new OneModel(draft.Model);
        foreach (int[][] prompts in sets)
        {
            var stores = new SharedStores();
            int tokens = 0;
            int steps = 0;
            long drafted = 0;
            foreach (int[] prompt in prompts)
            {
                var plain = Plain(model.Model, prompt, 96, new KeyedRandomness(0), new Temperature());
                var text = await Run.TextAsync(
                    (plain with { Models = source }).With(name, stores, nodes),
                    TestContext.Current.CancellationToken
                );
                // The pass over the prompt gives the first token, and no drafter can change that.
                tokens += text.Tokens.Count - 1;
                steps += text.Statistics.Steps - 1;
                drafted += text.Statistics.Drafted;
                drafting += text.Statistics.Draft.TotalMicroseconds;
            }

            double perPass = (double)tokens / steps;
            row.Add(string.Create(CultureInfo.InvariantCulture, $"{perPass:0.00} ({1 + (double)drafted / steps:0})"));
            figures.Add(perPass);
            allSteps += steps;
        }

        string heading = model == models.Target ? ReferenceHeading : SmolLm2Heading;
        LongTier.Report(output, heading, $"| {name}, {nodes} | {string.Join(" | ", row)} | {drafting / allSteps:0} |");
        return figures;
    }
}
