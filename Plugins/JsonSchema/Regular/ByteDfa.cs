namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>
/// A deterministic automaton over bytes whose states are made when first reached. State <see cref="Dead"/> has no way to an
/// end; every other state has one, so a byte is allowed exactly when it does not lead there.
/// </summary>
internal abstract class ByteDfa
{
    public const int Dead = 0;

    /// <summary>The lexeme is over: its closing byte has been read.</summary>
    public const int Closed = 1;
    protected const int Unknown = -1;
    private const int StateLimit = 100_000;

    /// <summary>What a state costs, in steps of canonicalisation: its row is found and filled.</summary>
    private const int StateCost = 16;
    private readonly byte[] _classes;
    private readonly int _width;
    private int[][] _rows;
    private int _count = 2;

    /// <param name="classes">For each byte its class: bytes of one class always lead to the same state.</param>
    protected ByteDfa(byte[] classes)
    {
        _classes = classes;
        _width = classes.Max() + 1;
        _rows = [NewRow(Dead), NewRow(Dead)];
    }

    protected static byte[] EachByte { get; } = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];

    /// <summary>Which entry of a row belongs to a byte.</summary>
    public byte[] Classes => _classes;

    public int StateCount => _count;

    /// <summary>The state after one more byte.</summary>
    public int Next(int state, byte value)
    {
        var next = Row(state)[_classes[value]];
        return next != Unknown ? next : Resolve(state, value);
    }

    /// <summary>The known transitions of a state; entries of -1 are found by <see cref="Next"/>.</summary>
    public int[] Row(int state) => Volatile.Read(ref _rows)[state];

    /// <summary>Whether the lexeme may end here without a closing byte of its own.</summary>
    public abstract bool IsAccepting(int state);

    protected abstract Lock Gate { get; }
    protected abstract int Compute(int state, byte value);

    protected int AddState()
    {
        Fuel.Spend(StateCost);
        if (_count >= StateLimit)
            throw new FuelException();
        if (_count == _rows.Length)
        {
            var grown = new int[_count * 2][];
            _rows.CopyTo(grown, 0);
            // Readers take no lock: they see either array, and both hold the same rows.
            Volatile.Write(ref _rows, grown);
        }
        _rows[_count] = NewRow(Unknown);
        return _count++;
    }

    private int Resolve(int state, byte value)
    {
        lock (Gate)
        {
            var row = _rows[state];
            var at = _classes[value];
            if (row[at] == Unknown)
                Volatile.Write(ref row[at], Compute(state, value));
            return row[at];
        }
    }

    private int[] NewRow(int fill)
    {
        var row = new int[_width];
        Array.Fill(row, fill);
        return row;
    }
}
