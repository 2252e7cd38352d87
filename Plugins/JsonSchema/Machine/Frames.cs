using System.Text;
using Tokenwright.Plugins.JsonSchema.Masks;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>An open object or array: immutable, so that a state is a reference to the innermost one.</summary>
internal abstract class Frame(Frame? parent)
{
    public Frame? Parent => parent;

    /// <summary>The value being read in it; null where nothing depends on which it is.</summary>
    public Pending? Pending { get; init; }

    /// <summary>What it is after the value, as canonical text; where that matters.</summary>
    public virtual Frame After(string value) => this;

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
    private (ObjectFrame Frame, NodeEntry Value)[]?[]? _values;
    private int _unnamedStart = -1;

    public Members Members => members;

    /// <summary>What it must differ from and still may be alike to: objects with all of its members so far. Null as well where it always can differ.</summary>
    public Taken? Taken { get; init; }

    public bool CanClose => members.CanClose && !IsTaken();

    public bool CanAdd(int name) => members.CanAdd(name) && (Taken is null || Values(name).Length > 0);

    public bool CanAddAny =>
        Taken is null ? members.CanAddAny : CanAddOf(0, members.Rules.Names.Length) || UnnamedStart != ByteDfa.Dead;

    /// <summary>Whether some named key of a range may come next.</summary>
    public bool CanAddOf(int low, int high)
    {
        for (var name = low; name < high; name++)
        {
            if (CanAdd(name))
                return true;
        }
        return false;
    }

    /// <summary>The automaton state at the start of an unnamed key; dead when none may come.</summary>
    public int UnnamedStart
    {
        get
        {
            if (_unnamedStart < 0)
                _unnamedStart = FindUnnamedStart();
            return _unnamedStart;
        }
    }

    /// <summary>Keys that no property names and that objects have which it must differ from: after these other rules hold than after any other.</summary>
    public IEnumerable<string> TakenKeys
    {
        get
        {
            var keys = new HashSet<string>();
            for (var list = Taken; list is not null; list = list.Next)
                keys.UnionWith(list.Value.EnumerateObject().Select(member => member.Name));
            return keys.Where(key => !members.Has(key) && !members.Rules.Index.ContainsKey(key));
        }
    }

    /// <summary>The ways to read the value of a named key in an object that must differ: the object it belongs to, and what it must satisfy.</summary>
    public (ObjectFrame Frame, NodeEntry Value)[] Values(int name) =>
        (_values ??= new (ObjectFrame, NodeEntry)[]?[members.Rules.Names.Length])[name] ??= Differing(
            members.With(name),
            members.Rules.NameTexts[name]
        );

    /// <summary>The same for a key that no property names.</summary>
    public (ObjectFrame Frame, NodeEntry Value)[] Values(byte[] key) =>
        Differing(members.With(key), Encoding.UTF8.GetString(key));

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

    /// <summary>The object about to read a value, the text before it being known.</summary>
    public ObjectFrame From(Capture? start) =>
        Pending is null ? this : new ObjectFrame(Parent, members) { Taken = Taken, Pending = Pending with { Start = start } };

    public override ObjectFrame After(string value) =>
        new(Parent, members) { Taken = Pending!.Alike.Value.GetValueOrDefault(value) };

    private (ObjectFrame, NodeEntry)[] Differing((Members Members, NodeEntry Value)[] ways, string key)
    {
        var alike = Taken.By(Taken, value => value.TryGetProperty(key, out var member) ? member : null);
        var result = new List<(ObjectFrame, NodeEntry)>(ways.Length);
        foreach (var (next, value) in ways)
        {
            Taken? barred = null;
            if (!Completions.IsEndless(next, Taken!.Count))
            {
                foreach (var (text, taken) in alike.Value)
                {
                    if (!Completions.CanDiffer(next, taken))
                        barred = new Taken(text, barred);
                }
            }
            if (members.Rules.Automaton.Without(value, barred) is { } left)
                result.Add((new ObjectFrame(Parent, next) { Pending = new Pending(null, barred, alike) }, left));
        }
        return [.. result];
    }

    private bool IsTaken()
    {
        for (var list = Taken; list is not null; list = list.Next)
        {
            if (list.Value.EnumerateObject().Count() == members.Count)
                return true;
        }
        return false;
    }

    private int FindUnnamedStart()
    {
        var start = members.UnnamedStart;
        if (Taken is null || start == ByteDfa.Dead)
            return start;
        string[] barred = [.. TakenKeys.Where(key => Values(Encoding.UTF8.GetBytes(key)).Length == 0)];
        if (barred.Length == 0)
            return start;
        var automaton = members.Rules.Automaton;
        lock (automaton.Gate)
        {
            var pool = automaton.Canonicalizer.Pool;
            return automaton.Keys.Start(pool.And(automaton.Keys.LanguageOf(start), pool.Not(pool.OneOf(barred))));
        }
    }
}

/// <summary>An array in the making, and the ways to take it.</summary>
internal sealed class ArrayFrame(Frame? parent, ArrayRules rules, ArrayWay[] ways, Taken? used) : Frame(parent)
{
    // Few enough to look through; a lost race only makes a frame twice.
    private ArrayFrame? _after;
    private ArrayFrame? _sibling;
    private (ArrayFrame Frame, NodeEntry Item)[]? _alternatives;

    public ArrayRules Rules => rules;
    public ArrayWay[] Ways => ways;

    /// <summary>The items so far, where items must differ.</summary>
    public Taken? Used => used;

    /// <summary>What it must differ from and still may be alike to: arrays that begin with its items. Null as well where it always can differ.</summary>
    public Taken? Taken { get; init; }

    /// <summary>How many items there are, where it must differ from others.</summary>
    public int Count { get; init; }

    /// <summary>Whether the text of the items matters.</summary>
    public bool IsRead => rules.IsUnique || Taken is not null;

    public bool CanClose => Array.Exists(ways, way => way.CanClose) && !IsTaken();

    /// <summary>The ways to begin one more item: what it must satisfy, and the array afterwards.</summary>
    public (ArrayFrame Frame, NodeEntry Item)[] Alternatives => _alternatives ??= IsRead ? Differing() : Next();

    private (ArrayFrame, NodeEntry)[] Next()
    {
        var groups = new List<(NodeEntry Item, List<ArrayWay> Ways)>();
        foreach (var way in ways)
        {
            foreach (var (next, item, _) in way.Next(used))
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

    private (ArrayFrame, NodeEntry)[] Differing()
    {
        var result = new List<(ArrayFrame, NodeEntry)>();
        foreach (var (after, item) in Unlike())
        {
            if (rules.Automaton.Without(item, after.Pending!.Barred) is { } left)
                result.Add((after, left));
        }
        return [.. result];
    }

    /// <summary>The same where items matter, what an item must satisfy being as it stands: what it must differ from is told by the array.</summary>
    public IEnumerable<(ArrayFrame Frame, NodeEntry Item)> Unlike()
    {
        var alike = Taken.By(Taken, value => Count < value.GetArrayLength() ? value[Count] : null);
        foreach (var way in ways)
        {
            foreach (var (next, item, unlike) in way.Next(used))
            {
                var barred = unlike;
                foreach (var (text, taken) in alike.Value)
                {
                    var now = rules.IsUnique ? new Taken(text, used) : null;
                    if (!Completions.CanDiffer(rules.Automaton, [next], Count + 1, now, taken))
                        barred = new Taken(text, barred);
                }
                var pending = new Pending(null, barred, alike);
                yield return (new ArrayFrame(Parent, rules, [next], used) { Count = Count + 1, Pending = pending }, item);
            }
        }
    }

    /// <summary>The array about to read an item, the text before it being known.</summary>
    public ArrayFrame From(Capture? start) =>
        new(Parent, rules, ways, used) { Count = Count, Pending = Pending! with { Start = start } };

    public override ArrayFrame After(string item) =>
        new(Parent, rules, ways, rules.IsUnique ? new Taken(item, used) : null)
        {
            Count = Count,
            Taken = Pending!.Alike.Value.GetValueOrDefault(item),
        };

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
    public ArrayFrame Only(ArrayWay way) =>
        ways.Length == 1 ? this : new(Parent, rules, [way], used) { Taken = Taken, Count = Count };

    private bool IsTaken()
    {
        for (var list = Taken; list is not null; list = list.Next)
        {
            if (list.Value.GetArrayLength() == Count)
                return true;
        }
        return false;
    }
}

/// <summary>The bytes of a value being read, newest first.</summary>
internal sealed record Capture(Capture? Previous, byte Value, int Length)
{
    public Capture With(byte value) => new(this, value, Length + 1);

    public static byte[] Text(Capture? from, Capture? to)
    {
        var bytes = new byte[(to?.Length ?? 0) - (from?.Length ?? 0)];
        for (var (at, c) = (bytes.Length, to); at > 0; c = c!.Previous)
            bytes[--at] = c!.Value;
        return bytes;
    }
}
