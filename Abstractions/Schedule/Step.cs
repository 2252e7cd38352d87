namespace Tokenwright;

/// <summary>What one step committed. Reused: valid until the next step is asked for.</summary>
public sealed class Step
{
    /// <summary>The tokens, in order; at least one but for the last step of a loop that commits late.</summary>
    public ReadOnlyMemory<int> Tokens { get; internal set; }

    /// <summary>One entry per token where log-probabilities were asked for; else empty.</summary>
    public IReadOnlyList<TokenLogProbability> LogProbabilities { get; internal set; } = [];
}

/// <summary>The log-probability of a committed token, natural logarithms.</summary>
/// <param name="Token">The token.</param>
/// <param name="Raw">Under the model's own distribution.</param>
/// <param name="Shaped">Under the shaped distribution it was taken from; −∞ is impossible.</param>
/// <param name="Top">The likeliest tokens under the model's own distribution, most likely first, each with both values.</param>
public sealed record TokenLogProbability(int Token, double Raw, double Shaped, IReadOnlyList<Alternative> Top);

/// <summary>One of the likeliest tokens at a position.</summary>
/// <param name="Token">The token.</param>
/// <param name="Raw">Log-probability under the model's own distribution.</param>
/// <param name="Shaped">Log-probability under the shaped one; −∞ where it was cut.</param>
public sealed record Alternative(int Token, double Raw, double Shaped);
