namespace Tokenwright.Conformance;

/// <summary>A sequence of a <see cref="TableModel"/>.</summary>
internal sealed class TableSequence : ISequence
{
    private readonly int[] _tokens;
    private readonly int[] _contexts;
    private readonly int[] _provisional;
    private readonly int[] _parents;
    private readonly int[] _provisionalContexts;

    // Rows of past forwards stay around for a while so that reading them throws instead of giving the new ones.
    private readonly TableRows[] _rows;
    private int _count;
    private int _turn;
    private bool _isDisposed;

    public TableSequence(TableModel model)
    {
        Model = model;
        int context = model.Info.ContextLength;
        _tokens = new int[context];
        _contexts = new int[context];
        _provisional = new int[context];
        _parents = new int[context];
        _provisionalContexts = new int[context];
        _rows = [.. Enumerable.Range(0, 8).Select(_ => new TableRows(model))];
        model.OpenSequences++;
    }

    public TableModel Model { get; }

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Alive()._count);

    public int Provisional { get; private set; }

    public IRows Rows => Alive()._rows[_turn];

    public void Check(in ForwardItem item)
    {
        Alive();
        var tokens = item.Tokens.Span;
        var parents = item.Parents.Span;
        if (!item.Embeddings.IsEmpty || !item.RoutedRanks.IsEmpty)
        {
            throw new NotSupportedException("A table has neither embeddings nor experts.");
        }

        if (tokens.IsEmpty)
        {
            throw new ArgumentException("An item has no tokens.");
        }

        if (_count + Provisional + tokens.Length > _tokens.Length)
        {
            throw new InvalidOperationException(
                $"{_count} committed, {Provisional} provisional and {tokens.Length} new rows exceed the context of {_tokens.Length}."
            );
        }

        if (!parents.IsEmpty && parents.Length != tokens.Length)
        {
            throw new ArgumentException($"{tokens.Length} tokens have {parents.Length} parents.");
        }

        if (item.Wanted.Hidden != RowSelection.None)
        {
            Need(Capabilities.HiddenStates);
        }

        bool isChain = true;
        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)Model.Info.VocabularySize)
            {
                throw new ArgumentException($"Token {tokens[i]} is out of range.");
            }

            if (!parents.IsEmpty)
            {
                if (parents[i] < -1 || parents[i] >= Provisional + i)
                {
                    throw new ArgumentException(
                        $"Row {Provisional + i} follows row {parents[i]}, which does not come before it."
                    );
                }

                isChain &= parents[i] == Provisional + i - 1;
            }
        }

        if (!isChain)
        {
            Need(Capabilities.Tree);
        }
    }

    public void Feed(in ForwardItem item)
    {
        var tokens = item.Tokens.Span;
        var parents = item.Parents.Span;
        _rows[_turn].Die();
        _turn = (_turn + 1) % _rows.Length;
        int first = Provisional;
        for (int i = 0; i < tokens.Length; i++)
        {
            int row = Provisional++;
            int parent = parents.IsEmpty ? row - 1 : parents[i];
            int before =
                parent >= 0 ? _provisionalContexts[parent]
                : _count > 0 ? _contexts[_count - 1]
                : Model.EmptyContext;
            _provisional[row] = tokens[i];
            _parents[row] = parent;
            _provisionalContexts[row] = Model.Extend(before, tokens[i]);
        }

        _rows[_turn].Fill(_provisionalContexts.AsSpan(first, tokens.Length), item.Wanted);
    }

    public void Commit(ReadOnlySpan<int> path)
    {
        Alive();
        for (int i = 0; i < path.Length; i++)
        {
            if ((uint)path[i] >= (uint)Provisional)
            {
                throw new ArgumentException($"There is no provisional row {path[i]}; there are {Provisional}.");
            }

            if (_parents[path[i]] != (i == 0 ? -1 : path[i - 1]))
            {
                throw new ArgumentException(
                    $"Row {path[i]} follows row {_parents[path[i]]}: [{string.Join(' ', path.ToArray())}] is no path."
                );
            }
        }

        foreach (int row in path)
        {
            _tokens[_count] = _provisional[row];
            _contexts[_count++] = _provisionalContexts[row];
        }

        Provisional = 0;
    }

    public void Commit(int count)
    {
        Alive();
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Provisional);
        for (int row = 0; row < count; row++)
        {
            if (_parents[row] != row - 1)
            {
                throw new ArgumentException(
                    $"The first {count} provisional rows are no chain: row {row} follows row {_parents[row]}."
                );
            }

            _tokens[_count] = _provisional[row];
            _contexts[_count++] = _provisionalContexts[row];
        }

        Provisional = 0;
    }

    public void Drop() => Alive().Provisional = 0;

    public void Rewind(int length)
    {
        Need(Capabilities.Rewind);
        CheckLength(length);
        _count = length;
        Provisional = 0;
    }

    public ISequence Fork(int length)
    {
        Need(Capabilities.Fork);
        CheckLength(length);
        var copy = new TableSequence(Model) { _count = length };
        _tokens.AsSpan(0, length).CopyTo(copy._tokens);
        _contexts.AsSpan(0, length).CopyTo(copy._contexts);
        return copy;
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            Model.OpenSequences--;
        }
    }

    private void CheckLength(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Alive()._count);
    }

    private TableSequence Alive()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return this;
    }

    private void Need(Capabilities needed)
    {
        if (!Model.Offers(needed))
        {
            throw new NotSupportedException(Model.Explain(needed));
        }
    }
}
