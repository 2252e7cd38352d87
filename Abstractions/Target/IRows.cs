namespace Tokenwright;

/// <summary>The outputs of a sequence's last forward, row i belonging to the i-th token fed.</summary>
/// <remarks>
/// Rows outlive <see cref="ISequence.Commit(ReadOnlySpan{int})"/> and die with the next forward of the sequence. They may stay on the
/// device until read. Reading what was not wanted throws <see cref="InvalidOperationException"/>.
/// </remarks>
public interface IRows
{
    /// <summary>Number of rows of the last forward.</summary>
    int Count { get; }

    /// <summary>The token with the largest logit of a row, the lowest id on ties.</summary>
    int ArgMax(int row);

    /// <summary>The largest logits of a row by (logit descending, id ascending).</summary>
    /// <param name="row">The row.</param>
    /// <param name="ids">Receives as many ids as it is long, at most the K wanted where only top-k was.</param>
    /// <param name="logits">Receives their logits; as long as <paramref name="ids"/>.</param>
    void TopK(int row, Span<int> ids, Span<float> logits);

    /// <summary>All logits of a row, [vocabulary].</summary>
    ReadOnlySpan<float> Logits(int row);

    /// <summary>The hidden state of a row after the final norm, [hidden].</summary>
    ReadOnlySpan<float> Hidden(int row);
}
