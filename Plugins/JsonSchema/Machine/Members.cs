using System.Runtime.InteropServices;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>One way to take an object: as which of its shapes, which demands for existence it has met, and how far the order has come.</summary>
/// <param name="Case">Place in <see cref="ObjectRules.Cases"/>.</param>
/// <param name="Met">The demands met, as bits.</param>
/// <param name="Passed">Named keys of a lower rank can no longer come; 0 where keys come in any order.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Way(int Case, ulong Met, int Passed);

/// <summary>Keys that no property names, already used in an object.</summary>
internal sealed record KeyList(byte[] Key, KeyList? Next)
{
    /// <summary>Whether some of them may be spelled with an escape.</summary>
    public bool IsEscapable { get; } = Next is { IsEscapable: true } || !StringDfa.IsPlainKey(Key);

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

/// <summary>
/// The members that an object has so far, and the ways to take it with them: immutable, whatever the object stands in. As long as values
/// do not tell the shapes apart, one object in the making stands for all of them.
/// </summary>
internal sealed class Members(ObjectRules rules, ulong[] seen, int count, KeyList? extra, Way[] ways)
{
    private const sbyte Yes = 1,
        No = 2;
    private const int Unknown = -1,
        Unnamed = -1;
    private (Members Members, NodeEntry Value)[]?[]? _after;
    private sbyte[]? _canAdd;
    private sbyte _canAddUnnamed;
    private sbyte _canClose;
    private sbyte _unnamedIsUniform;
    private sbyte _unnamedIsRich;
    private int _unnamedStart = Unknown;
    private (Members, NodeEntry)[]? _withUnnamed;
    private Joined? _joined;

    // Not UTF-8, so no key that is ever read.
    private static readonly byte[] NoKey = [0xFF];

    private sealed record Joined(Members Other, Members Both, Joined? Next);

    public ObjectRules Rules => rules;
    public ulong[] Seen => seen;
    public int Count => count;
    public KeyList? Extra => extra;
    public Way[] Ways => ways;

    /// <summary>The shape of the first way.</summary>
    public ObjectCase Lead => rules.Cases[ways[0].Case];

    public bool Has(int name) => (seen[name >> 6] >> name & 1) != 0;

    public bool Has(string key) =>
        rules.Index.TryGetValue(key, out var name) ? Has(name) : extra?.Contains(System.Text.Encoding.UTF8.GetBytes(key)) == true;

    public bool CanClose
    {
        get
        {
            if (_canClose == 0)
                _canClose = Array.Exists(ways, w => rules.Cases[w.Case].CanClose(seen, count, w.Met)) ? Yes : No;
            return _canClose == Yes;
        }
    }

    /// <summary>Whether a named key may come next: not used, with a value that exists, and leaving the object completable.</summary>
    public bool CanAdd(int name)
    {
        var memo = _canAdd ??= new sbyte[rules.Names.Length];
        if (memo[name] == 0)
            memo[name] = !Has(name) && FindCanAdd(name) ? Yes : No;
        return memo[name] == Yes;
    }

    private bool FindCanAdd(int name)
    {
        var added = Added(name);
        foreach (var (at, met, passed) in ways)
        {
            var shape = rules.Cases[at];
            if (
                shape.Rank(name) >= passed
                && shape.IsAllowed(name)
                && shape.CanComplete(added, count + 1, extra, shape.MetBy(name) | met, shape.PassedBy(name))
            )
                return true;
        }
        return false;
    }

    public bool CanAddUnnamed
    {
        get
        {
            if (_canAddUnnamed == 0)
                _canAddUnnamed = Array.Exists(ways, IsUnnamedNext) ? Yes : No;
            return _canAddUnnamed == Yes;
        }
    }

    private bool IsUnnamedNext(Way way)
    {
        var shape = rules.Cases[way.Case];
        return shape.Unnamed.Exist
            && shape.CanComplete(seen, count + 1, extra, shape.MetByUnnamed | way.Met, shape.PassedByUnnamed);
    }

    public bool CanAddAny
    {
        get
        {
            for (var i = 0; i < rules.Names.Length; i++)
            {
                if (CanAdd(i))
                    return true;
            }
            return UnnamedStart != ByteDfa.Dead;
        }
    }

    /// <summary>The automaton state at the start of an unnamed key; dead when none may come.</summary>
    public int UnnamedStart
    {
        get
        {
            if (_unnamedStart == Unknown)
            {
                lock (rules.Automaton.Gate)
                {
                    var pool = rules.Automaton.Canonicalizer.Pool;
                    var languages = ways.Where(IsUnnamedNext).Select(w => rules.Cases[w.Case].Unnamed).Distinct();
                    var language = pool.Or(languages.Select(keys => keys.Without(extra)).Distinct());
                    _unnamedStart = rules.Automaton.Keys.Start(language);
                }
            }
            return _unnamedStart;
        }
    }

    /// <summary>Whether any text that is not a name may be the next key.</summary>
    public bool UnnamedIsAll => UnnamedStart == rules.Automaton.Keys.Everything;

    /// <summary>Whether every unnamed key that may come leads to the same rules, some way is right for each, and there is no end of them.</summary>
    public bool UnnamedIsUniform
    {
        get
        {
            if (_unnamedIsUniform == 0)
            {
                var shapes = ways.Where(IsUnnamedNext).Select(w => rules.Cases[w.Case]).ToArray();
                _unnamedIsUniform =
                    Array.TrueForAll(shapes, s => s.Unnamed is { HaveOneRule: true, CanRunOut: false } && s.AllExistences == 0)
                    && Array.TrueForAll(shapes, s => s.Unnamed.Language == shapes[0].Unnamed.Language)
                        ? Yes
                        : No;
            }
            return _unnamedIsUniform == Yes;
        }
    }

    /// <summary>Whether unnamed keys stay infinitely many whatever has been typed.</summary>
    public bool UnnamedIsRich
    {
        get
        {
            if (_unnamedIsRich == 0)
                _unnamedIsRich = Array.TrueForAll(ways, w => rules.Cases[w.Case].Unnamed is { IsRich: true } or { Exist: false })
                    ? Yes
                    : No;
            return _unnamedIsRich == Yes;
        }
    }

    /// <summary>Whether some way still waits for a property to exist, so that a key may be right and yet not come.</summary>
    public bool HasDemands => Array.Exists(ways, w => rules.Cases[w.Case].AllExistences != 0);

    /// <summary>What the value of a named key may satisfy, and the object with it.</summary>
    public (Members Members, NodeEntry Value)[] With(int name) =>
        (_after ??= new (Members, NodeEntry)[]?[rules.Names.Length])[name] ??= Split(Added(name), extra, name);

    /// <summary>The same for a key that no property names.</summary>
    public (Members Members, NodeEntry Value)[] With(byte[] key) => Split(seen, new KeyList(key, extra), Unnamed);

    /// <summary>The same for a key that is like any other, where <see cref="UnnamedIsUniform"/>.</summary>
    public (Members Members, NodeEntry Value)[] WithUnnamed => _withUnnamed ??= With(NoKey);

    /// <summary>Ways whose value must satisfy the same go on together.</summary>
    private (Members, NodeEntry)[] Split(ulong[] nextSeen, KeyList? nextExtra, int name)
    {
        if (ways.Length == 1 && rules.Cases[ways[0].Case] is { AllExistences: 0 } only)
        {
            var next = Passed(only, name, ways[0].Passed);
            return
                next != Unknown
                && Values(only, name, nextExtra) is [var (_, value)]
                && only.CanComplete(nextSeen, count + 1, nextExtra, 0, next)
                ? [(new Members(rules, nextSeen, count + 1, nextExtra, [new Way(ways[0].Case, 0, next)]), value)]
                : [];
        }
        var groups = new List<(NodeEntry Value, List<Way> Ways)>();
        var places = new Dictionary<NodeEntry, int>();
        foreach (var (at, met, passed) in ways)
        {
            var shape = rules.Cases[at];
            var next = Passed(shape, name, passed);
            if (next == Unknown)
                continue;
            foreach (var (alsoMet, value) in Values(shape, name, nextExtra))
            {
                if (!shape.CanComplete(nextSeen, count + 1, nextExtra, met | alsoMet, next))
                    continue;
                if (!places.TryGetValue(value, out var place))
                {
                    places.Add(value, place = groups.Count);
                    groups.Add((value, []));
                }
                var way = new Way(at, met | alsoMet, next);
                // Only demands can bring two ways together.
                if (shape.AllExistences == 0 || !groups[place].Ways.Contains(way))
                    groups[place].Ways.Add(way);
            }
        }
        var split = new (Members, NodeEntry)[groups.Count];
        for (var i = 0; i < split.Length; i++)
            split[i] = (new Members(rules, nextSeen, count + 1, nextExtra, [.. groups[i].Ways]), groups[i].Value);
        return split;
    }

    private (ulong Met, NodeEntry Value)[] Values(ObjectCase shape, int name, KeyList? withKey) =>
        name != Unnamed ? shape.Values(name)
        : shape.Unnamed.Exist ? shape.UnnamedValues(withKey!.Key, UnnamedIsUniform)
        : [];

    private static int Passed(ObjectCase shape, int name, int passed) =>
        name == Unnamed ? shape.PassedByUnnamed
        : shape.Rank(name) < passed ? Unknown
        : shape.PassedBy(name);

    /// <summary>Whether both are the same members, taken in ways of their own.</summary>
    public bool CanJoin(Members other) =>
        other == this
        || other.Rules == rules
            && other.Count == count
            && ReferenceEquals(other.Extra, extra)
            && other.Seen.AsSpan().SequenceEqual(seen);

    /// <summary>The members with the ways of both.</summary>
    public Members Join(Members other)
    {
        if (other == this)
            return this;
        for (var known = _joined; known is not null; known = known.Next)
        {
            if (known.Other == other)
                return known.Both;
        }
        Way[] both = [.. ways.Union(other.Ways)];
        var result = both.Length == ways.Length ? this : new Members(rules, seen, count, extra, both);
        _joined = new(other, result, _joined);
        return result;
    }

    /// <summary>The members taken in one way only.</summary>
    public Members Only(Way way) => ways.Length == 1 ? this : new(rules, seen, count, extra, [way]);

    private ulong[] Added(int name)
    {
        var added = (ulong[])seen.Clone();
        added[name >> 6] |= 1ul << name;
        return added;
    }
}
