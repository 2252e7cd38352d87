namespace Tokenwright.Conformance;

/// <summary>The outputs of one forward of a <see cref="TableModel"/>; gives only what was asked for, and only until the next forward.</summary>
internal sealed class TableRows(TableModel model) : IRows
{
    private readonly int[] _contexts = new int[model.Info.ContextLength];
    private readonly float[] _hidden = new float[model.Info.HiddenSize];
    private Wanted _wanted;
    private int _count = -1;

    public int Count =>
        _count >= 0 ? _count : throw new InvalidOperationException("These rows died with the next forward, or never were.");

    public int ArgMax(int row)
    {
        Check(row, _wanted.Logits > _wanted.ArgMax ? _wanted.Logits : _wanted.ArgMax, nameof(ArgMax));
        return Tokenwright.TopK.ArgMax(model.Row(_contexts[row]));
    }

    public void TopK(int row, Span<int> ids, Span<float> logits)
    {
        bool fits = ids.Length <= _wanted.K;
        Check(row, fits && _wanted.TopK > _wanted.Logits ? _wanted.TopK : _wanted.Logits, nameof(TopK));
        Tokenwright.TopK.Select(model.Row(_contexts[row]), ids, logits);
    }

    public ReadOnlySpan<float> Logits(int row)
    {
        Check(row, _wanted.Logits, nameof(Logits));
        return model.Row(_contexts[row]);
    }

    /// <summary>Half the logits: a function of the row, and good to draft from.</summary>
    public ReadOnlySpan<float> Hidden(int row)
    {
        Check(row, _wanted.Hidden, nameof(Hidden));
        var logits = model.Row(_contexts[row]);
        for (int i = 0; i < _hidden.Length; i++)
        {
            _hidden[i] = logits[i] / 2;
        }

        return _hidden;
    }

    public void Fill(ReadOnlySpan<int> contexts, Wanted wanted)
    {
        contexts.CopyTo(_contexts);
        _count = contexts.Length;
        _wanted = wanted;
    }

    public void Die() => _count = -1;

    private void Check(int row, RowSelection wanted, string output)
    {
        if ((uint)row >= (uint)Count)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, $"The last forward had {Count} rows.");
        }

        if (wanted == RowSelection.None || (wanted == RowSelection.Last && row != Count - 1))
        {
            throw new InvalidOperationException($"{output} of row {row} was not wanted ({_wanted}).");
        }
    }
}
