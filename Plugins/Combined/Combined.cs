namespace Tokenwright.Plugins.Combined;

/// <summary>Several drafters, one tree: each row of it goes to whoever promises most.</summary>
[DecodingMethod("combined", "Merges the drafts of several drafters into one tree by expected gain per row.", Lossless = Lossless.Seed)]
public sealed class Combined : IDecodingMethod
{
    /// <inheritdoc/>
    public Recipe Recipe { get; } = new() { Drafter = "combined" };
}
