namespace Tokenwright.Conformance;

/// <summary>What a chi-square test of a fixed size can tell: how often it cries wolf, and which bias it cannot miss.</summary>
/// <param name="Samples">Texts that are drawn.</param>
/// <param name="Cells">Outcomes that are told apart, at most; merging rare ones makes the test sharper.</param>
public sealed record Power(int Samples, int Cells)
{
    /// <summary>The chance that a law which is right is called wrong.</summary>
    public const double FalseAlarm = 1e-6;

    /// <summary>The chance that a bias of <see cref="SmallestBias"/> is seen.</summary>
    public const double Certainty = 0.99;

    /// <summary>The statistic beyond which a law is called wrong.</summary>
    public double Critical { get; } = Solve(0, 10_000, x => FalseAlarm - ChiSquare.PValue(x, Cells - 1));

    /// <summary>
    /// The total variation from which on every bias is seen with <see cref="Certainty"/>. Worst is a bias that changes all probabilities by the
    /// same factor up or down: then Σ(p′ − p)²/p = (2·TV)², and any other bias of that total variation has more.
    /// </summary>
    public double SmallestBias => Math.Sqrt(Noncentrality / Samples) / 2;

    /// <summary>All of it in a sentence.</summary>
    public string InWords() =>
        FormattableString.Invariant(
            $"{Samples} texts, at most {Cells} outcomes: a right law fails with probability {FalseAlarm:0e+0}; every bias of total variation {SmallestBias:0.000} or more is seen with {Certainty:P0}."
        );

    // λ with P(χ²(cells − 1, λ) > critical) = certainty.
    private double Noncentrality => Solve(0, 100_000, lambda => Exceeds(lambda) - Certainty);

    // A noncentral chi-square is a Poisson mixture of central ones.
    private double Exceeds(double lambda)
    {
        double half = lambda / 2;
        int middle = (int)half;
        int reach = 50 + (int)(12 * Math.Sqrt(half + 1));
        double sum = 0;
        double logFactorial = 0;
        for (int i = 0; i <= middle + reach; i++)
        {
            logFactorial += i == 0 ? 0 : Math.Log(i);
            if (i >= middle - reach)
            {
                double weight = Math.Exp(
                    (half == 0 ? (i == 0 ? 0 : double.NegativeInfinity) : i * Math.Log(half)) - half - logFactorial
                );
                sum += weight * ChiSquare.PValue(Critical, Cells - 1 + 2 * i);
            }
        }

        return sum;
    }

    // The zero of a function that rises.
    private static double Solve(double low, double high, Func<double, double> rising)
    {
        for (int i = 0; i < 80; i++)
        {
            double middle = (low + high) / 2;
            if (rising(middle) < 0)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return high;
    }
}
