using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Standard.Verifiers;

/// <summary>How many tokens a round commits: exact figures, and the order of the rules.</summary>
public class KeptTests
{
    private const ProposalModes Independent = ProposalModes.Independent;
    private const ProposalModes Without = ProposalModes.WithoutReplacement;
    private static readonly TableModel P = Constant(0.5, 0.3, 0.2);
    private static readonly TableModel Q = Constant(0.2, 0.3, 0.5);
    private static readonly TableModel ToyP = Constant(1 / 3.0, 2 / 3.0);
    private static readonly TableModel ToyQ = Constant(2 / 3.0, 1 / 3.0);

    public static TheoryData<string, ProposalModes, int[], double, double[]> Figures() =>
        new()
        {
            { "token", Independent, [1, 1], 2.190, [.30, .21, .49] },
            { "token", Independent, [1, 1, 1], 2.533, [.30, .21, .147, .343] },
            { "block", Independent, [1, 1], 2.250, [.30, .15, .55] },
            { "block", Independent, [1, 1, 1], 2.695, [.30, .15, .105, .445] },
            { "agree", Independent, [1, 1], 1.3741, [.71, .2059, .0841] },
            { "rrsw", Independent, [2], 1.760, [] },
            { "rrsw", Independent, [2, 1], 2.292, [] },
            { "rrsw", Independent, [2, 2], 2.3376, [] },
            { "rrsw", Without, [2], 1.820, [] },
            { "rrsw", Without, [2, 1], 2.394, [] },
            { "rrsw", Without, [2, 2], 2.4924, [] },
            { "rrsw", Without, [1, 1], 2.190, [.30, .21, .49] },
        };

    [Theory]
    [MemberData(nameof(Figures))]
    public void ARoundCommitsTheKnownNumberOfTokens(
        string rule,
        ProposalModes mode,
        int[] widths,
        double tokens,
        double[] lengths
    )
    {
        var law = Lengths(rule, P, Q, mode, widths);

        Mean(law).Should().BeApproximately(tokens, 1e-6);
        for (int i = 0; i < lengths.Length; i++)
        {
            law.Probability(i + 1).Should().BeApproximately(lengths[i], 1e-6);
        }
    }

    [Theory]
    [InlineData("token", 2, 10 / 9.0)]
    [InlineData("block", 2, 11 / 9.0)]
    [InlineData("agree", 2, 0.6420)]
    [InlineData("token", 3, 1.4074)]
    [InlineData("block", 3, 1.6667)]
    [InlineData("agree", 3, 0.7298)]
    public void ARoundKeepsThePublishedNumberOfDrafts(string rule, int length, double kept) =>
        (Mean(Lengths(rule, ToyP, ToyQ, Independent, [.. Enumerable.Repeat(1, length)])) - 1)
            .Should()
            .BeApproximately(kept, 5e-5);

    [Fact]
    public void BlockNeverKeepsLessThanToken()
    {
        double gained = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            var p = TableModel.Random(3, 1, seed, spread: 1 + seed % 3);
            var q = TableModel.Random(3, 1, 100 + seed, spread: 1);

            double block = Mean(Lengths("block", p, q, Independent, [1, 1, 1]));
            double token = Mean(Lengths("token", p, q, Independent, [1, 1, 1]));

            block.Should().BeGreaterThanOrEqualTo(token - 1e-12, $"table {seed}");
            gained += block - token;
        }

        gained.Should().BeGreaterThan(0.5);
    }

    [Fact]
    public void WithoutReplacementKeepsAtLeastAsMuchAsIndependentSiblings()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var p = TableModel.Random(3, 1, seed, spread: 1 + seed % 3);
            var q = TableModel.Random(3, 1, 100 + seed, spread: 1);

            Mean(Lengths("rrsw", p, q, Without, [2, 1]))
                .Should()
                .BeGreaterThanOrEqualTo(Mean(Lengths("rrsw", p, q, Independent, [2, 1])) - 1e-12, $"table {seed}");
        }
    }

    [Theory]
    [InlineData("token")]
    [InlineData("block")]
    [InlineData("rrsw")]
    public void APerfectDraftIsKeptWhole(string rule) =>
        Lengths(rule, P, P, rule == "rrsw" ? Without : Independent, [1, 1, 1]).Probability(4).Should().BeApproximately(1, 1e-6);

    [Theory]
    [InlineData("token", new[] { 1, 1, 1 }, Independent)]
    [InlineData("block", new[] { 1, 1, 1 }, Independent)]
    [InlineData("rrsw", new[] { 1, 1, 1 }, Without)]
    [InlineData("rrsw", new[] { 3, 2 }, Without)]
    [InlineData("rrsw", new[] { 3, 2 }, Independent)]
    public void AtTemperatureZeroEveryRuleKeepsWhatAgreeKeeps(string rule, int[] widths, ProposalModes mode)
    {
        var model = TableModel.Random(12, 2, seed: 1);
        var draft = TableModel.Random(12, 1, seed: 2);
        foreach (string shape in new[] { "greedy", "penalised" })
        {
            for (ulong seed = 0; seed < 20; seed++)
            {
                Text Of(IVerifier verifier) =>
                    Run.Text(
                        Plain(
                            model,
                            [3, 1],
                            40,
                            new KeyedRandomness(seed),
                            shape == "greedy" ? [new Temperature()] : [new Temperature(), new FrequencyPenalty { Penalty = 0.5 }]
                        ) with
                        {
                            Verifier = verifier,
                            Drafter = new TableDrafter(draft, mode, widths),
                        }
                    );
                var agreed = Of(new Agree());
                var ruled = Of(Rule(rule));

                ruled.Tokens.Should().Equal(agreed.Tokens);
                ruled.Steps.Should().Equal(agreed.Steps);
            }
        }
    }

    [Theory]
    [InlineData("token", false)]
    [InlineData("block", false)]
    [InlineData("rrsw", false)]
    [InlineData("token", true)]
    [InlineData("block", true)]
    [InlineData("rrsw", true)]
    public void AWarmVerificationAllocatesNothing(string rule, bool cut)
    {
        var model = TableModel.Random(64, 1, seed: 1, context: 4096);
        var draft = TableModel.Random(64, 1, seed: 2);
        var measured = new Measured(Rule(rule));

        Run.Text(
            Plain(
                model,
                [1, 2],
                1500,
                new KeyedRandomness(1),
                cut ? [new TopKCut { Value = 20 }, new TopPCut { Value = 0.9 }] : []
            ) with
            {
                Verifier = measured,
                Drafter = new TableDrafter(draft, rule == "rrsw" ? Without : Independent, rule == "rrsw" ? [3, 2] : [1, 1, 1])
                {
                    Processors = cut ? [new TopKCut { Value = 30 }] : [],
                },
            }
        );

        measured.Steps.Should().BeGreaterThan(400);
        measured.Bytes.Should().Be(0);
    }

    internal static IVerifier Rule(string rule) =>
        rule switch
        {
            "token" => new Token(),
            "block" => new Block(),
            "rrsw" => new RecursiveRejection(),
            _ => new Agree(),
        };

    // The law of the number of tokens that the first drafted round commits.
    private static Law Lengths(string rule, TableModel p, TableModel q, ProposalModes mode, int[] widths) =>
        Law.Of(r =>
        {
            var request = Plain(p, [0], widths.Length + 2, r) with
            {
                Verifier = Rule(rule),
                Drafter = new TableDrafter(q, mode, widths),
            };
            return [Run.Text(request).Steps[1]];
        });

    private static double Mean(Law law) => law.Probabilities.Sum(l => int.Parse(l.Key) * l.Value);

    private static TableModel Constant(params double[] probabilities) =>
        new(
            [
                [.. probabilities.Select(p => (float)Math.Log(p))],
            ],
            order: 0
        );

    private sealed class Measured(IVerifier rule) : IVerifier
    {
        public int Steps { get; private set; }

        public long Bytes { get; private set; }

        public ProposalModes Accepts => rule.Accepts;

        public void Verify(Verification verification)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            rule.Verify(verification);
            if (++Steps > 200)
            {
                Bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }
    }
}
