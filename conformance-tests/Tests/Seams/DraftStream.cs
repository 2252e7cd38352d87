namespace Tokenwright.Tests.Seams;

/// <summary>The sequence of a draft model: brought in line with the committed tokens, then grown provisionally node by node.</summary>
internal sealed class DraftStream(ICausalModel model) : IDisposable
{
    private readonly ForwardItem[] _item = new ForwardItem[1];
    private readonly int[] _tokens = new int[model.Info.ContextLength];
    private readonly int[] _parents = new int[model.Info.ContextLength];
    private readonly ISequence _sequence = model.CreateSequence();
    private int _pending;

    public IRows Rows => _sequence.Rows;

    /// <summary>Feeds what the committed text has beyond the common prefix; the last row is the root's.</summary>
    public async ValueTask CatchUpAsync(DraftContext context, CancellationToken cancellation)
    {
        int fed = Align(context.Committed);
        _item[0] = new ForwardItem
        {
            Sequence = _sequence,
            Tokens = _tokens.AsMemory(0, fed),
            Wanted = new Wanted(RowSelection.Last),
        };
        await model.ForwardAsync(_item, cancellation);
        _sequence.Commit(fed);
        _pending = 0;
    }

    /// <summary>Queues a node that follows a provisional row, or the root (−1).</summary>
    /// <returns>Its provisional row.</returns>
    public int Queue(int token, int parentRow)
    {
        _tokens[_pending] = token;
        _parents[_pending] = parentRow;
        return _sequence.Provisional + _pending++;
    }

    /// <summary>Feeds what was queued.</summary>
    /// <returns>The provisional row of the forward's first row.</returns>
    public async ValueTask<int> FeedAsync(CancellationToken cancellation)
    {
        int first = _sequence.Provisional;
        _item[0] = new ForwardItem
        {
            Sequence = _sequence,
            Tokens = _tokens.AsMemory(0, _pending),
            Parents = _parents.AsMemory(0, _pending),
            Wanted = new Wanted(RowSelection.All),
        };
        await model.ForwardAsync(_item, cancellation);
        _pending = 0;
        return first;
    }

    public void Drop() => _sequence.Drop();

    public void Dispose() => _sequence.Dispose();

    // The root is always fed again: its row is what the first draft tokens come from.
    private int Align(ReadOnlySpan<int> committed)
    {
        int common = _sequence.Tokens.CommonPrefixLength(committed[..^1]);
        if (common < _sequence.Tokens.Length)
        {
            _sequence.Rewind(common);
        }

        committed[common..].CopyTo(_tokens);
        return committed.Length - common;
    }
}
