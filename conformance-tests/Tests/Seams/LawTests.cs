using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Seams;

/// <summary>Exact laws by enumeration: whatever drafts and verifies, the text has the law of plain sampling.</summary>
public class LawTests
{
    private static readonly int[] Prompt = [1, 0];
    private static readonly TableModel Draft = TableModel.Random(3, 1, seed: 12);

    public static TheoryData<string, string, int> Cases()
    {
        var cases = new TheoryData<string, string, int>();
        foreach (string shape in Shapes)
        {
            cases.Add(shape, "agree, nothing", 4);
            cases.Add(shape, "agree, tree", 4);
            cases.Add(shape, "agree, hidden", 4);
            cases.Add(shape, "token, chain", 5);
            cases.Add(shape, "block, chain", 4);
            cases.Add(shape, "rejection, without replacement", 4);
        }

        foreach (string shape in new[] { "plain", "hot", "all" })
        {
            cases.Add(shape, "agree, without replacement", 4);
            cases.Add(shape, "agree, chain", 4);
            cases.Add(shape, "agree, same noise", 4);
            cases.Add(shape, "rejection, independent", 4);
            cases.Add(shape, "rejection, chain", 4);
            cases.Add(shape, "overlapped", 4);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task TextHasTheLawOfPlainSampling(string shape, string parts, int count)
    {
        var model = TableModel.Random(3, 2, seed: 5);
        var expected = await TargetLawAsync(model, Prompt, count, Shape(shape));

        var law = LawOf(
            randomness => Make(parts, Plain(model, Prompt, count, randomness, Shape(shape))),
            allowSharedPicks: parts.Contains("noise")
        );

        TestContext.Current.TestOutputHelper!.WriteLine($"{law.Runs} runs");
        law.Mass.Should().BeApproximately(1, 1e-12);
        law.TotalVariation(expected).Should().BeLessThan(1e-9);
        model.OpenSequences.Should().Be(0);
    }

    [Fact]
    public async Task EveryTableHasTheLawOfPlainSampling()
    {
        for (int seed = 0; seed < 8; seed++)
        {
            var model = TableModel.Random(3, 2, seed, spread: 0.5 + seed * 0.3);
            var expected = await TargetLawAsync(model, Prompt, 4, []);
            foreach (
                string parts in new[]
                {
                    "token, chain",
                    "rejection, without replacement",
                    "rejection, independent",
                    "agree, tree",
                }
            )
            {
                LawOf(r => Make(parts, Plain(model, Prompt, 4, r))).TotalVariation(expected).Should().BeLessThan(1e-9, parts);
            }
        }
    }

    [Fact]
    public async Task EndTokensAndMinimumLengthKeepTheLaw()
    {
        var model = TableModel.Random(3, 2, seed: 8, ends: [2]);
        var expected = await TargetLawAsync(model, Prompt, 4, Shape("min-tokens"));
        foreach (string parts in new[] { "agree, tree", "token, chain", "rejection, without replacement", "overlapped" })
        {
            var law = LawOf(r => Make(parts, Plain(model, Prompt, 4, r, Shape("min-tokens"))));
            law.TotalVariation(expected).Should().BeLessThan(1e-9, parts);
        }
    }

    [Fact]
    public async Task AConstraintKeepsTheLawThatItShapes()
    {
        var model = TableModel.Random(4, 2, seed: 3, ends: [3]);
        var draft = TableModel.Random(4, 1, seed: 4, ends: [3]);
        var expected = await TargetLawAsync(model, Prompt, 4, [], new BracketConstraint());
        foreach (string parts in new[] { "agree, tree", "token, chain", "rejection, without replacement" })
        {
            var law = LawOf(r => Make(parts, Plain(model, Prompt, 4, r) with { Constraint = new BracketConstraint() }, draft));
            law.TotalVariation(expected).Should().BeLessThan(1e-9, parts);
        }
    }

    [Fact]
    public async Task ALongerRunHasTheSameFirstTokens()
    {
        var model = TableModel.Random(3, 1, seed: 21);
        var expected = await TargetLawAsync(model, Prompt, 2, []);

        var law = LawOf(r => Make("token, chain", Plain(model, Prompt, 4, r)));

        law.First(2).TotalVariation(expected).Should().BeLessThan(1e-9);
    }

    [Theory]
    [InlineData("draft keyed by position")]
    [InlineData("draft with the target's noise")]
    [InlineData("draws of a node share a key")]
    public void ASharedDrawIsReported(string mutant)
    {
        var model = TableModel.Random(3, 2, seed: 5);

        var law = () => LawOf(r => Break(mutant, Plain(model, Prompt, 4, r)));

        law.Should().Throw<ContractViolationException>();
    }

    private static Request Break(string mutant, Request plain)
    {
        var models = new OneModel(Draft);
        var chain = plain with { Models = models, Drafter = new SampledDrafter(ProposalModes.Independent, 1, 2) };
        var siblings = plain with { Models = models, Drafter = new SampledDrafter(ProposalModes.WithoutReplacement, 2, 1) };
        return mutant switch
        {
            "draft keyed by position" => chain with
            {
                Verifier = new Token(),
                Drafter = new SampledDrafter(
                    ProposalModes.Independent,
                    1,
                    2,
                    (context, _, depth, _) => DrawKey.InRound(0, DrawStream.Draft, context.Committed.Length + depth)
                ),
            },
            "draft with the target's noise" => chain with
            {
                Verifier = new Token(),
                Drafter = new SampledDrafter(
                    ProposalModes.Independent,
                    1,
                    2,
                    (context, _, depth, _) => DrawKey.At(0, context.Committed.Length + depth)
                ),
            },
            "draws of a node share a key" => siblings with
            {
                Verifier = new RecursiveRejection(),
                Drafter = new SampledDrafter(
                    ProposalModes.WithoutReplacement,
                    2,
                    1,
                    (context, node, _, _) => DrawKey.InRound(0, DrawStream.Draft, context.Committed.Length, node)
                ),
            },
            _ => throw new ArgumentException(mutant),
        };
    }

    private static Request Make(string parts, Request plain, ICausalModel? draft = null) =>
        Recipes.Make(parts, plain, draft ?? Draft);
}
