namespace Tokenwright.Plugins.PromptLookup;

/// <summary>Prompt lookup: the last tokens stood somewhere before; what followed them there is worth checking.</summary>
[DecodingMethod(
    "prompt-lookup",
    "Drafts what followed the last tokens where they stood before in prompt or output.",
    Lossless = Lossless.Seed
)]
public sealed class PromptLookup : IDecodingMethod
{
    /// <inheritdoc/>
    public Recipe Recipe { get; } = new() { Drafter = "prompt-lookup" };
}
