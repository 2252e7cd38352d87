using System.Numerics;
using System.Text;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>One <see cref="ObjectShape"/> made ready for reading: demands as bits over the names of its <see cref="ObjectRules"/>.</summary>
internal sealed class ObjectCase
{
    private readonly ObjectRules _rules;
    private readonly ObjectShape _shape;
    private readonly Automaton _automaton;
    private readonly Canonicalizer _canonicalizer;
    private readonly Expression?[] _values;
    private readonly sbyte[] _allowed;
    private readonly ulong[] _required;
    private readonly (int Trigger, int[] Needed)[] _dependencies;
    private readonly Existence[] _existences;
    private readonly (ulong, NodeEntry)[]?[] _entries;
    private (ulong, NodeEntry)[]? _unnamed;
    private readonly int[] _rank;
    private readonly bool _isOrdered;

    public ObjectCase(ObjectRules rules, ObjectShape shape, UnnamedKeys unnamed, NameOrder order)
    {
        _rules = rules;
        _shape = shape;
        _automaton = rules.Automaton;
        _canonicalizer = _automaton.Canonicalizer;
        Unnamed = unnamed;
        var names = rules.Names.Length;
        _values = new Expression?[names];
        _allowed = new sbyte[names];
        _entries = new (ulong, NodeEntry)[]?[names];
        _isOrdered = _automaton.KeyOrder == KeyOrder.Schema;
        (ListedOrder, _rank) = (order.Listed, order.Rank);
        _required = new ulong[names / 64 + 1];
        foreach (var name in Canonicalizer.Closure(shape))
            Set(_required, rules.Index[name]);
        _dependencies =
        [
            .. shape.Dependencies.Select(d => (rules.Index[d.Trigger], d.Needed.Select(n => rules.Index[n]).ToArray())),
        ];
        _existences = shape.Existences;
        AllExistences = (1ul << _existences.Length) - 1;
        for (var i = 0; i < _existences.Length; i++)
            MetByUnnamed |= unnamed.CanMeet(_existences[i]) ? 1ul << i : 0;
    }

    /// <summary>The named keys as the schema lists them; those it does not list come last.</summary>
    public int[] ListedOrder { get; }

    /// <summary>Every demand that some property exists, as bits.</summary>
    public ulong AllExistences { get; }

    /// <summary>The keys that no property names.</summary>
    public UnnamedKeys Unnamed { get; }

    /// <summary>Which demands for existence some unnamed key could meet.</summary>
    public ulong MetByUnnamed { get; }

    /// <summary>Whether there is always one more key to add.</summary>
    public bool IsOpen => Unnamed is { Exist: true, IsRich: true } && _shape.Max == int.MaxValue;

    /// <summary>The place of a named key in the order.</summary>
    public int Rank(int name) => _rank[name];

    /// <summary>The least rank that may follow a named key.</summary>
    public int PassedBy(int name) => _isOrdered ? _rank[name] + 1 : 0;

    /// <summary>The least rank that may follow a key that no property names: where there is an order, those come last.</summary>
    public int PassedByUnnamed => _isOrdered ? _rules.Names.Length : 0;

    /// <summary>Whether an object with these keys may end.</summary>
    public bool CanClose(ulong[] seen, int count, ulong met) =>
        count >= _shape.Min && met == AllExistences && Missing(seen, Needed(seen)) == 0;

    /// <summary>Whether some value is right for a named key.</summary>
    public bool IsAllowed(int name)
    {
        if (_allowed[name] == 0)
        {
            lock (_automaton.Gate)
                _allowed[name] = _canonicalizer.IsInhabited(Value(name)) ? (sbyte)1 : (sbyte)2;
        }
        return _allowed[name] == 1;
    }

    /// <summary>Which demands for existence the value of a named key could meet.</summary>
    public ulong MetBy(int name)
    {
        var met = 0ul;
        for (var i = 0; i < _existences.Length; i++)
        {
            lock (_automaton.Gate)
            {
                if (
                    _canonicalizer.Pool.Matches(_existences[i].Keys, _rules.NameTexts[name])
                    && _canonicalizer.IsInhabited(_canonicalizer.And(Value(name), _existences[i].Value))
                )
                    met |= 1ul << i;
            }
        }
        return met;
    }

    /// <summary>Whether a key is required, in view of those seen, and still to come.</summary>
    public bool IsMissing(ulong[] seen, int name) => !Get(seen, name) && Get(Needed(seen), name);

    private static int Missing(ulong[] seen, ulong[] needed)
    {
        var missing = 0;
        for (var i = 0; i < needed.Length; i++)
            missing += BitOperations.PopCount(needed[i] & ~seen[i]);
        return missing;
    }

    private ulong[] Needed(ulong[] seen)
    {
        if (_dependencies.Length == 0)
            return _required;
        var needed = (ulong[])_required.Clone();
        for (var i = 0; i < needed.Length; i++)
            needed[i] |= seen[i];
        for (var grown = true; grown; )
        {
            grown = false;
            foreach (var (trigger, names) in _dependencies)
            {
                if (!Get(needed, trigger))
                    continue;
                foreach (var name in names)
                {
                    grown |= !Get(needed, name);
                    Set(needed, name);
                }
            }
        }
        return needed;
    }

    /// <summary>Whether an object with these keys can still be brought to an end.</summary>
    public bool CanComplete(ulong[] seen, int count, KeyList? extra, ulong met, int passed)
    {
        var needed = _required;
        if (_dependencies.Length > 0)
        {
            needed = Needed(seen);
            for (var i = 0; i < _rank.Length; i++)
            {
                if (Get(needed, i) && !Get(seen, i) && !IsAllowed(i))
                    return false;
            }
        }
        var missing = Missing(seen, needed);
        if (count + missing > _shape.Max)
            return false;
        for (var i = 0; i < _rank.Length && passed > 0; i++)
        {
            if (Get(needed, i) && !Get(seen, i) && _rank[i] < passed)
                return false;
        }
        if (count + missing < _shape.Min && !HasRoom(seen, needed, extra, _shape.Min - count - missing, passed))
            return false;
        return met == AllExistences || CanStillExist(seen, needed, count + missing, met, passed);
    }

    private bool HasRoom(ulong[] seen, ulong[] needed, KeyList? extra, int missing, int passed)
    {
        if (Unnamed.Exist && Unnamed.IsRich)
            return true;
        for (var i = 0; i < _rank.Length && missing > 0; i++)
        {
            if (!Get(seen, i) && !Get(needed, i) && _rank[i] >= passed && IsAllowed(i))
                missing--;
        }
        if (missing <= 0)
            return true;
        lock (_automaton.Gate)
            return Unnamed.HasRoom(missing, extra);
    }

    private bool CanStillExist(ulong[] seen, ulong[] needed, int count, ulong met, int passed)
    {
        var possible = count < _shape.Max ? MetByUnnamed : 0;
        for (var i = 0; i < _rank.Length; i++)
        {
            if (!Get(seen, i) && _rank[i] >= passed && IsAllowed(i) && (Get(needed, i) || count < _shape.Max))
                possible |= MetBy(i);
        }
        return (met | possible) == AllExistences;
    }

    /// <summary>What the value of a named key may satisfy, and the demands it then meets.</summary>
    public (ulong Met, NodeEntry Value)[] Values(int name)
    {
        if (_entries[name] is { } known)
            return known;
        lock (_automaton.Gate)
            return _entries[name] = Alternatives(Value(name), _rules.NameTexts[name]);
    }

    /// <summary>The same for a key that no property names.</summary>
    /// <param name="key">The key.</param>
    /// <param name="isOne">Whether it is known to be one that there may be.</param>
    public (ulong Met, NodeEntry Value)[] UnnamedValues(byte[] key, bool isOne)
    {
        // With one rule, and nothing demanded of some key, one is like any other.
        var isLikeAny = Unnamed.HaveOneRule && AllExistences == 0 && (isOne || Unnamed.Language == _canonicalizer.Pool.All);
        if (isLikeAny && _unnamed is { } known)
            return known;
        lock (_automaton.Gate)
        {
            if (isLikeAny)
                return _unnamed = Alternatives(Unnamed.Value(key), "");
            var text = Encoding.UTF8.GetString(key);
            return isOne || _canonicalizer.Pool.Matches(Unnamed.Language, text) ? Alternatives(Unnamed.Value(key), text) : [];
        }
    }

    private Expression Value(int name) => _values[name] ??= _canonicalizer.ValueFor(_shape, _rules.NameTexts[name]);

    private (ulong, NodeEntry)[] Alternatives(Expression value, string key)
    {
        var relevant = 0ul;
        for (var i = 0; i < _existences.Length; i++)
        {
            if (_canonicalizer.Pool.Matches(_existences[i].Keys, key))
                relevant |= 1ul << i;
        }
        if (relevant == 0)
            return Entry(value)?.Alone ?? [];
        var result = new List<(ulong, NodeEntry)>();
        // Every subset of the demands may be the one that this value meets.
        for (var subset = relevant; ; subset = (subset - 1) & relevant)
        {
            var all = value;
            for (var i = 0; i < _existences.Length; i++)
            {
                if ((subset >> i & 1) != 0)
                    all = _canonicalizer.And(all, _existences[i].Value);
            }
            if (Entry(all) is { } entry)
                result.Add((subset, entry));
            if (subset == 0)
                return [.. result];
        }
    }

    private NodeEntry? Entry(Expression value) => _canonicalizer.IsInhabited(value) ? _automaton.Entry(value) : null;

    private static bool Get(ulong[] bits, int at) => (bits[at >> 6] >> at & 1) != 0;

    private static void Set(ulong[] bits, int at) => bits[at >> 6] |= 1ul << at;
}
