using Tokenwright.Conformance;
using Tokenwright.Plugins.DraftModel;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.DraftModel;

/// <summary>The drafter over table models that play the second model.</summary>
public sealed class DraftModelTests
{
    private static readonly int[] Prompt = [1, 0];

    public static MatrixTheoryData<string, string> Cases() =>
        new(["agree", "token", "block", "rrsw"], ["plain", "all", "greedy", "top-p"]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task TextHasTheLawOfPlainSampling(string rule, string shape)
    {
        var model = TableModel.Random(3, 2, seed: 5);
        var draft = TableModel.Random(3, 1, seed: 12);
        var expected = await TargetLawAsync(model, Prompt, 5, Shape(shape));

        var law = LawOf(
            r => With(rule, Plain(model, Prompt, 5, r, Shape(shape)), draft, nodes: 2),
            allowSharedPicks: rule == "agree"
        );

        law.TotalVariation(expected).Should().BeLessThan(1e-9);
        draft.OpenSequences.Should().Be(0);
    }

    [Theory]
    [InlineData("agree")]
    [InlineData("token")]
    [InlineData("block")]
    public async Task AutoKeepsTheLawThoughItsLengthFollowsTheHistory(string rule)
    {
        var model = TableModel.Random(2, 2, seed: 5);
        var expected = await TargetLawAsync(model, Prompt, 6, []);

        var law = LawOf(
            r => With(rule, Plain(model, Prompt, 6, r), TableModel.Random(2, 1, seed: 12), NodeCount.Auto),
            allowSharedPicks: rule == "agree"
        );

        law.TotalVariation(expected).Should().BeLessThan(1e-9);
    }

    [Theory]
    [InlineData("agree")]
    [InlineData("token")]
    [InlineData("block")]
    [InlineData("rrsw")]
    public async Task AConstraintAndEndTokensKeepTheLaw(string rule)
    {
        var model = TableModel.Random(4, 2, seed: 3, ends: [3]);
        var draft = TableModel.Random(4, 1, seed: 4, ends: [3]);
        var expected = await TargetLawAsync(model, Prompt, 4, [], new BracketConstraint());

        var law = LawOf(
            r => With(rule, Plain(model, Prompt, 4, r) with { Constraint = new BracketConstraint() }, draft, nodes: 3),
            allowSharedPicks: rule == "agree"
        );

        law.TotalVariation(expected).Should().BeLessThan(1e-9);
    }

    [Theory]
    [InlineData("agree", "hot")]
    [InlineData("token", "plain")]
    [InlineData("token", "all")]
    [InlineData("block", "plain")]
    [InlineData("block", "all")]
    public async Task TextsOfManySeedsHaveTheExactLaw(string rule, string shape)
    {
        var model = TableModel.Random(3, 2, seed: 5);
        var draft = TableModel.Random(3, 1, seed: 12);
        var law = await TargetLawAsync(model, Prompt, 5, Shape(shape));
        string[] outputs = [.. law.Probabilities.Keys.Order(StringComparer.Ordinal)];
        var counts = new long[outputs.Length];
        for (ulong seed = 0; seed < 8000; seed++)
        {
            var text = Run.Text(With(rule, Plain(model, Prompt, 5, new KeyedRandomness(seed), Shape(shape)), draft, nodes: 2));
            counts[Array.IndexOf(outputs, string.Join(' ', text.Tokens))]++;
        }

        ChiSquare.Pooled(counts, [.. outputs.Select(o => law.Probabilities[o])]).Should().BeGreaterThan(1e-4);
    }

    [Fact]
    public void TheTextOfASeedStaysTheSameUnderAgree()
    {
        var model = TableModel.Random(12, 2, seed: 1);
        var draft = TableModel.Random(12, 1, seed: 2);
        foreach (double temperature in new[] { 0, 0.3, 0.7, 1, 1.5 })
        {
            foreach (var nodes in new[] { NodeCount.Auto, 0, 1, 5 })
            {
                for (ulong seed = 0; seed < 5; seed++)
                {
                    Request Of() =>
                        Plain(
                            model,
                            [3, 1, 4],
                            60,
                            new KeyedRandomness(seed),
                            new Temperature { Value = temperature },
                            new RepetitionPenalty { Penalty = 1.2 },
                            new TopPCut { Value = 0.9 }
                        );

                    Run.Text(With("agree", Of(), draft, nodes)).Tokens.Should().Equal(Run.Text(Of()).Tokens);
                }
            }
        }
    }

    [Theory]
    [InlineData("agree")]
    [InlineData("token")]
    [InlineData("block")]
    public void ADraftThatIsTheTargetIsKeptWhole(string rule)
    {
        var model = TableModel.Random(12, 2, seed: 1);
        for (ulong seed = 0; seed < 10; seed++)
        {
            var text = Run.Text(With(rule, Plain(model, [3, 1, 4], 41, new KeyedRandomness(seed)), model, nodes: 4));

            // The prompt yields the first token.
            text.Steps.Should().Equal([1, .. Enumerable.Repeat(5, 8)]);
        }
    }

    [Fact]
    public void PickingWithTheTargetsNoiseIsKeptMoreOftenThanSampling()
    {
        long Accepted(Propose propose) =>
            Enumerable
                .Range(0, 20)
                .Sum(seed =>
                    Run.Text(
                        With(
                            "agree",
                            Plain(TableModel.Random(12, 2, 1), [3], 60, new KeyedRandomness((ulong)seed)),
                            TableModel.Random(12, 1, 2),
                            nodes: 3,
                            propose
                        )
                    ).Statistics.Accepted
                );

        Accepted(Propose.Pick).Should().BeGreaterThan(Accepted(Propose.Sample) * 5 / 4);
    }

    [Theory]
    [InlineData("agree")]
    [InlineData("token")]
    [InlineData("block")]
    public void OneForwardPerNodeAndNoRowFedTwiceButRejectedOnesAndRoots(string rule)
    {
        var draft = TableModel.Random(12, 1, seed: 2);

        var text = Run.Text(
            With(rule, Plain(TableModel.Random(12, 2, 1), [3, 1, 4], 60, new KeyedRandomness(3)), draft, nodes: 4)
        );

        var statistics = text.Statistics;
        draft.Forwards.Should().Be((int)statistics.Drafted);

        // Every committed token once, and the drafted ones that were fed and not kept.
        draft.RowsFed.Should().BeLessThanOrEqualTo(3 + 60 + statistics.Drafted - statistics.Accepted);
    }

    [Theory]
    [InlineData("agree", ProposalModes.Deterministic)]
    [InlineData("token", ProposalModes.Independent)]
    [InlineData("block", ProposalModes.Independent)]
    [InlineData("rrsw", ProposalModes.Independent)]
    public void AutoProposesWhatTheVerifierAccepts(string rule, ProposalModes mode)
    {
        var drafter = new DraftModelDrafter();

        drafter.Suit(Rule(rule).Accepts);

        drafter.Proposes.Should().Be(mode);
    }

    [Fact]
    public async Task PicksAreRefusedByARuleThatComparesProbabilities()
    {
        var model = TableModel.Random(3, 2, seed: 5);

        var text = async () =>
            await Run.TextAsync(With("token", Plain(model, Prompt, 5, new KeyedRandomness(0)), model, 2, Propose.Pick));

        await text.Should().ThrowAsync<NotSupportedException>().WithMessage("*proposes Deterministic*");
    }

    [Fact]
    public async Task WhatCannotDraftIsRefusedWithAReason()
    {
        var model = TableModel.Random(3, 2, seed: 5);
        var request = With("agree", Plain(model, Prompt, 5, new KeyedRandomness(0)), TableModel.Random(4, 1, 1), 2);

        var other = async () => await Run.TextAsync(request);
        var none = async () => await Run.TextAsync(request with { Models = null });

        await other.Should().ThrowAsync<InvalidOperationException>().WithMessage("*has 4 tokens and*has 3*draft-model*");
        await none.Should().ThrowAsync<InvalidOperationException>().WithMessage("*second model*");
        model.Forwards.Should().Be(0);
    }

    [Fact]
    public void TheModelIsOpenedByItsName()
    {
        var model = TableModel.Random(3, 2, seed: 5);
        var source = new Named(model, null);

        Run.Text(
            Plain(model, Prompt, 5, new KeyedRandomness(0)) with
            {
                Drafter = new DraftModelDrafter { Model = "small" },
                Models = source,
            }
        );

        source.Asked.Should().Equal("draft small");
    }

    [Fact]
    public void AShorterContextOfTheDraftEndsTheDraftsAndNotTheText()
    {
        var model = TableModel.Random(12, 2, seed: 1);
        var draft = TableModel.Random(12, 2, seed: 1, context: 20);

        var text = Run.Text(With("agree", Plain(model, [3, 1, 4], 50, new KeyedRandomness(0)), draft, nodes: 4));

        text.Tokens.Should().Equal(Run.Text(Plain(model, [3, 1, 4], 50, new KeyedRandomness(0))).Tokens);
        text.Steps.Should().StartWith([1, 5, 5, 5]).And.EndWith([1, 1, 1]);
    }

    [Fact]
    public void ALongPromptIsFedInParts()
    {
        var model = TableModel.Random(12, 2, seed: 1, context: 2048);
        var draft = TableModel.Random(12, 2, seed: 1, context: 2048);
        int[] prompt = [.. Enumerable.Range(0, 1300).Select(i => i % 12)];

        var text = Run.Text(With("agree", Plain(model, prompt, 21, new KeyedRandomness(0)), draft, nodes: 4));

        text.Steps.Should().Equal(1, 5, 5, 5, 5);
        draft.Forwards.Should().Be((int)text.Statistics.Drafted + 2);
    }

    [Fact]
    public void AForwardThatFailsLeavesTheDrafterUsable()
    {
        var model = TableModel.Random(12, 2, seed: 1);
        var draft = TableModel.Random(12, 1, seed: 2);
        var drafter = new DraftModelDrafter { Nodes = 4 };
        int left = 9;
        draft.Forwarding = () =>
        {
            if (left-- == 0)
            {
                throw new TimeoutException();
            }
        };
        var plain = Plain(model, [3, 1, 4], 50, new KeyedRandomness(0));
        var request = plain with { Drafter = new Forgiving(drafter), Models = new OneModel(draft) };

        var text = Run.Text(request);

        text.Tokens.Should().Equal(Run.Text(plain).Tokens);
        left.Should().BeLessThan(-10);
        drafter.Dispose();
    }

    [Fact]
    public void AutoStopsDraftingWhereItDoesNotPayAndDraftsLongWhereItDoes()
    {
        var model = TableModel.Random(12, 2, seed: 1, context: 1024);
        var cheap = Costs(1, 0.05);
        Text Of(ICausalModel draft, ForwardProfile profile) =>
            Run.Text(
                Plain(model, [3, 1, 4], 400, new KeyedRandomness(0)) with
                {
                    Profile = cheap,
                    Drafter = new DraftModelDrafter(),
                    Models = new Named(draft, profile),
                }
            );
        var stranger = TableModel.Random(12, 1, seed: 40, spread: 6, context: 1024);

        var good = Of(model, Costs(0.1, 0.005));
        var bad = Of(stranger, Costs(0.5, 0.005));
        var slow = Of(model, Costs(5, 0.1));

        good.Statistics.TokensPerPass.Should().BeGreaterThan(6);
        slow.Statistics.Drafted.Should().BeLessThan(20);
        double cost = bad.Steps.Count + (0.05 + 0.5) * bad.Statistics.Drafted;
        (cost / 400).Should().BeLessThan(1.05);
        good.Tokens.Should().Equal(bad.Tokens).And.Equal(slow.Tokens);
    }

    [Theory]
    [InlineData("agree", "greedy", "auto")]
    [InlineData("agree", "plain", "4")]
    [InlineData("agree", "all", "auto")]
    [InlineData("token", "plain", "4")]
    [InlineData("token", "all", "auto")]
    [InlineData("block", "all", "4")]
    [InlineData("rrsw", "top-p", "4")]
    public async Task AWarmStepAllocatesNothing(string rule, string shape, string nodes)
    {
        NodeCount.TryParse(nodes, out var count).Should().BeTrue();
        var model = TableModel.Random(64, 1, seed: 1, context: 24000);
        var request = With(rule, Plain(model, [1, 2, 3], 23900, new KeyedRandomness(1), Shape(shape)), model, count);
        var generation = await Run.StartAsync(request);
        await using var steps = request
            .Loop.RunAsync(generation, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Advance(400);

        Advance(200).Should().Be(0);

        long Advance(int more)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < more; i++)
            {
                var moved = steps.MoveNextAsync();
                if (!moved.IsCompletedSuccessfully || !moved.Result)
                {
                    throw new InvalidOperationException("The text ended, or a step did not complete at once.");
                }
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static Request With(
        string rule,
        Request plain,
        ICausalModel draft,
        NodeCount nodes,
        Propose propose = Propose.Auto
    ) =>
        plain with
        {
            Verifier = Rule(rule),
            Drafter = new DraftModelDrafter { Nodes = nodes, Propose = propose },
            Models = new OneModel(draft),
        };

    private static IVerifier Rule(string rule) =>
        rule switch
        {
            "token" => new Token(),
            "block" => new Block(),
            "rrsw" => new RecursiveRejection(),
            _ => new Agree(),
        };

    private static ForwardProfile Costs(double first, double further) =>
        new(
            [16],
            [1, 64],
            [
                [first, first + 63 * further],
            ]
        );

    private sealed class Named(ICausalModel model, ForwardProfile? profile) : IModelSource
    {
        public List<string> Asked { get; } = [];

        public ValueTask<ICausalModel> OpenAsync(string role, string? name, CancellationToken cancellation = default)
        {
            Asked.Add($"{role} {name}");
            return new(model);
        }

        public ValueTask<ForwardProfile?> ProfileAsync(ICausalModel model, CancellationToken cancellation = default) =>
            new(profile);
    }

    // Takes a failed draft for a plain step.
    private sealed class Forgiving(IDrafter inner) : IDrafter
    {
        public ProposalModes Proposes => inner.Proposes;

        public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
            inner.PrepareAsync(context, cancellation);

        public async ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
        {
            try
            {
                await inner.DraftAsync(context, tree, cancellation);
            }
            catch (TimeoutException) { }
        }
    }
}
