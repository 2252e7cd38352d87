namespace Tokenwright.Plugins.Aded;

/// <summary>Tri-grams that adapt: rows that the text touched lie over those of a read-only base.</summary>
/// <remarks>
/// Holds at most <see cref="MaxRows"/> touched rows of <see cref="RowLimit"/> successors, the row made first gives way, in a row the successor
/// of least weight. Its owner locks <see cref="Gate"/> around any use, since a row is valid only until the next change. A frozen store never changes.
/// </remarks>
public sealed class TrigramStore
{
    /// <summary>Successors that a touched row may have; those of the base and some that the text adds.</summary>
    public const int RowLimit = 24;

    /// <summary>The published addition to a tri-gram for each step that has it among the last tokens.</summary>
    public const float Bump = 0.04f;

    /// <summary>The published greatest weight.</summary>
    public const float Cap = 3f;

    /// <summary>The published number of last tokens whose tri-grams are strengthened.</summary>
    public const int Window = 16;

    private const int FirstRows = 2048;

    private readonly Dictionary<ulong, int> _rowOf;
    private ulong[] _keys;
    private int[] _counts;
    private Successor[] _successors;
    private int _next;

    /// <summary>Makes a store without touched rows.</summary>
    /// <param name="corpus">The base; null for none.</param>
    /// <param name="maxRows">The most touched rows, at least 1.</param>
    public TrigramStore(TrigramBase? corpus = null, int maxRows = 1 << 15)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRows, 1);
        Base = corpus;
        MaxRows = maxRows;
        int rows = Math.Min(FirstRows, maxRows);
        _rowOf = new Dictionary<ulong, int>(rows);
        _keys = new ulong[rows];
        _counts = new int[rows];
        _successors = new Successor[rows * RowLimit];
    }

    /// <summary>The base; null for none.</summary>
    public TrigramBase? Base { get; }

    /// <summary>The most touched rows.</summary>
    public int MaxRows { get; }

    /// <summary>Number of touched rows.</summary>
    public int RowCount => _rowOf.Count;

    /// <summary>Whether it refuses to change.</summary>
    public bool IsFrozen { get; private set; }

    /// <summary>To be locked around any use where generations share the store.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Ends learning for good.</summary>
    public void Freeze()
    {
        lock (Gate)
        {
            IsFrozen = true;
        }
    }

    /// <summary>A copy that may change, taken at one moment, over the same base.</summary>
    public TrigramStore Copy()
    {
        lock (Gate)
        {
            var copy = new TrigramStore(Base, MaxRows);
            copy.Resize(_keys.Length);
            _keys.CopyTo(copy._keys, 0);
            _counts.CopyTo(copy._counts, 0);
            _successors.CopyTo(copy._successors, 0);
            foreach (var (key, row) in _rowOf)
            {
                copy._rowOf.Add(key, row);
            }

            copy._next = _next;
            return copy;
        }
    }

    /// <summary>What may follow two tokens; valid until the next change.</summary>
    public ReadOnlySpan<Successor> Row(int first, int second) =>
        _rowOf.TryGetValue(TrigramBase.Key(first, second), out int row)
            ? _successors.AsSpan(row * RowLimit, _counts[row])
            : Base is null
                ? []
                : Base.Row(first, second);

    /// <summary>The weight of a tri-gram; 0 where it is unknown.</summary>
    public float Weight(int first, int second, int third)
    {
        foreach (var successor in Row(first, second))
        {
            if (successor.Token == third)
            {
                return successor.Weight;
            }
        }

        return 0;
    }

    /// <summary>Strengthens each tri-gram among the last tokens of a text, once for each place; a frozen store stays as it is.</summary>
    /// <param name="text">Prompt and output so far.</param>
    public void Adapt(ReadOnlySpan<int> text)
    {
        for (int i = Math.Max(0, text.Length - Window) + 2; !IsFrozen && i < text.Length; i++)
        {
            Strengthen(text[i - 2], text[i - 1], text[i]);
        }
    }

    private void Strengthen(int first, int second, int third)
    {
        ulong key = TrigramBase.Key(first, second);
        if (!_rowOf.TryGetValue(key, out int row))
        {
            row = NewRow(key, first, second);
        }

        var successors = _successors.AsSpan(row * RowLimit, _counts[row]);
        int least = 0;
        for (int i = 0; i < successors.Length; i++)
        {
            if (successors[i].Token == third)
            {
                successors[i] = successors[i] with { Weight = Math.Min(Cap, successors[i].Weight + Bump) };
                return;
            }

            least = successors[i].Weight <= successors[least].Weight ? i : least;
        }

        int at = successors.Length == RowLimit ? least : _counts[row]++;
        _successors[row * RowLimit + at] = new Successor(third, Bump);
    }

    private int NewRow(ulong key, int first, int second)
    {
        var known = Base is null ? [] : Base.Row(first, second);
        if (_next == _keys.Length && _keys.Length < MaxRows)
        {
            Resize(Math.Min(MaxRows, _keys.Length * 2));
        }

        int row = _next % _keys.Length;
        if (_rowOf.Count == _keys.Length)
        {
            _rowOf.Remove(_keys[row]);
        }

        _next = row + 1;
        _rowOf.Add(key, row);
        _keys[row] = key;
        _counts[row] = Math.Min(known.Length, RowLimit);
        known[.._counts[row]].CopyTo(_successors.AsSpan(row * RowLimit));
        return row;
    }

    private void Resize(int rows)
    {
        Array.Resize(ref _keys, rows);
        Array.Resize(ref _counts, rows);
        Array.Resize(ref _successors, rows * RowLimit);
        _rowOf.EnsureCapacity(rows);
    }
}
