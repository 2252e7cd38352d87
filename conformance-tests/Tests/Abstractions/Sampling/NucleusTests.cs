namespace Tokenwright.Tests;

public class NucleusTests
{
    private static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    public static TheoryData<string> Kinds => ["flat", "normal", "tied", "masked", "peaked"];

    private static float[] Row(string kind, int length, Random random) =>
        kind switch
        {
            "flat" => new float[length],
            "normal" => Enumerable.Range(0, length).Select(_ => 3 * Normal(random)).ToArray(),
            "tied" => Enumerable.Range(0, length).Select(_ => (float)random.Next(4)).ToArray(),
            "masked" => Enumerable
                .Range(0, length)
                .Select(i => i != length / 3 && random.Next(4) != 0 ? float.NegativeInfinity : Normal(random))
                .ToArray(),
            "peaked" => Enumerable.Range(0, length).Select(i => i == length / 2 ? 25f : Normal(random)).ToArray(),
            _ => throw new ArgumentException(kind),
        };

    private static (int[] Ids, double[] Probabilities) Ordered(float[] logits)
    {
        var ids = TopKTests.ByDefinition(logits);
        var max = logits[ids[0]];
        var weights = ids.Select(id => Math.Exp((double)logits[id] - max)).ToArray();
        var sum = weights.Sum();
        return (ids, weights.Select(weight => weight / sum).ToArray());
    }

    private static int[] LeadingSet(IEnumerable<int> order, Func<int, double> probability, double share)
    {
        var kept = new List<int>();
        double sum = 0;
        foreach (var index in order)
        {
            kept.Add(index);
            sum += probability(index);
            if (sum >= share)
            {
                break;
            }
        }
        return kept.ToArray();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TopP_keeps_the_smallest_leading_set_that_reaches_p(string kind)
    {
        var random = new Random(23);
        foreach (var length in new[] { 1, 5, 100, 3001, 20_011 })
        {
            var logits = Row(kind, length, random);
            var (order, probabilities) = Ordered(logits);
            var sorted = order.Select(id => logits[id]).ToArray();
            foreach (var p in new[] { 1e-9, 0.13713, 0.5003, 0.9012, 0.99913, 1 })
            {
                var expected =
                    p == 1 ? order.Length : LeadingSet(Enumerable.Range(0, order.Length), i => probabilities[i], p).Length;
                var ids = new int[length];
                var values = new float[length];

                Nucleus.TopP(sorted, p).Should().Be(expected);
                Nucleus.TopP(logits, p, ids, values).Should().Be(expected);
                ids.Take(expected).Should().Equal(order.Take(expected));
                values.Take(expected).Should().Equal(sorted.Take(expected));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void MinP_keeps_what_is_likely_enough_beside_the_likeliest(string kind)
    {
        var random = new Random(29);
        foreach (var length in new[] { 1, 5, 100, 3001, 20_011 })
        {
            var logits = Row(kind, length, random);
            var order = TopKTests.ByDefinition(logits);
            var sorted = order.Select(id => logits[id]).ToArray();
            foreach (var minP in new[] { 1e-9, 0.05, 0.3, Math.Exp(-1), 1 })
            {
                var expected = sorted.Count(logit => (double)logit - sorted[0] >= Math.Log(minP));
                var ids = new int[length];
                var values = new float[length];

                Nucleus.MinP(sorted, minP).Should().Be(expected);
                Nucleus.MinP(logits, minP, ids, values).Should().Be(expected);
                ids.Take(expected).Should().Equal(order.Take(expected));
                values.Take(expected).Should().Equal(sorted.Take(expected));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Typical_keeps_the_smallest_set_nearest_to_the_entropy(string kind)
    {
        var random = new Random(31);
        foreach (var length in new[] { 1, 2, 5, 100, 3001 })
        {
            var logits = Row(kind, length, random);
            var (order, probabilities) = Ordered(logits);
            var entropy = -probabilities.Sum(p => p * Math.Log(p));
            foreach (var tau in new[] { 1e-9, 0.2371, 0.5003, 0.9512, 1 })
            {
                // Rounding must not part equal logits, so distances are compared to nine places.
                var byDistance = Enumerable
                    .Range(0, order.Length)
                    .OrderBy(i => Math.Round(Math.Abs(-Math.Log(probabilities[i]) - entropy), 9))
                    .ThenByDescending(i => logits[order[i]])
                    .ThenBy(i => order[i]);
                var expected = (tau == 1 ? byDistance.ToArray() : LeadingSet(byDistance, i => probabilities[i], tau)).Order();
                var ids = new int[length];
                var values = new float[length];

                var count = Nucleus.Typical(logits, tau, ids, values);

                ids.Take(count).Should().Equal(expected.Select(i => order[i]), "{0} tokens, tau {1}", length, tau);
                values.Take(count).Should().Equal(ids.Take(count).Select(id => logits[id]));
            }
        }
    }

    [Fact]
    public void Typical_keeps_the_lowest_ids_of_a_cut_run_on_either_side_of_the_entropy()
    {
        // One token of probability 1/4 lies far below the entropy, a run of twelve of 1/16 close above it.
        float[] above = [0, .. Enumerable.Repeat((float)Math.Log(1.0 / 4), 12)];
        var ids = Enumerable.Range(0, 13).ToArray();
        Nucleus.Typical(ids, above.ToArray(), 3.5 / 16).Should().Be(4);
        ids.Take(4).Should().Equal(1, 2, 3, 4);

        // Three likely tokens in a run below the entropy and a far tail that lifts it.
        float[] below = [0, 0, 0, .. Enumerable.Repeat(-4f, 20)];
        ids = Enumerable.Range(100, 23).ToArray();
        Nucleus.Typical(ids, below.ToArray(), 0.5).Should().Be(2);
        ids.Take(2).Should().Equal(100, 101);
    }

    [Fact]
    public void LogSumExp_is_accurate_and_shifts_with_its_input()
    {
        var random = new Random(37);
        foreach (var shift in new[] { 0f, 1024f, -1024f })
        {
            var logits = Enumerable.Range(0, 5000).Select(_ => MathF.Round(3 * Normal(random), 2) + shift).ToArray();
            var expected = shift + Math.Log(logits.Sum(logit => Math.Exp((double)logit - shift)));

            Nucleus.LogSumExp(logits).Should().BeApproximately(expected, 1e-12 * Math.Max(1, Math.Abs(expected)));
        }
        Nucleus.LogSumExp([]).Should().Be(double.NegativeInfinity);
        Nucleus.LogSumExp([float.NegativeInfinity]).Should().Be(double.NegativeInfinity);
        Nucleus.LogSumExp([0, float.NaN]).Should().Be(double.NaN);
        Nucleus.LogSumExp([float.NegativeInfinity, 3]).Should().Be(3);
    }

    [Fact]
    public void Bad_arguments_are_refused()
    {
        float[] row = [1, 0];
        foreach (var share in new[] { 0, -1, 1.0001, double.NaN })
        {
            FluentActions.Invoking(() => Nucleus.TopP(row, share)).Should().Throw<ArgumentOutOfRangeException>();
            FluentActions.Invoking(() => Nucleus.MinP(row, share)).Should().Throw<ArgumentOutOfRangeException>();
            FluentActions.Invoking(() => Nucleus.Typical([0, 1], row, share)).Should().Throw<ArgumentOutOfRangeException>();
        }
        FluentActions.Invoking(() => Nucleus.TopP([], 0.5)).Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => Nucleus.MinP([float.NegativeInfinity], 0.5)).Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => Nucleus.TopP(row, 0.5, new int[1], new float[2])).Should().Throw<ArgumentException>();
        FluentActions
            .Invoking(() => Nucleus.TopP([0, float.NaN], 0.5, new int[2], new float[2]))
            .Should()
            .Throw<ArgumentException>();
    }
}
