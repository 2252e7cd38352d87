using Tokenwright.Plugins.JsonSchema.Masks;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>An open object or array: immutable, so that a state is a reference to the innermost one.</summary>
internal abstract class Frame(Frame? parent)
{
    public Frame? Parent => parent;

    /// <summary>Masks of the threads that have this frame on top, found before.</summary>
    internal MaskCache? Masks;

    /// <summary>The shortest text from after a value in this frame to its end, found before.</summary>
    internal byte[]? Ending;
}

/// <summary>An object in the making.</summary>
internal sealed class ObjectFrame(Frame? parent, Members members) : Frame(parent)
{
    // Few enough to look through; a lost race only makes a frame twice.
    private ObjectFrame? _after;
    private ObjectFrame? _sibling;

    public Members Members => members;

    /// <summary>The object with other members, kept for the next time.</summary>
    public ObjectFrame With(Members next)
    {
        for (var known = _after; known is not null; known = known._sibling)
        {
            if (known.Members == next)
                return known;
        }
        return _after = new ObjectFrame(Parent, next) { _sibling = _after };
    }
}

/// <summary>Canonical texts of the items of an array whose items must differ.</summary>
internal sealed record UsedItems(string Text, UsedItems? Next)
{
    /// <summary>What is left of what an item must satisfy, found before.</summary>
    public (Schemas.Expression Item, Schemas.Expression Left)? Left { get; set; }

    public bool Contains(string text)
    {
        for (var list = this; list is not null; list = list.Next)
        {
            if (list.Text == text)
                return true;
        }
        return false;
    }
}

/// <summary>An array in the making: how many items have begun, how many of them matched what must be contained.</summary>
internal sealed class ArrayFrame : Frame
{
    private (ArrayFrame Frame, NodeEntry Item)[]? _alternatives;

    public ArrayFrame(Frame? parent, ArrayRules rules, int index, int[] matched, UsedItems? used)
        : base(parent) => (Rules, Index, Matched, Used) = (rules, index, matched, used);

    public ArrayRules Rules { get; }

    /// <summary>Items begun; stays put once nothing depends on it any more.</summary>
    public int Index { get; }
    public int[] Matched { get; }
    public UsedItems? Used { get; }

    /// <summary>Where the text of the current item begins; for arrays whose items must differ.</summary>
    public Capture? Start { get; init; }

    public bool CanClose => Index >= Rules.Shape.Min && Rules.ContainsEnough(Matched);

    /// <summary>The ways to begin one more item: what it must satisfy, and the array afterwards.</summary>
    public (ArrayFrame Frame, NodeEntry Item)[] Alternatives => _alternatives ??= Rules.Next(this);
}

/// <summary>The bytes of a value being read, newest first.</summary>
internal sealed record Capture(Capture? Previous, byte Value, int Length)
{
    public static byte[] Text(Capture? from, Capture? to)
    {
        var bytes = new byte[(to?.Length ?? 0) - (from?.Length ?? 0)];
        for (var (at, c) = (bytes.Length, to); at > 0; c = c!.Previous)
            bytes[--at] = c!.Value;
        return bytes;
    }
}
