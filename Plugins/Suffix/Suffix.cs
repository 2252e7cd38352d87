namespace Tokenwright.Plugins.Suffix;

/// <summary>Suffix decoding: what followed the longest matches in prompt and output, the frequent continuations first.</summary>
[DecodingMethod(
    "suffix",
    "Drafts a tree of what followed the longest matches in prompt and output, weighted by frequency.",
    Lossless = Lossless.Seed
)]
public sealed class Suffix : IDecodingMethod
{
    /// <inheritdoc/>
    public Recipe Recipe { get; } = new() { Drafter = "suffix" };
}
