using System.Globalization;
using Tokenwright.Conformance;
using Tokenwright.Models;
using Tokenwright.Models.Builder;
using Tokenwright.Plugins.Standard;
using Tokenwright.Tests.Models.Runtime;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Drafting;

/// <summary>
/// On real weights every drafter under agree writes what plain decoding writes, greedy and from a seed, but at near-ties: at most one in
/// 30,000 tokens, and each would be gone if a logit moved by 0.001. Sampled here; the long tier runs all prompts, and SmolLM2 too.
/// </summary>
[Collection("Reference models")]
public sealed class IdentityTests(ReferenceModels models, ITestOutputHelper output)
{
    // With 4 bits another kernel multiplies several rows than multiplies one, and rounds what it multiplies by, too.
    private const float RoundedTie = 0.5f;

    private const string Heading = """
        ## Texts equal plain decoding (agree, at most 128 tokens)

        | model | drafter | nodes | pick | texts | tokens | near-ties | tokens per pass |
        |---|---|---|---|---|---|---|---|
        """;

    private const string RoundedHeading = """
        ## With 4-bit weights, texts that part from plain decoding's (agree, at most 128 tokens)

        | model | drafter | nodes | pick | texts | tokens | texts that part | tokens per pass |
        |---|---|---|---|---|---|---|---|
        """;

    private static readonly string[] Names =
    [
        "prompt-lookup",
        "token-recycling",
        "suffix",
        "aded",
        "combined",
        "combined all",
        "draft-model",
    ];

    private static readonly double[] Temperatures = [0.3, 0.7, 1, 1.5];

    // Plain texts by model, pick and prompt: every drafter is compared with the same ones.
    private static readonly Dictionary<(ICausalModel, bool, int), IReadOnlyList<int>> Known = [];

    public static MatrixTheoryData<string, string, bool> Cases() => new(Names, ["16", "auto"], [true, false]);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task The_reference_target_writes_the_same(string drafter, string nodes, bool isGreedy) =>
        Same(
            models.Target,
            models.Draft,
            LongTier.IsOn ? ReferencePrompts() : Prompts.Golden()[..3],
            LongTier.IsOn ? 128 : 64,
            drafter,
            nodes,
            isGreedy
        );

    [Theory]
    [MemberData(nameof(Cases))]
    public Task SmolLm2_writes_the_same(string drafter, string nodes, bool isGreedy)
    {
        LongTier.Only();
        var model = models.SmolLm2;
        int[][] all = Prompts.Chat(model);
        int[][] spread = [.. Enumerable.Range(0, 40).Select(i => all[i * all.Length / 40])];
        return Same(model, models.SmolLm2Draft, spread, 128, drafter, nodes, isGreedy);
    }

    /// <summary>Nothing is promised but that a text parts only where two tokens are close; how often is reported.</summary>
    [Theory]
    [InlineData("prompt-lookup")]
    [InlineData("token-recycling")]
    [InlineData("suffix")]
    [InlineData("combined")]
    public async Task With_4_bit_weights_texts_part_only_where_two_tokens_are_close(string drafter)
    {
        using var rounded = models.Open("target", new GraphOptions { Precision = WeightPrecision.Int4 });
        await Same(
            rounded,
            models.Draft,
            LongTier.IsOn ? ReferencePrompts() : Prompts.Golden()[..3],
            LongTier.IsOn ? 128 : 64,
            drafter,
            "16",
            isGreedy: true,
            isRounded: true
        );
    }

    // 200: the golden ones, the shared ones, and second halves of the longest of these.
    private static int[][] ReferencePrompts()
    {
        int[][] whole = [.. Prompts.Golden(), .. Prompts.Reference()];
        return
        [
            .. whole,
            .. whole
                .OrderByDescending(prompt => prompt.Length)
                .Take(200 - whole.Length)
                .Select(prompt => prompt[(prompt.Length / 2)..]),
        ];
    }

    private async Task Same(
        LanguageModel model,
        LanguageModel draft,
        int[][] prompts,
        int length,
        string drafter,
        string nodes,
        bool isGreedy,
        bool isRounded = false
    )
    {
        var cancellation = TestContext.Current.CancellationToken;
        var stores = new SharedStores();
        var source = new OneModel(draft.Model);
        var profile = await model.ProfileAsync(cancellation);
        int parted = 0;
        int tokens = 0;
        int steps = 0;
        for (int i = 0; i < prompts.Length; i++)
        {
            int[] prompt = prompts[i];
            int number = i;
            Request Plainly() => Plain(model.Model, prompt, length, new KeyedRandomness((ulong)number), Shape(number, isGreedy));
            if (!Known.TryGetValue((model.Model, isGreedy, i), out var plain))
            {
                plain = (await Run.TextAsync(Plainly(), cancellation)).Tokens;
                Known.Add((model.Model, isGreedy, i), plain);
            }

            var request = Plainly() with { Models = source, Profile = profile };
            var drafted = await Run.TextAsync(
                request.With(
                    drafter,
                    stores,
                    NodeCount.TryParse(nodes, out var count) ? count : throw new FormatException(nodes)
                ),
                cancellation
            );
            tokens += drafted.Tokens.Count;
            steps += drafted.Statistics.Steps;

            int same = plain.ToArray().AsSpan().CommonPrefixLength(drafted.Tokens.ToArray());
            if (same < plain.Count || same < drafted.Tokens.Count)
            {
                parted++;
                (await NearTies.IsOneAsync(Plainly(), same, drafted.Tokens[same], isRounded ? RoundedTie : NearTies.Bound))
                    .Should()
                    .BeTrue("prompt {0} parts at token {1}, where plain decoding is sure", i, same);
            }
        }

        LongTier.Report(
            output,
            isRounded ? RoundedHeading : Heading,
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {model.Model.Info.Name} | {drafter} | {nodes} | {(isGreedy ? "greedy" : "sampled")} | {prompts.Length} | {tokens} | {parted} | {(double)tokens / steps:0.00} |"
            )
        );
        if (!isRounded)
        {
            parted.Should().BeLessThanOrEqualTo(NearTies.Most(tokens));
        }
    }

    // Greedy texts have penalties in every fourth; sampled ones go through the temperatures, each with cuts and with penalties.
    private static ILogitsProcessor[] Shape(int number, bool isGreedy)
    {
        ILogitsProcessor[] penalties =
        [
            new RepetitionPenalty { Penalty = 1.1 },
            new FrequencyPenalty { Penalty = 0.2 },
            new PresencePenalty { Penalty = 0.1 },
        ];
        if (isGreedy)
        {
            return number % 4 == 3 ? [new Temperature(), .. penalties] : [new Temperature()];
        }

        var temperature = new Temperature { Value = Temperatures[number / 2 % Temperatures.Length] };
        return number % 2 == 0
            ? [temperature, new TopKCut { Value = 40 }, new TopPCut { Value = 0.95 }]
            : [temperature, .. penalties];
    }
}
