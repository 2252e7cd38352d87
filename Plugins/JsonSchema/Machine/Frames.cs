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

/// <summary>Keys that no property names, already used in an object.</summary>
internal sealed record KeyList(byte[] Key, KeyList? Next)
{
    public bool Contains(ReadOnlySpan<byte> key)
    {
        for (var list = this; list is not null; list = list.Next)
        {
            if (key.SequenceEqual(list.Key))
                return true;
        }
        return false;
    }
}

/// <summary>An object in the making: the keys seen so far, and which demands for existence have been met.</summary>
internal sealed class ObjectFrame : Frame
{
    private ObjectFrame?[]? _after;
    private sbyte[]? _canAdd;
    private sbyte _canAddUnnamed;

    public ObjectFrame(Frame? parent, ObjectRules rules, ulong[] seen, int count, KeyList? extra, ulong met, int passed = 0)
        : base(parent) => (Rules, Seen, Count, Extra, Met, Passed) = (rules, seen, count, extra, met, passed);

    public ObjectRules Rules { get; }
    public ulong[] Seen { get; }
    public int Count { get; }
    public KeyList? Extra { get; }
    public ulong Met { get; }

    /// <summary>Named keys of a lower rank can no longer come; 0 where keys come in any order.</summary>
    public int Passed { get; }

    public bool Has(int name) => (Seen[name >> 6] >> name & 1) != 0;

    public bool CanClose => Count >= Rules.Min && Met == Rules.AllExistences && Rules.Missing(Seen) == 0;

    /// <summary>Whether a named key may come next: not used, with a value that exists, and leaving the object completable.</summary>
    public bool CanAdd(int name)
    {
        if (Has(name) || Rules.Rank(name) < Passed)
            return false;
        var memo = _canAdd ??= new sbyte[Rules.Names.Length];
        if (memo[name] == 0)
            memo[name] =
                Rules.IsAllowed(name)
                && Rules.CanComplete(Added(name), Count + 1, Extra, Rules.MetBy(name) | Met, Rules.PassedBy(name))
                    ? (sbyte)1
                    : (sbyte)2;
        return memo[name] == 1;
    }

    public bool CanAddUnnamed
    {
        get
        {
            if (_canAddUnnamed == 0)
            {
                _canAddUnnamed =
                    Rules.HasUnnamed && Rules.CanComplete(Seen, Count + 1, Extra, Rules.MetByUnnamed | Met, Rules.PassedByUnnamed)
                        ? (sbyte)1
                        : (sbyte)2;
            }
            return _canAddUnnamed == 1;
        }
    }

    public bool CanAddAny
    {
        get
        {
            for (var i = 0; i < Rules.Names.Length; i++)
            {
                if (CanAdd(i))
                    return true;
            }
            return CanAddUnnamed && Rules.UnnamedStart(Extra) != Regular.ByteDfa.Dead;
        }
    }

    /// <summary>The object with one more named key, whose demands <paramref name="met"/> are met by it.</summary>
    public ObjectFrame? With(int name, ulong met)
    {
        if (met == 0 && _after?[name] is { } known)
            return known;
        var seen = Added(name);
        var passed = Rules.PassedBy(name);
        if (Rules.AllExistences != 0 && !Rules.CanComplete(seen, Count + 1, Extra, Met | met, passed))
            return null;
        var next = new ObjectFrame(Parent, Rules, seen, Count + 1, Extra, Met | met, passed);
        if (met == 0)
            (_after ??= new ObjectFrame?[Rules.Names.Length])[name] = next;
        return next;
    }

    public ObjectFrame? With(byte[] key, ulong met)
    {
        var extra = new KeyList(key, Extra);
        if (Rules.AllExistences != 0 && !Rules.CanComplete(Seen, Count + 1, extra, Met | met, Rules.PassedByUnnamed))
            return null;
        return new ObjectFrame(Parent, Rules, Seen, Count + 1, extra, Met | met, Rules.PassedByUnnamed);
    }

    private ulong[] Added(int name)
    {
        var seen = (ulong[])Seen.Clone();
        seen[name >> 6] |= 1ul << name;
        return seen;
    }
}

/// <summary>Canonical texts of the items of an array whose items must differ.</summary>
internal sealed record UsedItems(string Text, UsedItems? Next)
{
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
