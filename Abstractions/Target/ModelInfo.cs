namespace Tokenwright;

/// <summary>The facts about a model that parts and limits are built on.</summary>
/// <param name="Name">What the user calls it.</param>
/// <param name="VocabularySize">Width of a row of logits, padding rows included.</param>
/// <param name="ContextLength">The most tokens, prompt and output together, that one sequence may hold.</param>
/// <param name="EndTokens">Tokens that end a text; may be empty.</param>
/// <param name="HiddenSize">Width of a hidden state; 0 when unknown.</param>
public sealed record ModelInfo(
    string Name,
    int VocabularySize,
    int ContextLength,
    IReadOnlyList<int> EndTokens,
    int HiddenSize = 0
);
