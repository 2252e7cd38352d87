namespace Tokenwright.Plugins.Aded;

/// <summary>ADED (Liu et al., 2024): tri-grams of a corpus that adapt to the text in the making.</summary>
[DecodingMethod("aded", "Drafts a tree from tri-grams that adapt to the text, on top of those of a corpus.", Lossless = Lossless.Seed)]
public sealed class Aded : IDecodingMethod
{
    /// <inheritdoc/>
    public Recipe Recipe { get; } = new() { Drafter = "aded" };
}
