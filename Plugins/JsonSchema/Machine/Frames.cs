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

/// <summary>An array in the making, and the ways to take it.</summary>
internal sealed class ArrayFrame(Frame? parent, ArrayRules rules, ArrayWay[] ways, UsedItems? used) : Frame(parent)
{
    // Few enough to look through; a lost race only makes a frame twice.
    private ArrayFrame? _after;
    private ArrayFrame? _sibling;
    private (ArrayFrame Frame, NodeEntry Item)[]? _alternatives;

    public ArrayRules Rules => rules;
    public ArrayWay[] Ways => ways;

    /// <summary>The items so far, where items must differ.</summary>
    public UsedItems? Used => used;

    /// <summary>Where the text of the current item begins; for arrays whose items must differ.</summary>
    public Capture? Start { get; init; }

    public bool CanClose => Array.Exists(ways, way => way.CanClose);

    /// <summary>The ways to begin one more item: what it must satisfy, and the array afterwards.</summary>
    public (ArrayFrame Frame, NodeEntry Item)[] Alternatives => _alternatives ??= Next();

    private (ArrayFrame, NodeEntry)[] Next()
    {
        var groups = new List<(NodeEntry Item, List<ArrayWay> Ways)>();
        foreach (var way in ways)
        {
            foreach (var (next, item) in way.Next(used))
            {
                var at = groups.FindIndex(g => g.Item == item);
                if (at < 0)
                    groups.Add((item, [next]));
                else
                    Add(groups[at].Ways, next);
            }
        }
        return [.. groups.Select(g => (With(g.Ways), g.Item))];
    }

    /// <summary>The array with the ways of another that has as many items.</summary>
    public ArrayFrame Join(ArrayFrame other)
    {
        var both = ways.ToList();
        foreach (var way in other.Ways)
            Add(both, way);
        return With(both);
    }

    private static void Add(List<ArrayWay> among, ArrayWay way)
    {
        if (among.Exists(known => known.Covers(way)))
            return;
        among.RemoveAll(way.Covers);
        among.Add(way);
    }

    /// <summary>The array taken in other ways, kept for the next time.</summary>
    private ArrayFrame With(List<ArrayWay> next)
    {
        if (next.Count == ways.Length && next.TrueForAll(ways.Contains))
            return this;
        for (var known = _after; known is not null; known = known._sibling)
        {
            if (known.Ways.Length == next.Count && next.TrueForAll(known.Ways.Contains))
                return known;
        }
        return _after = new ArrayFrame(Parent, rules, [.. next], used) { _sibling = _after };
    }

    /// <summary>The array taken in one way only.</summary>
    public ArrayFrame Only(ArrayWay way) => ways.Length == 1 ? this : new(Parent, rules, [way], used);
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
