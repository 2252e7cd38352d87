namespace Tokenwright.Tests;

public class TopKTests
{
    private static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    private static float[] Row(string kind, int length, Random random) =>
        kind switch
        {
            "flat" => Enumerable.Repeat(-2f, length).ToArray(),
            "normal" => Enumerable.Range(0, length).Select(_ => 3 * Normal(random)).ToArray(),
            "tied" => Enumerable.Range(0, length).Select(_ => (float)random.Next(5)).ToArray(),
            "zeros" => Enumerable.Range(0, length).Select(_ => random.Next(2) == 0 ? 0f : -0f).ToArray(),
            "rising" => Enumerable.Range(0, length).Select(i => (float)i).ToArray(),
            "falling" => Enumerable.Range(0, length).Select(i => -(float)i).ToArray(),
            "masked" => Enumerable
                .Range(0, length)
                .Select(i => i != length / 3 && random.Next(200) != 0 ? float.NegativeInfinity : Normal(random))
                .ToArray(),
            _ => throw new ArgumentException(kind),
        };

    internal static int[] ByDefinition(float[] logits) =>
        Enumerable
            .Range(0, logits.Length)
            .Where(id => logits[id] > float.NegativeInfinity)
            .OrderByDescending(id => logits[id] + 0f)
            .ThenBy(id => id)
            .ToArray();

    [Theory]
    [InlineData("flat")]
    [InlineData("normal")]
    [InlineData("tied")]
    [InlineData("zeros")]
    [InlineData("rising")]
    [InlineData("falling")]
    [InlineData("masked")]
    public void Selection_equals_a_full_sort_cut_at_k(string kind)
    {
        var random = new Random(17);
        foreach (var length in new[] { 1, 2, 7, 64, 65, 1000, 1023, 5000, 32_003, 150_000 })
        {
            var logits = Row(kind, length, random);
            var order = ByDefinition(logits);
            foreach (
                var k in new[] { 1, 2, 8, 40, 63, 64, 500, length / 3, length - 1, length, length + 5 }
                    .Where(k => k > 0)
                    .Distinct()
            )
            {
                var ids = new int[k];
                var values = new float[k];
                var count = TopK.Select(logits, ids, values);

                count.Should().Be(Math.Min(k, order.Length), "{0} of {1}", k, length);
                ids.AsSpan(0, count).SequenceEqual(order.AsSpan(0, count)).Should().BeTrue("{0} of {1}", k, length);
                values.Take(count).Should().Equal(ids.Take(count).Select(id => logits[id]));
            }
            TopK.ArgMax(logits).Should().Be(order[0]);
        }
    }

    [Fact]
    public void A_NaN_is_refused_wherever_it_stands()
    {
        foreach (var place in new[] { 0, 777, 9999 })
        {
            var logits = Row("normal", 10_000, new Random(1));
            logits[place] = float.NaN;
            foreach (var k in new[] { 1, 40, 9000, 10_000 })
            {
                FluentActions
                    .Invoking(() => TopK.Select(logits, new int[k], new float[k]))
                    .Should()
                    .Throw<ArgumentException>()
                    .WithMessage($"*token {place} is NaN*");
            }
            FluentActions
                .Invoking(() => TopK.ArgMax(logits))
                .Should()
                .Throw<ArgumentException>()
                .WithMessage($"*token {place} *");
        }
    }

    [Fact]
    public void An_empty_support_is_refused()
    {
        var masked = Enumerable.Repeat(float.NegativeInfinity, 5000).ToArray();

        FluentActions.Invoking(() => TopK.Select(masked, new int[4], new float[4])).Should().Throw<InvalidOperationException>();
        FluentActions
            .Invoking(() => TopK.Select(masked, new int[5000], new float[5000]))
            .Should()
            .Throw<InvalidOperationException>();
        FluentActions.Invoking(() => TopK.ArgMax(masked)).Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => TopK.ArgMax([])).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Too_little_room_for_the_values_is_refused()
    {
        FluentActions.Invoking(() => TopK.Select(new float[9], new int[4], new float[3])).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Selection_allocates_nothing_once_warm()
    {
        var logits = Row("normal", 20_000, new Random(1));
        var ids = new int[20_000];
        var values = new float[20_000];
        long before = 0;
        for (var i = 0; i < 60; i++)
        {
            if (i == 30)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }
            TopK.Select(logits, ids.AsSpan(0, 40), values);
            TopK.Select(logits, ids, values);
            Nucleus.TopP(logits, 0.9, ids, values);
            Nucleus.MinP(logits, 0.1, ids, values);
            Nucleus.Typical(logits, 0.9, ids, values);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }
}
