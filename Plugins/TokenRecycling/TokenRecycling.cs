namespace Tokenwright.Plugins.TokenRecycling;

/// <summary>Token Recycling (Luo et al., 2024): the candidates that the model ranked and threw away are tomorrow's drafts.</summary>
[DecodingMethod(
    "token-recycling",
    "Drafts a tree from the tokens that the model itself ranked highest after each token.",
    Lossless = Lossless.Seed
)]
public sealed class TokenRecycling : IDecodingMethod
{
    /// <inheritdoc/>
    public Recipe Recipe { get; } = new() { Drafter = "token-recycling" };
}
