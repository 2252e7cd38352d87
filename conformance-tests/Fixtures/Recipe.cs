using Tokenwright;

/// <summary>Plain decoding under another name: a recipe is about as short as its description.</summary>
[DecodingMethod("plain", "One token a step.", Lossless = Lossless.Seed)]
public sealed class Plain : IDecodingMethod
{
    /// <inheritdoc/>
    public Recipe Recipe => new();
}
