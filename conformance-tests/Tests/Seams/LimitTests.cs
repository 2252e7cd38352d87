using System.Text;
using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;
using static Tokenwright.Tests.Seams.Recipes;

namespace Tokenwright.Tests.Seams;

/// <summary>Budgets, ends and stop strings hold exactly, wherever inside a kept path they fall.</summary>
public class LimitTests
{
    private const string PerfectTree = "agree, tree";
    private static readonly int[] Prompt = [3, 1, 4];

    [Theory]
    [InlineData(PerfectTree)]
    [InlineData("agree, hidden")]
    [InlineData("token, chain")]
    [InlineData("rejection, without replacement")]
    [InlineData("overlapped")]
    public void ABudgetIsNeverOvershot(string parts)
    {
        var model = TableModel.Random(6, 2, seed: 1);
        for (int budget = 1; budget <= 12; budget++)
        {
            var text = Run.Text(Make(parts, Plain(model, Prompt, budget, new KeyedRandomness(1)), model));

            text.Tokens.Should().HaveCount(budget);
            text.Reason.Should().Be(FinishReason.Length);
            text.Statistics.Tokens.Should().Be(budget);
        }
    }

    [Theory]
    [InlineData(PerfectTree)]
    [InlineData("agree, without replacement")]
    [InlineData("rejection, without replacement")]
    [InlineData("overlapped")]
    public void TheContextIsNeverOvershot(string parts)
    {
        for (int context = 4; context <= 14; context++)
        {
            // The table itself throws when more rows than the context holds are fed, those of a draft included.
            var model = TableModel.Random(6, 2, seed: 1, context: context);
            var text = Run.Text(Make(parts, Plain(model, Prompt, int.MaxValue, new KeyedRandomness(1)), model));

            text.Tokens.Should().HaveCount(context - 3);
            text.Reason.Should().Be(FinishReason.Length);
            model.OpenSequences.Should().Be(0);
        }
    }

    [Theory]
    [InlineData(PerfectTree)]
    [InlineData("overlapped")]
    public void AnEndTokenCutsAKeptPathAtEveryOffset(string parts)
    {
        // A counter: token t is followed by t + 1, and the end token moves through the kept paths.
        for (int end = 5; end <= 12; end++)
        {
            var model = Counter(vocabulary: 16, ends: [end]);
            var text = Run.Text(Make(parts, Plain(model, Prompt, 40, new KeyedRandomness(1), new Temperature()), model));

            text.Tokens.Should().Equal(Enumerable.Range(5, end - 4));
            text.Reason.Should().Be(FinishReason.Stop);
            text.LogProbabilities.Should().BeEmpty();
        }
    }

    [Fact]
    public void EndTokensMayBeIgnored()
    {
        var model = Counter(vocabulary: 8, ends: [6]);
        var request = Make(PerfectTree, Plain(model, Prompt, 6, new KeyedRandomness(1), new Temperature()), model);

        Run.Text(request with { IgnoreEndTokens = true }).Tokens.Should().Equal(5, 6, 7, 0, 1, 2);
    }

    [Theory]
    [InlineData(PerfectTree)]
    [InlineData("overlapped")]
    public void AStopStringCutsAKeptPathAtEveryOffset(string parts)
    {
        for (int last = 6; last <= 12; last++)
        {
            var model = Counter(vocabulary: 16);
            string stop = $"{(char)('a' + last - 1)}{(char)('a' + last)}";
            var request = Make(parts, Plain(model, Prompt, 40, new KeyedRandomness(1), new Temperature()), model);
            var text = Run.Text(request with { Stops = [stop], Vocabulary = new Letters() });

            text.Tokens.Should().Equal(Enumerable.Range(5, last - 4));
            text.Reason.Should().Be(FinishReason.Stop);
        }
    }

    [Fact]
    public void LogProbabilitiesAreThoseOfThePlainText()
    {
        var model = TableModel.Random(6, 2, seed: 1);
        IReadOnlyList<ILogitsProcessor> Shape() =>
            [new Temperature { Value = 0.7 }, new TopKCut { Value = 4 }, new RepetitionPenalty { Penalty = 1.3 }];
        foreach (string parts in new[] { "agree, nothing", PerfectTree, "agree, hidden", "overlapped" })
        {
            var request = Make(parts, Plain(model, Prompt, 20, new KeyedRandomness(1), Shape()), model);
            var text = Run.Text(request with { TopLogProbabilities = 2 });
            var chain = Run.Shape(model, request.Processors);
            var row = chain.CreateDistribution();
            int[] tokens = [.. Prompt, .. text.Tokens];

            text.LogProbabilities.Select(l => l.Token).Should().Equal(text.Tokens);
            for (int i = 0; i < text.Tokens.Count; i++)
            {
                var before = tokens.AsSpan(0, Prompt.Length + i);
                var raw = model.Logits(before);
                chain.Apply(new TokenPath(before, Prompt.Length, []), new ShapeState[chain.StateCount], raw, row);
                var seen = text.LogProbabilities[i];
                seen.Raw.Should().BeApproximately(raw[seen.Token] - Nucleus.LogSumExp(raw), 1e-12);
                seen.Shaped.Should().BeApproximately(row.LogProbability(seen.Token), 1e-12);
                seen.Top.Should().HaveCount(2);
                seen.Top[0].Token.Should().Be(TopK.ArgMax(raw));
                seen.Top[1].Shaped.Should().Be(row.LogProbability(seen.Top[1].Token));
            }
        }
    }

    [Fact]
    public void AConstraintIsNeverViolated()
    {
        foreach (
            string parts in new[]
            {
                "agree, nothing",
                PerfectTree,
                "agree, without replacement",
                "token, chain",
                "rejection, without replacement",
            }
        )
        {
            for (ulong seed = 0; seed < 20; seed++)
            {
                var model = TableModel.Random(4, 2, seed: (int)seed, ends: [3]);
                var draft = TableModel.Random(4, 1, seed: 99, ends: [3]);
                var request = Make(
                    parts,
                    Plain(model, [2], 40, new KeyedRandomness(seed), new Temperature { Value = 1.5 }),
                    draft
                );
                var text = Run.Text(request with { Constraint = new BracketConstraint() });

                int depth = 0;
                foreach (int token in text.Tokens)
                {
                    depth +=
                        token == 0 ? 1
                        : token == 1 ? -1
                        : 0;
                    depth.Should().BeInRange(0, 3);
                    (token == 3 && depth > 0).Should().BeFalse();
                }
            }
        }
    }

    [Theory]
    [InlineData("agree, nothing")]
    [InlineData(PerfectTree)]
    [InlineData("overlapped")]
    public async Task CancellingEndsWithinAStep(string parts)
    {
        var model = TableModel.Random(6, 2, seed: 1);
        using var source = new CancellationTokenSource();
        var request = Make(parts, Plain(model, Prompt, 40, new KeyedRandomness(1)), TableModel.Random(6, 2, seed: 1));
        model.Forwarding = () =>
        {
            if (model.Forwards == 3)
            {
                source.Cancel();
            }
        };

        var run = async () => await Run.TextAsync(request, source.Token);

        await run.Should().ThrowAsync<OperationCanceledException>();
        model.Forwards.Should().Be(3);
        model.OpenSequences.Should().Be(0);
    }

    [Fact]
    public void ALongPromptIsFedInParts()
    {
        var model = TableModel.Random(6, 2, seed: 1, context: 1400);
        int[] prompt = [.. Enumerable.Range(0, 1200).Select(i => i * 7 % 6)];

        var text = Run.Text(Make(PerfectTree, Plain(model, prompt, 30, new KeyedRandomness(1)), model));

        text.Tokens.Should().Equal(Run.Text(Plain(model, prompt, 30, new KeyedRandomness(1))).Tokens);
    }

    private static TableModel Counter(int vocabulary, params int[] ends)
    {
        var table = new float[vocabulary + 1][];
        for (int last = 0; last <= vocabulary; last++)
        {
            table[last] = new float[vocabulary];
            table[last][(last + 1) % vocabulary] = 5;
        }

        return new TableModel(table, order: 1) { EndTokens = ends };
    }

    private sealed class Letters : IVocabulary
    {
        private static readonly byte[] Bytes = Encoding.ASCII.GetBytes("abcdefghijklmnopqrstuvwxyz");

        public int Size => 26;

        ReadOnlySpan<byte> IVocabulary.Bytes(int id) => Bytes.AsSpan(id, 1);

        public bool IsSpecial(int id) => false;
    }
}
