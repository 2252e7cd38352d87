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

    /// <summary>In a row: not found yet.</summary>
    public const ushort Unknown = ushort.MaxValue;
    private const int StateLimit = Unknown;

    /// <summary>What a state costs, in steps of canonicalisation: its row is found and filled.</summary>
    private const int StateCost = 16;
    private readonly byte[] _classes;
    private readonly int _width;

    // Rows of the string automata lie in blocks so large that no collection copies them: they are most of what masks leave behind.
    private readonly int _blockBits;
    private ushort[][] _blocks = new ushort[4][];
    private int _count = 2;

    /// <param name="classes">For each byte its class: bytes of one class always lead to the same state.</param>
    protected ByteDfa(byte[] classes)
    {
        _classes = classes;
        _width = classes.Max() + 1;
        _blockBits = _width == 256 ? 8 : 3;
        AddRow(Dead, Dead);
        AddRow(Closed, Dead);
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

    /// <summary>The known transitions of a state; those <see cref="Unknown"/> are found by <see cref="Next"/>.</summary>
    public Span<ushort> Row(int state)
    {
        var row = state & (1 << _blockBits) - 1;
        return Volatile.Read(ref _blocks)[state >> _blockBits].AsSpan(row * _width, _width);
    }

    /// <summary>Whether the lexeme may end here without a closing byte of its own.</summary>
    public abstract bool IsAccepting(int state);

    protected abstract Lock Gate { get; }
    protected abstract int Compute(int state, byte value);

    protected int AddState()
    {
        Fuel.Spend(StateCost);
        if (_count >= StateLimit)
            throw new FuelException();
        AddRow(_count, Unknown);
        return _count++;
    }

    private int Resolve(int state, byte value)
    {
        lock (Gate)
        {
            var row = Row(state);
            var at = _classes[value];
            if (row[at] == Unknown)
                Volatile.Write(ref row[at], (ushort)Compute(state, value));
            return row[at];
        }
    }

    private void AddRow(int state, ushort fill)
    {
        // Readers take no lock: they see either array, and both hold the same blocks.
        var (blocks, block) = (_blocks, state >> _blockBits);
        if (block == blocks.Length)
            Array.Resize(ref blocks, 2 * block);
        blocks[block] ??= new ushort[_width << _blockBits];
        Volatile.Write(ref _blocks, blocks);
        Row(state).Fill(fill);
    }
}
