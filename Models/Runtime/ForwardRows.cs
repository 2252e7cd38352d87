namespace Tokenwright.Models.Runtime;

/// <summary>The outputs of a sequence's last forward, read straight from the bound buffers.</summary>
internal sealed class ForwardRows(ForwardBuffers buffers, ModelInfo info) : IRows
{
    private Wanted _wanted;
    private bool _hasLogits;
    private int _scored;

    public int Count { get; private set; }

    public int ArgMax(int row)
    {
        int at = Scored(row, _wanted.Scored, "arg-max");
        return _hasLogits ? Tokenwright.TopK.ArgMax(LogitsAt(at)) : (int)buffers.ArgMax.Span[at];
    }

    public void TopK(int row, Span<int> ids, Span<float> logits)
    {
        var wanted = _wanted.TopK > _wanted.Logits ? _wanted.TopK : _wanted.Logits;
        Tokenwright.TopK.Select(LogitsAt(Scored(row, wanted, "top-k")), ids, logits);
    }

    public ReadOnlySpan<float> Logits(int row) => LogitsAt(Scored(row, _wanted.Logits, "logits"));

    public ReadOnlySpan<float> Hidden(int row)
    {
        Scored(row, _wanted.Hidden, "hidden state");
        return buffers.Hidden.Span.Slice(row * info.HiddenSize, info.HiddenSize);
    }

    public void Set(int count, Wanted wanted, in ForwardShape shape)
    {
        Count = count;
        _wanted = wanted;
        _scored = shape.Scored;
        _hasLogits = shape.Logits;
    }

    // The scored rows are the last ones; their order is that of the forward.
    private int Scored(int row, RowSelection wanted, string output)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count, nameof(row));
        if (wanted == RowSelection.None || (wanted == RowSelection.Last && row != Count - 1))
        {
            throw new InvalidOperationException($"The {output} of row {row} was not wanted: the forward asked for {wanted}.");
        }

        return row - (Count - _scored);
    }

    private ReadOnlySpan<float> LogitsAt(int at) => buffers.Logits.Span.Slice(at * info.VocabularySize, info.VocabularySize);
}
