namespace Tokenwright.Plugins.Combined;

/// <summary>What one drafter's claims are worth: how often tokens came to which it gave about the same probability.</summary>
/// <remarks>A function of token history. Recent claims count more; while there are few, a claim is taken at its word. Bounded and small.</remarks>
public sealed class Calibration
{
    private const int Bins = 24;
    private const double PriorTrials = 8;
    private const double Memory = 1 - 1.0 / 1024;

    private readonly double[] _tried = new double[Bins];
    private readonly double[] _came = new double[Bins];

    /// <summary>The measured probability of a token.</summary>
    /// <param name="claim">The natural logarithm of the probability that the drafter gives it, at most 0.</param>
    public double Probability(double claim)
    {
        int bin = Bin(claim);
        return (_came[bin] + PriorTrials * Math.Exp(Math.Min(0, claim))) / (_tried[bin] + PriorTrials);
    }

    /// <summary>Counts one claim.</summary>
    /// <param name="claim">As for <see cref="Probability"/>.</param>
    /// <param name="came">Whether the token came.</param>
    public void Count(double claim, bool came)
    {
        int bin = Bin(claim);
        _tried[bin] = _tried[bin] * Memory + 1;
        _came[bin] = _came[bin] * Memory + (came ? 1 : 0);
    }

    // A third of a nat each: finer for likely tokens, where it matters, would split the counts too thin.
    private static int Bin(double claim) => (int)Math.Clamp(-3 * claim, 0, Bins - 1);
}
