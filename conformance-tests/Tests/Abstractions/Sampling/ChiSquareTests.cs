using Tokenwright.Conformance;

namespace Tokenwright.Tests;

public class ChiSquareTests
{
    // Tabulated critical values, and closed forms: Q(1, x) = e^-x, Q(2, x) = (1 + x) e^-x.
    [Theory]
    [InlineData(3.841458820694124, 1, 0.05)]
    [InlineData(6.634896601021213, 1, 0.01)]
    [InlineData(18.307038053275146, 10, 0.05)]
    [InlineData(124.34211340400408, 100, 0.05)]
    public void PValues_match_the_tables(double statistic, int degreesOfFreedom, double expected)
    {
        ChiSquare.PValue(statistic, degreesOfFreedom).Should().BeApproximately(expected, 1e-10);
    }

    [Fact]
    public void The_incomplete_gamma_function_matches_its_closed_forms()
    {
        foreach (var x in new[] { 0.01, 0.5, 1, 1.9, 2.1, 7, 30, 200 })
        {
            (ChiSquare.UpperGamma(1, x) / Math.Exp(-x)).Should().BeApproximately(1, 1e-12);
            (ChiSquare.UpperGamma(2, x) / ((1 + x) * Math.Exp(-x))).Should().BeApproximately(1, 1e-12);
        }
        ChiSquare.UpperGamma(3, 0).Should().Be(1);
        FluentActions.Invoking(() => ChiSquare.UpperGamma(0, 1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void A_perfect_fit_has_p_value_one_and_an_impossible_count_zero()
    {
        ChiSquare.Fit([10, 20, 30], [1, 2, 3]).Should().Be(1);
        ChiSquare.GTest([10, 20, 30], [1, 2, 3]).Should().Be(1);
        ChiSquare.TotalVariation([10, 20, 30], [1, 2, 3]).Should().Be(0);
        ChiSquare.Fit([10, 1], [1, 0]).Should().Be(0);
        ChiSquare.GTest([10, 1], [1, 0]).Should().Be(0);
        ChiSquare.Pooled([1000, 1], [1, 0]).Should().Be(0);
        ChiSquare.TotalVariation([10, 0], [0, 1]).Should().Be(1);
    }

    [Fact]
    public void A_wrong_law_and_a_dependent_table_are_rejected()
    {
        ChiSquare.Fit([5200, 4800], [1, 1]).Should().BeInRange(1e-5, 1e-4);
        ChiSquare.GTest([5500, 4500], [1, 1]).Should().BeLessThan(1e-6);
        ChiSquare.Pooled([5500, 4500, 1, 2], [1, 1, 1e-4, 1e-4]).Should().BeLessThan(1e-6);
        ChiSquare.Independence([100, 0, 0, 100], 2).Should().BeLessThan(1e-6);
        ChiSquare.Independence([50, 50, 50, 50], 2).Should().Be(1);
    }

    [Fact]
    public void PValues_of_a_true_law_are_themselves_uniform()
    {
        var random = new Random(8);
        var deciles = new long[10];
        for (var trial = 0; trial < 2000; trial++)
        {
            var counts = new long[6];
            for (var i = 0; i < 600; i++)
            {
                counts[random.Next(6)]++;
            }
            deciles[Math.Min(9, (int)(10 * ChiSquare.Fit(counts, [1, 1, 1, 1, 1, 1])))]++;
        }

        ChiSquare.Fit(deciles, Enumerable.Repeat(1.0, 10).ToArray()).Should().BeGreaterThan(1e-6);
    }
}
