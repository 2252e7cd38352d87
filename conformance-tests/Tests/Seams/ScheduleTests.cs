using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;
using static Tokenwright.Tests.Seams.Recipes;

namespace Tokenwright.Tests.Seams;

/// <summary>Seams that are no drafters: other targets, other schedules, other loops.</summary>
public class ScheduleTests
{
    private static readonly int[] Prompt = [3, 1, 4];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void BeamsFindTheTextThatANaiveSearchFinds(int width)
    {
        var model = TableModel.Random(5, 2, seed: 3);
        var request = Plain(model, Prompt, 8, new KeyedRandomness(0)) with { Loop = new BeamLoop(width) };

        var text = Run.Text(request);

        text.Tokens.Should().Equal(NaiveBeams(model, width, 8));
        text.Steps.Should().Equal(8);
        model.Forwards.Should().Be(8);
        model.OpenSequences.Should().Be(0);
    }

    [Fact]
    public async Task TwoStreamsHaveTheLawOfTheirContrast()
    {
        const float Strength = 0.6f;
        var inner = TableModel.Random(3, 2, seed: 9);
        var model = new TwoStreams(Strength).Decorate(inner);
        var shape = new ShapeChain([], null, model.Info);
        var expected = Law.OfTarget(Contrast, model.Info, shape, [1, 0], 3);
        var draft = TableModel.Random(3, 1, seed: 12);

        foreach (
            string parts in new[]
            {
                "agree, nothing",
                "agree, tree",
                "token, chain",
                "rejection, without replacement",
                "overlapped",
            }
        )
        {
            LawOf(r => Make(parts, Plain(model, [1, 0], 3, r), draft)).TotalVariation(expected).Should().BeLessThan(1e-9, parts);
        }

        inner.OpenSequences.Should().Be(0);
        var hidden = async () =>
            await Run.TextAsync(Make("agree, hidden", Plain(model, [1, 0], 3, new KeyedRandomness(0)), draft));
        await hidden.Should().ThrowAsync<NotSupportedException>().WithMessage("*HiddenStates*");

        float[] Contrast(int[] tokens)
        {
            var plain = inner.Logits(tokens);
            var other = inner.Logits([.. tokens.Select(t => (t + 1) % 3)]);
            var mixed = new float[3];
            for (int i = 0; i < 3; i++)
            {
                mixed[i] = (1 + Strength) * plain[i] - Strength * other[i];
            }

            return mixed;
        }
    }

    [Fact]
    public async Task WhatAModelLacksIsRefusedBeforeTheFirstToken()
    {
        var model = TableModel.Random(5, 2, seed: 3, capabilities: Capabilities.Rewind);

        var tree = async () => await Run.TextAsync(Make("agree, tree", Plain(model, Prompt, 8, new KeyedRandomness(0)), model));
        var mode = async () =>
            await Run.TextAsync(
                Make("agree, tree", Plain(TableModel.Random(5, 2, 3), Prompt, 8, new KeyedRandomness(0)), model) with
                {
                    Verifier = new Token(),
                }
            );

        await tree.Should().ThrowAsync<NotSupportedException>().WithMessage("*TreeDrafter needs Tree*");
        await mode.Should().ThrowAsync<NotSupportedException>().WithMessage("*proposes Deterministic*");
        model.Forwards.Should().Be(0);
    }

    [Fact]
    public void ChainsNeedNoTree()
    {
        var model = TableModel.Random(5, 2, seed: 3, capabilities: Capabilities.Rewind);

        foreach (string parts in new[] { "agree, chain", "token, chain", "overlapped" })
        {
            Run.Text(Make(parts, Plain(model, Prompt, 20, new KeyedRandomness(0)), model)).Tokens.Should().HaveCount(20);
        }
    }

    private static int[] NaiveBeams(TableModel model, int width, int count)
    {
        var beams = new List<(int[] Output, double Score)> { ([], 0) };
        for (int i = 0; i < count; i++)
        {
            var candidates = new List<(int[] Output, double Score)>();
            foreach (var (output, score) in beams)
            {
                var logits = model.Logits([.. Prompt, .. output]).ToArray();
                double normaliser = Math.Log(logits.Sum(l => Math.Exp(l)));
                candidates.AddRange(logits.Select((l, t) => (output.Append(t).ToArray(), score + l - normaliser)));
            }

            beams = [.. candidates.OrderByDescending(c => c.Score).Take(width)];
        }

        return beams[0].Output;
    }
}
