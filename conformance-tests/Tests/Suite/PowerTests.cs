using Tokenwright.Conformance;

namespace Tokenwright.Tests.Suite;

/// <summary>Every clause that samples says how often it cries wolf and what it cannot miss; both are shown here by sampling its statistic.</summary>
public sealed class PowerTests(ITestOutputHelper output)
{
    public static TheoryData<string> Statistical() =>
        [.. Clause.All.Where(clause => clause.Power is not null).Select(clause => clause.Id)];

    [Theory]
    [MemberData(nameof(Statistical))]
    public void A_right_law_passes_and_a_bias_of_the_stated_size_is_seen(string id)
    {
        var power = Clause.Find(id)!.Power!;
        output.WriteLine(power.InWords());
        Power.FalseAlarm.Should().BeLessThanOrEqualTo(1e-6);
        double[] law = Law(power.Cells);
        var random = new Random(5);

        // One in a million cannot be counted; one in a thousand can, and the p-values are uniform in between.
        const int Right = 1000;
        double[] right = [.. Enumerable.Range(0, Right).Select(_ => P(law, law))];
        right.Min().Should().BeGreaterThan(Power.FalseAlarm);
        right.Count(p => p < 1e-3).Should().BeLessThan(8);
        right.Count(p => p < 0.1).Should().BeInRange(60, 145);

        // The worst bias of that size: every probability up or down by the same factor.
        const int Wrong = 300;
        double[] biased = Biased(law, power.SmallestBias);
        Enumerable
            .Range(0, law.Length)
            .Sum(i => Math.Abs(biased[i] - law[i]) / 2)
            .Should()
            .BeApproximately(power.SmallestBias, 1e-3);
        int seen = Enumerable.Range(0, Wrong).Count(_ => P(biased, law) < Power.FalseAlarm);
        seen.Should().BeGreaterThan((int)(0.97 * Wrong));

        // And half of it is not: the size that is stated is no idle figure.
        double[] half = Biased(law, power.SmallestBias / 2);
        Enumerable.Range(0, Wrong).Count(_ => P(half, law) < Power.FalseAlarm).Should().BeLessThan(Wrong / 2);

        double P(double[] drawn, double[] expected) => ChiSquare.Pooled(Sample(random, drawn, power.Samples), expected);
    }

    [Fact]
    public void A_smaller_sample_sees_less()
    {
        new Power(1000, 27).SmallestBias.Should().BeGreaterThan(3 * new Power(20_000, 27).SmallestBias);
        new Power(20_000, 27).Critical.Should().BeApproximately(76.6, 3);
    }

    // Unequal, none so rare that it is merged.
    private static double[] Law(int cells)
    {
        double[] weights = [.. Enumerable.Range(0, cells).Select(i => 1.0 + i % 5)];
        return [.. weights.Select(weight => weight / weights.Sum())];
    }

    private static double[] Biased(double[] law, double size)
    {
        // Up for about half of the mass, down for the rest.
        double up = 0;
        var rises = new bool[law.Length];
        for (int i = 0; i < law.Length && up < 0.5; i++)
        {
            rises[i] = true;
            up += law[i];
        }

        return [.. law.Select((p, i) => rises[i] ? p * (1 + size / up) : p * (1 - size / (1 - up)))];
    }

    private static long[] Sample(Random random, double[] law, int count)
    {
        var counts = new long[law.Length];
        double left = 1;
        long rest = count;
        for (int i = 0; i < law.Length - 1; i++)
        {
            long taken = Binomial(random, rest, Math.Clamp(law[i] / left, 0, 1));
            counts[i] = taken;
            rest -= taken;
            left -= law[i];
        }

        counts[^1] = rest;
        return counts;
    }

    // By the waiting times between successes.
    private static long Binomial(Random random, long trials, double p)
    {
        long successes = 0;
        double at = 0;
        double scale = Math.Log(1 - p);
        while (true)
        {
            at += Math.Floor(Math.Log(1 - random.NextDouble()) / scale) + 1;
            if (at > trials)
            {
                return successes;
            }

            successes++;
        }
    }
}
