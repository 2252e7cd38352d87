namespace Tokenwright.Plugins.Aded;

/// <summary>What may follow two tokens.</summary>
/// <param name="Token">The token.</param>
/// <param name="Weight">How much speaks for it, above 0: a share in a corpus, more where the text used it.</param>
public readonly record struct Successor(int Token, float Weight);
