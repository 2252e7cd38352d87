namespace Tokenwright.Tests;

public class KeyedRandomnessTests
{
    private static readonly int[] Sizes = [1, 2, 3, 7, 8, 15, 16, 17, 63, 64, 65, 511, 512, 513, 1000, 4097, 32_000, 200_000];

    /// <summary>The plain definition: the lowest id among the greatest logit + noise in float64.</summary>
    private static int PickByDefinition(KeyedRandomness random, DrawKey key, int[]? ids, double[] logits)
    {
        var best = double.NegativeInfinity;
        var bestId = int.MaxValue;
        for (var i = 0; i < logits.Length; i++)
        {
            var id = ids?[i] ?? i;
            if (double.IsNegativeInfinity(logits[i]))
            {
                continue;
            }
            var score = logits[i] + random.Noise(key, id);
            if (score > best || (score == best && id < bestId))
            {
                best = score;
                bestId = id;
            }
        }
        return bestId;
    }

    private static float[] Row(string kind, int length, Random random) =>
        kind switch
        {
            "flat" => Enumerable.Repeat(1.5f, length).ToArray(),
            "normal" => Enumerable.Range(0, length).Select(_ => 3 * Normal(random)).ToArray(),
            "peaked" => Enumerable.Range(0, length).Select(i => i == length / 2 ? 30f : Normal(random)).ToArray(),
            "masked" => Enumerable
                .Range(0, length)
                .Select(i => i != length - 1 && random.Next(50) != 0 ? float.NegativeInfinity : Normal(random))
                .ToArray(),
            "tied" => Enumerable.Range(0, length).Select(_ => (float)random.Next(4)).ToArray(),
            "rising" => Enumerable.Range(0, length).Select(i => 20f * i / length).ToArray(),
            "falling" => Enumerable.Range(0, length).Select(i => -20f * i / length).ToArray(),
            "huge" => Enumerable.Range(0, length).Select(_ => 1e30f * Normal(random)).ToArray(),
            "far" => Enumerable.Range(0, length).Select(_ => -20_000 + Normal(random)).ToArray(),
            "least" => Enumerable.Repeat(float.MinValue, length).ToArray(),
            _ => throw new ArgumentException(kind),
        };

    private static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    [Theory]
    [InlineData("flat")]
    [InlineData("normal")]
    [InlineData("peaked")]
    [InlineData("masked")]
    [InlineData("tied")]
    [InlineData("rising")]
    [InlineData("falling")]
    [InlineData("huge")]
    [InlineData("far")]
    [InlineData("least")]
    public void A_pick_equals_the_plain_definition(string kind)
    {
        var rows = new Random(11);
        foreach (var size in Sizes)
        {
            var logits = Row(kind, size, rows);
            var wide = Array.ConvertAll(logits, logit => (double)logit);
            for (var trial = 0; trial < (size > 10_000 ? 3 : 40); trial++)
            {
                var random = new KeyedRandomness((ulong)trial * 0x9E3779B97F4A7C15);
                var key = DrawKey.At(trial & 1, trial);

                random
                    .Pick(key, logits)
                    .Should()
                    .Be(PickByDefinition(random, key, null, wide), "size {0}, trial {1}", size, trial);
            }
        }
    }

    [Fact]
    public void A_sparse_pick_equals_the_dense_pick_with_the_others_masked()
    {
        var rows = new Random(5);
        foreach (var count in new[] { 1, 2, 7, 8, 9, 40, 600, 3000 })
        {
            for (var trial = 0; trial < 40; trial++)
            {
                var dense = new float[10_000];
                Array.Fill(dense, float.NegativeInfinity);
                var ids = Enumerable.Range(0, dense.Length).ToArray();
                rows.Shuffle(ids);
                ids = ids[..count];
                var logits = ids.Select(_ => 2 * Normal(rows)).ToArray();
                for (var i = 0; i < count; i++)
                {
                    dense[ids[i]] = logits[i];
                }
                var random = new KeyedRandomness((ulong)trial);
                var key = DrawKey.At(0, count);

                random.Pick(key, ids, logits).Should().Be(random.Pick(key, dense));
            }
        }
    }

    [Fact]
    public void Removing_ids_that_did_not_win_changes_nothing()
    {
        var logits = Row("normal", 5000, new Random(2));
        for (var trial = 0; trial < 200; trial++)
        {
            var random = new KeyedRandomness(9);
            var key = DrawKey.At(1, trial);
            var winner = random.Pick(key, logits);
            var ids = Enumerable.Range(0, 5000).Where(id => id == winner || id % 3 == trial % 3).ToArray();

            random.Pick(key, ids, ids.Select(id => logits[id]).ToArray()).Should().Be(winner);
        }
    }

    [Fact]
    public void A_pick_by_weight_equals_the_definition_on_log_weights()
    {
        var rows = new Random(6);
        foreach (var size in Sizes.Where(size => size < 10_000))
        {
            var weights = Enumerable
                .Range(0, size)
                .Select(i => i != 0 && rows.Next(3) == 0 ? 0.0 : Math.Exp(40 * Normal(rows)))
                .ToArray();
            var ids = Enumerable.Range(0, size).Select(i => 7 * (size - i)).ToArray();
            var logs = Array.ConvertAll(weights, Math.Log);
            for (var trial = 0; trial < 20; trial++)
            {
                var random = new KeyedRandomness(77);
                var key = DrawKey.InRound(0, DrawStream.Residual, trial, 2, 3);

                random.Pick(key, [], weights).Should().Be(PickByDefinition(random, key, null, logs));
                random.Pick(key, ids, weights).Should().Be(PickByDefinition(random, key, ids, logs));
            }
        }
    }

    [Fact]
    public void The_smallest_weights_can_still_be_picked()
    {
        new KeyedRandomness(1).Pick(DrawKey.At(0, 0), [], [0.0, double.Epsilon, 0.0]).Should().Be(1);
    }

    [Fact]
    public void Noise_is_finite_and_rising_to_both_ends_of_the_uniform()
    {
        KeyedRandomness.Gumbel(0, 0).Should().BeApproximately(-Math.Log(65 * Math.Log(2)), 1e-12);
        KeyedRandomness.Gumbel(uint.MaxValue, uint.MaxValue).Should().BeApproximately(65 * Math.Log(2), 1e-12);
        var middle = KeyedRandomness.Gumbel(1u << 31, 0);
        KeyedRandomness
            .Gumbel((1u << 31) - 1, uint.MaxValue)
            .Should()
            .BeLessThanOrEqualTo(middle)
            .And.BeApproximately(middle, 1e-12);
        middle.Should().BeApproximately(-Math.Log(Math.Log(2)), 1e-12);

        var last = double.NegativeInfinity;
        for (ulong high = 0; high <= uint.MaxValue; high += 1_000_003)
        {
            var noise = KeyedRandomness.Gumbel((uint)high, 0);
            noise.Should().BeGreaterThan(last);
            last = noise;
        }
    }

    [Fact]
    public void An_empty_support_is_refused()
    {
        var random = new KeyedRandomness(1);
        var empty = new Action[]
        {
            () => random.Pick(default, ReadOnlySpan<float>.Empty),
            () => random.Pick(default, new[] { float.NegativeInfinity, float.NegativeInfinity }),
            () => random.Pick(default, [4], new[] { float.NegativeInfinity }),
            () => random.Pick(default, [], new[] { 0.0, 0.0 }),
        };

        empty.Should().AllSatisfy(pick => pick.Should().Throw<InvalidOperationException>().WithMessage("Nothing to pick from*"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(700)]
    [InlineData(999)]
    public void A_score_that_is_no_number_is_refused_wherever_it_stands(int place)
    {
        var random = new KeyedRandomness(1);
        var logits = new float[1000];
        logits[3] = 100;
        var weights = Enumerable.Repeat(1.0, 1000).ToArray();
        foreach (var bad in new[] { float.NaN, float.PositiveInfinity })
        {
            logits[place] = bad;
            weights[place] = bad;
            FluentActions
                .Invoking(() => random.Pick(default, logits))
                .Should()
                .Throw<ArgumentException>()
                .WithMessage($"*index {place} *");
            FluentActions.Invoking(() => random.Pick(default, [], weights)).Should().Throw<ArgumentException>();
        }
        weights[place] = -0.5;
        FluentActions
            .Invoking(() => random.Pick(default, [], weights))
            .Should()
            .Throw<ArgumentException>()
            .WithMessage("*is -0.5*");
    }

    [Fact]
    public void Ids_without_scores_and_negative_ids_are_refused()
    {
        var random = new KeyedRandomness(1);

        FluentActions.Invoking(() => random.Pick(default, [1, 2], new[] { 0f })).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => random.Pick(default, [1, 2], new[] { 0.0 })).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => random.Pick(default, [-1], new[] { 0f })).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_flip_is_certain_at_the_ends_and_refuses_what_is_no_probability()
    {
        var random = new KeyedRandomness(4);
        for (var i = 0; i < 10_000; i++)
        {
            random.Flip(DrawKey.At(0, i), 0).Should().BeFalse();
            random.Flip(DrawKey.At(0, i), 1).Should().BeTrue();
            random.Flip(DrawKey.At(0, i), double.Epsilon).Should().BeFalse();
            random.Flip(DrawKey.At(0, i), Math.BitDecrement(1)).Should().BeTrue();
        }
        foreach (var bad in new[] { double.NaN, -1e-9, 1 + 1e-9, double.PositiveInfinity })
        {
            FluentActions.Invoking(() => random.Flip(default, bad)).Should().Throw<ArgumentOutOfRangeException>();
        }
    }

    [Fact]
    public void Picks_and_flips_allocate_nothing()
    {
        var random = new KeyedRandomness(4);
        var logits = Row("normal", 5000, new Random(1));
        var weights = Array.ConvertAll(logits, logit => Math.Exp(logit));
        var ids = Enumerable.Range(0, 5000).ToArray();
        long before = 0;
        for (var i = 0; i < 200; i++)
        {
            if (i == 100)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }
            var key = DrawKey.At(0, i);
            random.Pick(key, logits);
            random.Pick(key, ids, logits);
            random.Pick(key, ids, weights);
            random.Flip(key, 0.5);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }
}
