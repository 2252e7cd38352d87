namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>What a thread reads next.</summary>
internal enum Phase : byte
{
    /// <summary>White space or the start of a value.</summary>
    Value,

    /// <summary>Inside one of true, false, null.</summary>
    Literal,

    /// <summary>Inside a number.</summary>
    Number,

    /// <summary>Inside a string value.</summary>
    String,

    /// <summary>After an opening brace: a key, or the end.</summary>
    FirstKey,

    /// <summary>After a comma: a key.</summary>
    NextKey,

    /// <summary>Inside a key.</summary>
    Key,

    /// <summary>After a key: the colon.</summary>
    Colon,

    /// <summary>After an opening bracket: an item, or the end.</summary>
    FirstItem,

    /// <summary>After a comma: an item.</summary>
    NextItem,

    /// <summary>After a value in an object: a comma or the end.</summary>
    AfterProperty,

    /// <summary>After an item: a comma or the end.</summary>
    AfterItem,

    /// <summary>The document is complete.</summary>
    Done,

    /// <summary>A value is complete whose holder is left open.</summary>
    Hole,
}

/// <summary>One way to read the text so far. A state is a few of them; each alone can be brought to an end.</summary>
/// <param name="Phase">What comes next.</param>
/// <param name="Gap">White-space bytes read in the current gap; in a literal, the bytes read of it.</param>
/// <param name="State">State of the lexeme's automaton, or which literal.</param>
/// <param name="Detail">The value's <see cref="NodeEntry"/>, the lexeme's automaton, or the <see cref="KeyState"/>.</param>
/// <param name="Top">The innermost open object or array.</param>
/// <param name="Text">The text since the start of an item that must differ from others; null where nothing asks for it.</param>
internal readonly record struct Thread(Phase Phase, byte Gap, int State, object? Detail, Frame? Top, Capture? Text)
{
    public bool Equals(Thread other) =>
        Phase == other.Phase
        && Gap == other.Gap
        && State == other.State
        && ReferenceEquals(Detail, other.Detail)
        && ReferenceEquals(Top, other.Top)
        && ReferenceEquals(Text, other.Text);

    public override int GetHashCode() =>
        HashCode.Combine(
            Phase,
            Gap,
            State,
            Detail is null ? 0 : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Detail),
            Top is null ? 0 : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Top)
        );
}

/// <summary>A key half read: its decoded bytes, the named keys that begin so (a range), and an escape in progress.</summary>
/// <param name="low">The first named key that begins so.</param>
/// <param name="high">The one after the last.</param>
/// <param name="bytes">What begins with the decoded bytes: a name, where one begins so.</param>
/// <param name="length">How many they are.</param>
/// <param name="escape">The escape in progress.</param>
internal sealed class KeyState(int low, int high, byte[] bytes, int length, byte[] escape)
{
    public int Low => low;
    public int High => high;
    public ReadOnlySpan<byte> Text => bytes.AsSpan(0, length);
    public byte[] Escape => escape;

    // The keys one byte on that were kept, as a list through them. Few enough to look through; a lost race only makes one twice.
    private KeyState? _ways;
    private KeyState? _other;
    private byte _last;

    /// <summary>The key after one more byte, if it was kept.</summary>
    public KeyState? Find(byte value)
    {
        for (var way = _ways; way is not null; way = way._other)
        {
            if (way._last == value)
                return way;
        }
        return null;
    }

    /// <summary>Keeps a key, made for this, as the one after one more byte.</summary>
    public void Keep(byte value, KeyState key)
    {
        (key._last, key._other) = (value, _ways);
        Volatile.Write(ref _ways, key);
    }
}
