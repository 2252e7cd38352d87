using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;
using static Tokenwright.Tests.Seams.Recipes;

namespace Tokenwright.Tests.Seams;

/// <summary>The text of a seed does not depend on how many tokens a step commits, on the batch, or on what drafts.</summary>
public class SeedTests
{
    private static readonly int[] Prompt = [3, 1, 4];
    private static readonly TableModel Model = TableModel.Random(12, 2, seed: 1);

    // Half the target, so that some drafts are kept and some are not.
    private static readonly TableModel Draft = TableModel.Random(12, 1, seed: 2);

    public static MatrixTheoryData<double, string> Cases() => new([0, 0.3, 0.7, 1, 1.5], Parts);

    private static readonly string[] Parts =
    [
        "agree, tree",
        "agree, hidden",
        "agree, chain",
        "agree, without replacement",
        "agree, same noise",
        "overlapped",
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void ADraftDoesNotChangeTheText(double temperature, string parts)
    {
        foreach (string cuts in new[] { "none", "cuts", "penalties", "both" })
        {
            for (ulong seed = 0; seed < 5; seed++)
            {
                IReadOnlyList<ILogitsProcessor> Shape() => Shaped(temperature, cuts);
                var plain = Run.Text(Plain(Model, Prompt, 40, new KeyedRandomness(seed), Shape()));

                var drafted = Run.Text(Make(parts, Plain(Model, Prompt, 40, new KeyedRandomness(seed), Shape()), Draft));
                var perfect = Run.Text(Make(parts, Plain(Model, Prompt, 40, new KeyedRandomness(seed), Shape()), Model));

                drafted.Tokens.Should().Equal(plain.Tokens);
                perfect.Tokens.Should().Equal(plain.Tokens);
                plain.Tokens.Should().HaveCount(40);
                drafted.Steps.Sum().Should().Be(40);
            }
        }
    }

    [Theory]
    [InlineData("agree, tree")]
    [InlineData("overlapped")]
    public void APerfectGreedyDraftIsKept(string parts)
    {
        var text = Run.Text(Make(parts, Plain(Model, Prompt, 40, new KeyedRandomness(0), new Temperature()), Model));

        text.Statistics.TokensPerPass.Should().BeGreaterThan(2);
        text.Statistics.Accepted.Should().Be(40 - text.Statistics.Steps);
        text.Tokens.Should().Equal(Run.Text(Plain(Model, Prompt, 40, new KeyedRandomness(0), new Temperature())).Tokens);
    }

    [Fact]
    public void ADraftWithTheTargetsNoiseIsKeptMoreOften()
    {
        int Accepted(string parts) =>
            Enumerable
                .Range(0, 20)
                .Sum(s =>
                    (int)Run.Text(Make(parts, Plain(Model, Prompt, 40, new KeyedRandomness((ulong)s)), Draft)).Statistics.Accepted
                );

        Accepted("agree, same noise").Should().BeGreaterThan(Accepted("agree, chain"));
    }

    [Fact]
    public async Task ForwardsThatCompleteLaterGiveTheSameText()
    {
        var later = TableModel.Random(12, 2, seed: 1);
        later.CompletesLater = true;
        foreach (string parts in Parts)
        {
            var request = Make(parts, Plain(later, Prompt, 40, new KeyedRandomness(7)), Draft);
            var text = await Run.TextAsync(request, TestContext.Current.CancellationToken);
            text.Tokens.Should().Equal(Run.Text(Plain(Model, Prompt, 40, new KeyedRandomness(7))).Tokens, parts);
            later.OpenSequences.Should().Be(0);
        }
    }

    [Fact]
    public void TheOverlappedLoopKeepsRowsProvisionalOverForwards()
    {
        var loop = new OverlappedLoop(window: 3);

        Run.Text(
            Make("overlapped", Plain(Model, Prompt, 40, new KeyedRandomness(0), new Temperature()), Model) with
            {
                Loop = loop,
            }
        );

        loop.LongestSpan.Should().BeGreaterThan(2);
    }

    [Fact]
    public async Task TwoTextsShareForwardsAndStayThemselves()
    {
        var inner = TableModel.Random(12, 2, seed: 1);
        var batch = new BatchingModel(inner, texts: 2);
        Request Of(ICausalModel model, int index) =>
            Make(
                "agree, tree",
                Plain(model, Prompt, 30 + 10 * index, new KeyedRandomness(5)) with
                {
                    SequenceIndex = index,
                },
                Draft
            );
        Text[] alone = [Run.Text(Of(Model, 0)), Run.Text(Of(Model, 1))];

        var together = await Task.WhenAll(
            Run.TextAsync(Of(batch, 0), TestContext.Current.CancellationToken),
            Run.TextAsync(Of(batch, 1), TestContext.Current.CancellationToken)
        );

        together[0].Tokens.Should().Equal(alone[0].Tokens);
        together[1].Tokens.Should().Equal(alone[1].Tokens);
        alone[0].Tokens.Should().NotEqual(alone[1].Tokens.Take(30));
        inner.Forwards.Should().BeLessThan(alone[0].Statistics.ForwardPasses + alone[1].Statistics.ForwardPasses);
    }

    private static ILogitsProcessor[] Shaped(double temperature, string cuts)
    {
        ILogitsProcessor[] penalties =
        [
            new RepetitionPenalty { Penalty = 1.2 },
            new FrequencyPenalty { Penalty = 0.3 },
            new PresencePenalty { Penalty = -0.4 },
        ];
        ILogitsProcessor[] truncations = [new TopKCut { Value = 6 }, new TopPCut { Value = 0.9 }];
        return
        [
            new Temperature { Value = temperature },
            .. cuts is "penalties" or "both" ? penalties : [],
            .. cuts is "cuts" or "both" ? truncations : [],
        ];
    }
}
