namespace Tokenwright.Plugins.Standard;

/// <summary>Plain decoding with a token drawn from the shaped distribution; at temperature 0 that is the most likely one.</summary>
[DecodingMethod("sampling", "Draws each token from the shaped distribution, one a step.", Lossless = Lossless.Seed)]
public sealed class Sampling : IDecodingMethod
{
    /// <inheritdoc/>
    public Recipe Recipe { get; } = new();
}
