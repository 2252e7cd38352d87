using Tokenwright;

namespace MyMethod;

/// <summary>The method: which parts it is made of. Users ask for it by its id, and may override any one part.</summary>
[DecodingMethod("my-method", "Drafts what followed each token the last time.", Lossless = Lossless.Seed)]
public sealed class Method : IDecodingMethod
{
    /// <inheritdoc/>
    public Recipe Recipe => new() { Drafter = "my-method" };
}
