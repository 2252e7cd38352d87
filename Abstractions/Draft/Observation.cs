namespace Tokenwright;

/// <summary>Verified rows, for drafters that learn.</summary>
public readonly ref struct Observation
{
    /// <summary>The token that was fed in each row.</summary>
    public required ReadOnlySpan<int> Fed { get; init; }

    /// <summary>The target's outputs by row: those the drafter asked for.</summary>
    public required IRows Rows { get; init; }

    /// <summary>The tree that was verified; null for rows of the prompt before its last part.</summary>
    public DraftTree? Tree { get; init; }

    /// <summary>The nodes that were kept, the root first; empty for rows of the prompt before its last part.</summary>
    public ReadOnlySpan<int> Kept { get; init; }

    /// <summary>The tokens that the step committed; empty for rows of the prompt before its last part.</summary>
    public ReadOnlySpan<int> Emitted { get; init; }
}
