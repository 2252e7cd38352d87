namespace Tokenwright.Plugins.DraftModel;

/// <summary>Speculative decoding: a second, smaller model drafts a chain that the target checks in one forward.</summary>
[DecodingMethod(
    "draft-model",
    "A second, smaller model drafts; the target checks its tokens in one forward.",
    Lossless = Lossless.Seed
)]
public sealed class DraftModelMethod : IDecodingMethod
{
    /// <inheritdoc/>
    public Recipe Recipe { get; } = new() { Drafter = "draft-model" };
}
