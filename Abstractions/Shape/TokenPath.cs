namespace Tokenwright;

/// <summary>The tokens before a row: the committed ones, then a short unverified span. The two are never concatenated.</summary>
/// <param name="committed">Prompt and output so far.</param>
/// <param name="promptLength">How many of <paramref name="committed"/> are the prompt.</param>
/// <param name="draft">Draft tokens on the way from the last committed token to the row.</param>
public readonly ref struct TokenPath(ReadOnlySpan<int> committed, int promptLength, ReadOnlySpan<int> draft)
{
    /// <summary>Prompt and output so far.</summary>
    public ReadOnlySpan<int> Committed { get; } = committed;

    /// <summary>How many of <see cref="Committed"/> are the prompt.</summary>
    public int PromptLength { get; } = promptLength;

    /// <summary>Draft tokens on the way to the row.</summary>
    public ReadOnlySpan<int> Draft { get; } = draft;

    /// <summary>Number of tokens before the row, prompt included.</summary>
    public int Length => Committed.Length + Draft.Length;

    /// <summary>Number of output tokens before the row.</summary>
    public int OutputLength => Length - PromptLength;
}
