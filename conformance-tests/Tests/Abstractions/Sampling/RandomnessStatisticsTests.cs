using Tokenwright.Conformance;

namespace Tokenwright.Tests;

/// <summary>
/// The law and the independence of keyed draws. Seeds are fixed; each check alone would raise a false alarm for one seed in a
/// million. The same checks catch generators that ignore a part of the key.
/// </summary>
public class RandomnessStatisticsTests
{
    private const double FalseAlarm = 1e-6;
    private const int Draws = 200_000;

    private static readonly double[] Uniform = Enumerable.Repeat(1.0, 8).ToArray();

    private static readonly double[][] Laws =
    [
        Uniform,
        [0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.06, 0.04],
        [0.9, 0.05, 0.02, 0.01, 0.01, 0.005, 0.004, 0.001],
        [0.5, 0, 0.25, 0, 0, 0.125, 0.125, 0],
    ];

    private delegate int Picker(int sequence, int position, ulong seed, DrawStream stream);

    private static DrawKey Name(int sequence, int position, DrawStream stream) =>
        stream == DrawStream.Pick ? DrawKey.At(sequence, position) : DrawKey.InRound(sequence, stream, position);

    private static int Honest(int sequence, int position, ulong seed, DrawStream stream) =>
        new KeyedRandomness(seed).Pick(Name(sequence, position, stream), [], Uniform);

    /// <summary>The p-value of a pair of picks being independent, over many positions.</summary>
    private static double Independent(Func<int, int> first, Func<int, int> second)
    {
        var table = new long[64];
        for (var i = 0; i < Draws; i++)
        {
            table[8 * first(i) + second(i)]++;
        }
        return ChiSquare.Independence(table, 8);
    }

    /// <summary>The p-values of all pairs of draws whose names differ in one part.</summary>
    private static Dictionary<string, double> PairsByPart(Picker pick) =>
        new()
        {
            ["position"] = Independent(i => pick(0, 2 * i, 1, DrawStream.Pick), i => pick(0, (2 * i) + 1, 1, DrawStream.Pick)),
            ["distant position"] = Independent(
                i => pick(0, i, 2, DrawStream.Pick),
                i => pick(0, i + (1 << 20), 2, DrawStream.Pick)
            ),
            ["sequence"] = Independent(i => pick(0, i, 3, DrawStream.Pick), i => pick(1, i, 3, DrawStream.Pick)),
            ["stream"] = Independent(i => pick(0, i, 4, DrawStream.Accept), i => pick(0, i, 4, DrawStream.Residual)),
            ["pick and round"] = Independent(i => pick(0, i, 5, DrawStream.Pick), i => pick(0, i, 5, DrawStream.Residual)),
            ["seed"] = Independent(i => pick(0, i, 6, DrawStream.Pick), i => pick(0, i, 7, DrawStream.Pick)),
            ["high half of the seed"] = Independent(
                i => pick(0, i, 8, DrawStream.Pick),
                i => pick(0, i, 8 + (1UL << 32), DrawStream.Pick)
            ),
        };

    public static TheoryData<int> LawNumbers => [0, 1, 2, 3];

    [Theory]
    [MemberData(nameof(LawNumbers))]
    public void Picks_follow_the_weights(int number)
    {
        var law = Laws[number];
        var logits = Array.ConvertAll(law, p => (float)Math.Log(p));
        var random = new KeyedRandomness(42);
        var byWeight = new long[8];
        var byLogit = new long[8];
        for (var i = 0; i < Draws; i++)
        {
            byWeight[random.Pick(DrawKey.InRound(0, DrawStream.Residual, i), [], law)]++;
            byLogit[random.Pick(DrawKey.At(0, i), logits)]++;
        }

        ChiSquare.Fit(byWeight, law).Should().BeGreaterThan(FalseAlarm);
        ChiSquare.Fit(byLogit, law).Should().BeGreaterThan(FalseAlarm);
        ChiSquare.GTest(byLogit, law).Should().BeGreaterThan(FalseAlarm);
        ChiSquare.TotalVariation(byLogit, law).Should().BeLessThan(0.01);
    }

    [Fact]
    public void Picks_from_a_large_vocabulary_follow_the_weights()
    {
        const int vocabulary = 5000;
        var logits = Enumerable.Range(0, vocabulary).Select(id => -1.1f * MathF.Log(1 + id)).ToArray();
        var law = Array.ConvertAll(logits, logit => Math.Exp(logit));
        var random = new KeyedRandomness(43);
        var counts = new long[vocabulary];
        for (var i = 0; i < Draws; i++)
        {
            counts[random.Pick(DrawKey.At(2, i), logits)]++;
        }

        ChiSquare.Pooled(counts, law).Should().BeGreaterThan(FalseAlarm);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.01)]
    [InlineData(0.937)]
    public void Flips_follow_their_probability(double probability)
    {
        var random = new KeyedRandomness(44);
        var counts = new long[2];
        for (var i = 0; i < Draws; i++)
        {
            counts[random.Flip(DrawKey.InRound(0, DrawStream.Accept, i), probability) ? 0 : 1]++;
        }

        ChiSquare.Fit(counts, [probability, 1 - probability]).Should().BeGreaterThan(FalseAlarm);
    }

    [Fact]
    public void A_flip_is_independent_of_a_pick_and_of_a_flip_of_another_node_or_number()
    {
        var random = new KeyedRandomness(45);
        int FlipOf(int i, int node, int draw) => random.Flip(DrawKey.InRound(0, DrawStream.Accept, i, node, draw), 0.5) ? 1 : 0;

        Independent(i => FlipOf(i, 0, 0), i => random.Pick(DrawKey.InRound(0, DrawStream.Accept, i), [], Uniform))
            .Should()
            .BeGreaterThan(FalseAlarm);
        Independent(i => FlipOf(i, 0, 0), i => FlipOf(i, 1, 0)).Should().BeGreaterThan(FalseAlarm);
        Independent(i => FlipOf(i, 0, 0), i => FlipOf(i, 0, 1)).Should().BeGreaterThan(FalseAlarm);
    }

    [Fact]
    public void Draws_whose_names_differ_in_one_part_are_independent()
    {
        PairsByPart(Honest).Should().AllSatisfy(pair => pair.Value.Should().BeGreaterThan(FalseAlarm, pair.Key));
    }

    public static TheoryData<string> Parts =>
        ["position", "distant position", "sequence", "stream", "pick and round", "seed", "high half of the seed"];

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_generator_that_ignores_a_part_of_the_name_is_caught(string part)
    {
        Picker mutant = part switch
        {
            "position" => (sequence, position, seed, stream) => Honest(sequence, position & ~1, seed, stream),
            "distant position" => (sequence, position, seed, stream) => Honest(sequence, position & 0xFFFFF, seed, stream),
            "sequence" => (_, position, seed, stream) => Honest(0, position, seed, stream),
            "stream" => (sequence, position, seed, stream) =>
                Honest(sequence, position, seed, stream == DrawStream.Pick ? stream : DrawStream.Other),
            "pick and round" => (sequence, position, seed, _) => Honest(sequence, position, seed, DrawStream.Pick),
            "seed" => (sequence, position, seed, stream) => Honest(sequence, position, seed & ~1UL, stream),
            _ => (sequence, position, seed, stream) => Honest(sequence, position, (uint)seed, stream),
        };

        PairsByPart(mutant)[part].Should().BeLessThan(FalseAlarm);
    }

    [Fact]
    public void A_generator_that_ignores_the_position_altogether_fails_the_fit()
    {
        var counts = new long[8];
        for (var i = 0; i < Draws; i++)
        {
            counts[Honest(0, 0, 42, DrawStream.Pick)]++;
        }

        ChiSquare.Fit(counts, Uniform).Should().BeLessThan(FalseAlarm);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(1000)]
    public void The_noise_of_neighbouring_ids_is_independent(int distance)
    {
        var random = new KeyedRandomness(46);
        static int Octile(double noise) => Math.Min(7, (int)(8 * Math.Exp(-Math.Exp(-noise))));

        Independent(
                i => Octile(random.Noise(DrawKey.At(0, i >> 10), 2000 + (i & 1023))),
                i => Octile(random.Noise(DrawKey.At(0, i >> 10), 2000 + (i & 1023) + distance))
            )
            .Should()
            .BeGreaterThan(FalseAlarm);
    }

    [Fact]
    public void The_uniform_behind_the_noise_is_uniform_in_the_body_and_in_the_tail_that_picks()
    {
        var random = new KeyedRandomness(47);
        var body = new long[1000];
        // Cell n of the tail counts 2^-(n+1) <= 1 - u < 2^-n; the last one takes the rest.
        var tail = new long[24];
        for (var i = 0; i < 1_000_000; i++)
        {
            var exponential = Math.Exp(-random.Noise(DrawKey.At(1, i >> 12), i & 4095));
            body[Math.Min(999, (int)(1000 * Math.Exp(-exponential)))]++;
            tail[Math.Min(23, (int)-Math.Log2(1 - Math.Exp(-exponential)))]++;
        }

        ChiSquare.Fit(body, Enumerable.Repeat(1.0, 1000).ToArray()).Should().BeGreaterThan(FalseAlarm);
        ChiSquare
            .Pooled(tail, Enumerable.Range(0, 24).Select(n => Math.Pow(2, -Math.Min(n + 1, 23))).ToArray())
            .Should()
            .BeGreaterThan(FalseAlarm);
    }
}
