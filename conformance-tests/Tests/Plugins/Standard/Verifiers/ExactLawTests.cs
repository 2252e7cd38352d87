using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Standard.Verifiers;

/// <summary>The joint law of several rounds by enumeration, against plain sampling.</summary>
public class ExactLawTests
{
    private static readonly int[] Prompt = [1, 0];

    public static TheoryData<string, string, string> Cases()
    {
        var cases = new TheoryData<string, string, string>();
        foreach (string target in new[] { "full", "zeros" })
        {
            foreach (string draft in new[] { "same shape", "hot", "cold", "zeros", "cut", "greedy" })
            {
                foreach (string rule in new[] { "token", "block", "rrsw", "rrsw chain", "rrsw independent", "adaptive block" })
                {
                    cases.Add(target, draft, rule);
                }
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task TextHasTheLawOfPlainSampling(string target, string draft, string rule)
    {
        var model = Table(3, seed: 5, zeros: target == "zeros");
        foreach (string shape in new[] { "plain", "top-p", "repetition" })
        {
            var expected = await TargetLawAsync(model, Prompt, 4, Shape(shape));

            var law = LawOf(r => With(rule, draft, shape, Plain(model, Prompt, 4, r, Shape(shape))));

            law.Mass.Should().BeApproximately(1, 1e-12);
            law.TotalVariation(expected).Should().BeLessThan(1e-9, shape);
        }
    }

    [Theory]
    [InlineData("token")]
    [InlineData("block")]
    [InlineData("adaptive block")]
    [InlineData("rrsw chain")]
    public async Task LongChainsOfFourTokensKeepTheLaw(string rule)
    {
        var model = Table(2, seed: 4, zeros: false);
        var expected = await TargetLawAsync(model, Prompt, 6, Shape("frequency"));

        var law = LawOf(r => With(rule, "hot", "frequency", Plain(model, Prompt, 6, r, Shape("frequency")), depth: 4));

        law.TotalVariation(expected).Should().BeLessThan(1e-9);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("block")]
    [InlineData("rrsw")]
    public async Task EndTokensEndTheTextInsideADraft(string rule)
    {
        var model = TableModel.Random(3, 2, seed: 8, ends: [2]);
        var expected = await TargetLawAsync(model, Prompt, 4, Shape("min-tokens"));

        var law = LawOf(r => With(rule, "hot", "plain", Plain(model, Prompt, 4, r, Shape("min-tokens"))));

        law.TotalVariation(expected).Should().BeLessThan(1e-9);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("block")]
    [InlineData("rrsw")]
    public async Task ADraftThatKnowsNoConstraintKeepsTheConstrainedLaw(string rule)
    {
        // The constraint throws when it is led beyond a token that it forbids.
        var model = TableModel.Random(4, 2, seed: 3, ends: [3]);
        var expected = await TargetLawAsync(model, Prompt, 3, [], new BracketConstraint());

        var law = LawOf(r =>
            With(rule, "hot", "plain", Plain(model, Prompt, 3, r) with { Constraint = new BracketConstraint() })
        );

        law.TotalVariation(expected).Should().BeLessThan(1e-9);
    }

    [Theory]
    [InlineData("token", Mutation.AcceptsTooMuch)]
    [InlineData("token", Mutation.ResidualMissing)]
    [InlineData("token", Mutation.BonusUnshaped)]
    [InlineData("block", Mutation.AcceptsTooMuch)]
    [InlineData("block", Mutation.ResidualMissing)]
    [InlineData("block", Mutation.BonusUnshaped)]
    [InlineData("block", Mutation.BreaksAtFirstReject)]
    [InlineData("rrsw", Mutation.AcceptsTooMuch)]
    [InlineData("rrsw", Mutation.ResidualMissing)]
    [InlineData("rrsw", Mutation.BonusUnshaped)]
    [InlineData("rrsw", Mutation.ChildrenSorted)]
    [InlineData("rrsw", Mutation.QNotRenormalised)]
    [InlineData("rrsw", Mutation.WithReplacement)]
    public async Task ABrokenRuleFailsAndTheSameRuleUnbrokenDoesNot(string rule, Mutation mutation)
    {
        var model = Table(3, seed: 5, zeros: false);
        var expected = await TargetLawAsync(model, Prompt, 4, Shape("temperature"));

        Naive(Mutation.None).TotalVariation(expected).Should().BeLessThan(1e-9);
        Naive(mutation).TotalVariation(expected).Should().BeGreaterThan(1e-3);

        Law Naive(Mutation with) =>
            LawOf(r =>
                With(rule, "hot", "temperature", Plain(model, Prompt, 4, r, Shape("temperature"))) with
                {
                    Verifier = rule switch
                    {
                        "token" => new NaiveToken(with),
                        "block" => new NaiveBlock(with),
                        _ => new NaiveRejection(with),
                    },
                }
            );
    }

    [Fact]
    public void DeterministicChildrenAreRefused()
    {
        IVerifier[] rules = [new Token(), new Block(), new RecursiveRejection()];
        foreach (var rule in rules)
        {
            (rule.Accepts & ProposalModes.Deterministic).Should().Be(ProposalModes.None);

            var lying = () =>
                Run.Text(
                    Plain(Table(3, 1, false), Prompt, 4, new KeyedRandomness(0)) with
                    {
                        Verifier = rule,
                        Drafter = new Liar(),
                    }
                );
            lying.Should().Throw<InvalidOperationException>().WithMessage("*deterministic*");
        }
    }

    /// <summary>A table of order 2, with impossible tokens if asked.</summary>
    internal static TableModel Table(int vocabulary, int seed, bool zeros)
    {
        var random = new Random(seed);
        var table = new float[(vocabulary + 1) * (vocabulary + 1)][];
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = [.. Enumerable.Range(0, vocabulary).Select(_ => (float)(4 * random.NextDouble() - 2))];
            if (zeros && i % 2 == 0)
            {
                table[i][i % vocabulary] = float.NegativeInfinity;
            }
        }

        return new TableModel(table, order: 2);
    }

    private static Request With(string rule, string draft, string shape, Request plain, int depth = 2)
    {
        int vocabulary = plain.Model.Info.VocabularySize;
        var table = Table(vocabulary, seed: 12, zeros: draft == "zeros");
        var processors = draft switch
        {
            "same shape" => Shape(shape),
            "hot" => Shape("hot"),
            "cold" => Shape("cold"),
            "cut" => Shape("top-k"),
            "greedy" => Shape("greedy"),
            _ => [],
        };
        foreach (var processor in processors)
        {
            processor.PrepareAsync(new PartContext { Target = plain.Model }).AsTask().Wait();
        }

        int[] chain = [.. Enumerable.Repeat(1, depth)];
        TableDrafter Draft(ProposalModes mode, int[] widths, double confidence = 0) =>
            new(table, mode, widths) { Processors = processors, Confidence = confidence };
        return rule switch
        {
            "token" => plain with { Verifier = new Token(), Drafter = Draft(ProposalModes.Independent, chain) },
            "block" => plain with { Verifier = new Block(), Drafter = Draft(ProposalModes.Independent, chain) },
            "adaptive block" => plain with
            {
                Verifier = new Block(),
                Drafter = Draft(ProposalModes.Independent, [.. chain, 1], confidence: 0.4),
            },
            "rrsw" => plain with
            {
                Verifier = new RecursiveRejection(),
                Drafter = Draft(ProposalModes.WithoutReplacement, [2, 1]),
            },
            "rrsw chain" => plain with
            {
                Verifier = new RecursiveRejection(),
                Drafter = Draft(ProposalModes.WithoutReplacement, chain),
            },
            "rrsw independent" => plain with
            {
                Verifier = new RecursiveRejection(),
                Drafter = Draft(ProposalModes.Independent, [2, 1]),
            },
            _ => throw new ArgumentException(rule),
        };
    }

    private sealed class Liar : IDrafter
    {
        public ProposalModes Proposes => ProposalModes.Independent;

        public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
        {
            tree.Add(0, 1);
            return default;
        }
    }
}
