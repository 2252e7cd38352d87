using System.Numerics;
using System.Text;
using Tokenwright.Plugins.JsonSchema.Regular;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>An <see cref="ObjectShape"/> made ready for reading: names as sorted bytes, demands as bits.</summary>
internal sealed class ObjectRules
{
    private readonly Automaton _automaton;
    private readonly Canonicalizer _canonicalizer;
    private readonly Expression[] _values;
    private readonly sbyte[] _allowed;
    private readonly ulong[] _required;
    private readonly (int Trigger, int[] Needed)[] _dependencies;
    private readonly Existence[] _existences;
    private readonly (Language Keys, Expression Value)[]? _cells;
    private readonly Language _unnamed;
    private readonly (ulong, NodeEntry)[]?[] _entries;
    private readonly int[] _rank;
    private readonly bool _isOrdered;

    public ObjectRules(Automaton automaton, ObjectShape shape)
    {
        _automaton = automaton;
        _canonicalizer = automaton.Canonicalizer;
        Min = shape.Min;
        Max = shape.Max;
        var names = new HashSet<string>(shape.Properties.Select(p => p.Name));
        names.UnionWith(shape.Required);
        foreach (var (trigger, needed) in shape.Dependencies)
        {
            names.Add(trigger);
            names.UnionWith(needed);
        }
        var sorted = names.Select(n => (Text: n, Bytes: Encoding.UTF8.GetBytes(n))).ToArray();
        Array.Sort(sorted, (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes));
        NameTexts = [.. sorted.Select(s => s.Text)];
        Names = [.. sorted.Select(s => s.Bytes)];
        _values = [.. NameTexts.Select(n => _canonicalizer.ValueFor(shape, n))];
        FirstKey = new KeyState(0, Names.Length, [], []);
        _allowed = new sbyte[Names.Length];
        _entries = new (ulong, NodeEntry)[]?[Names.Length];
        _isOrdered = automaton.KeyOrder == KeyOrder.Schema;
        ListedOrder = Listed(shape.Order, NameTexts);
        _rank = new int[Names.Length];
        for (var i = 0; i < ListedOrder.Length; i++)
            _rank[ListedOrder[i]] = i;
        _required = new ulong[Names.Length / 64 + 1];
        var index = new Dictionary<string, int>(Names.Length);
        for (var i = 0; i < NameTexts.Length; i++)
            index.Add(NameTexts[i], i);
        foreach (var name in Canonicalizer.Closure(shape))
            Set(_required, index[name]);
        _dependencies = [.. shape.Dependencies.Select(d => (index[d.Trigger], d.Needed.Select(n => index[n]).ToArray()))];
        _existences = shape.Existences;
        AllExistences = (1ul << _existences.Length) - 1;
        if (shape.Layers.All(l => l.Patterns.Length == 0))
        {
            var value = _canonicalizer.ValueFor(shape.Layers, "");
            HasUnnamed = _canonicalizer.IsInhabited(value);
            _cells = [(_canonicalizer.Pool.All, value)];
            _unnamed = HasUnnamed ? _canonicalizer.Pool.All : _canonicalizer.Pool.None;
        }
        else
        {
            _cells = [.. _canonicalizer.Cells(shape).Where(c => _canonicalizer.IsInhabited(c.Value))];
            _unnamed = _canonicalizer.Pool.Or(_cells.Select(c => c.Keys));
            if (_cells.Length > 1 && NothingLeftOut(shape))
                _unnamed = _canonicalizer.Pool.All;
            HasUnnamed = _canonicalizer.Pool.Alive(_unnamed);
        }
        IsRich = LanguagePool.IsRich(_unnamed);
        for (var i = 0; i < _existences.Length; i++)
        {
            if (
                _cells.Any(c =>
                    _canonicalizer.Pool.Alive(_canonicalizer.Pool.And(c.Keys, _existences[i].Keys))
                    && _canonicalizer.IsInhabited(_canonicalizer.And(c.Value, _existences[i].Value))
                )
            )
                MetByUnnamed |= 1ul << i;
        }
    }

    public byte[][] Names { get; }

    /// <summary>The named keys as the schema lists them; those it does not list come last.</summary>
    public int[] ListedOrder { get; }
    public string[] NameTexts { get; }
    public int Min { get; }
    public int Max { get; }
    public ulong AllExistences { get; }

    /// <summary>Whether keys that no property names are possible at all.</summary>
    public bool HasUnnamed { get; }

    /// <summary>Whether the unnamed keys stay infinitely many whatever has been typed.</summary>
    public bool IsRich { get; }

    /// <summary>Whether any text is an unnamed key.</summary>
    public bool UnnamedIsAll => _unnamed == _canonicalizer.Pool.All;

    /// <summary>Whether every unnamed key leads to the same rule.</summary>
    public bool HasOneCell => _cells!.Length <= 1;

    /// <summary>Which demands for existence some unnamed key could meet.</summary>
    public ulong MetByUnnamed { get; }

    /// <summary>Where every key begins.</summary>
    public KeyState FirstKey { get; }

    /// <summary>The object right after its opening brace.</summary>
    public ObjectFrame Begin(Frame? parent)
    {
        var known = _lastFrame;
        if (known is not null && ReferenceEquals(known.Parent, parent))
            return known;
        return _lastFrame = new ObjectFrame(parent, this, new ulong[_required.Length], 0, null, 0);
    }

    private ObjectFrame? _lastFrame;

    /// <summary>The object right after its opening brace, in no other.</summary>
    public ObjectFrame Alone() => new(null, this, new ulong[_required.Length], 0, null, 0);

    /// <summary>The place of a named key in the order.</summary>
    public int Rank(int name) => _rank[name];

    /// <summary>The least rank that may follow a named key.</summary>
    public int PassedBy(int name) => _isOrdered ? _rank[name] + 1 : 0;

    /// <summary>The least rank that may follow a key that no property names: where there is an order, those come last.</summary>
    public int PassedByUnnamed => _isOrdered ? Names.Length : 0;

    public bool IsAllowed(int name)
    {
        if (_allowed[name] == 0)
        {
            lock (_automaton.Gate)
                _allowed[name] = _canonicalizer.IsInhabited(_values[name]) ? (sbyte)1 : (sbyte)2;
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
                    _canonicalizer.Pool.Matches(_existences[i].Keys, NameTexts[name])
                    && _canonicalizer.IsInhabited(_canonicalizer.And(_values[name], _existences[i].Value))
                )
                    met |= 1ul << i;
            }
        }
        return met;
    }

    /// <summary>How many required keys are still to come.</summary>
    public int Missing(ulong[] seen)
    {
        var needed = Needed(seen);
        var missing = 0;
        for (var i = 0; i < needed.Length; i++)
            missing += BitOperations.PopCount(needed[i] & ~seen[i]);
        return missing;
    }

    /// <summary>Whether a key is required, in view of those seen, and still to come.</summary>
    public bool IsMissing(ulong[] seen, int name) => !Get(seen, name) && Get(Needed(seen), name);

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
        var missing = 0;
        if (_dependencies.Length > 0)
        {
            needed = Needed(seen);
            for (var i = 0; i < Names.Length; i++)
            {
                if (Get(needed, i) && !Get(seen, i) && !IsAllowed(i))
                    return false;
            }
        }
        for (var i = 0; i < needed.Length; i++)
            missing += BitOperations.PopCount(needed[i] & ~seen[i]);
        if (count + missing > Max)
            return false;
        for (var i = 0; i < Names.Length && passed > 0; i++)
        {
            if (Get(needed, i) && !Get(seen, i) && _rank[i] < passed)
                return false;
        }
        if (count + missing < Min && !HasRoom(seen, needed, extra, Min - count - missing, passed))
            return false;
        return met == AllExistences || CanStillExist(seen, needed, count + missing, met, passed);
    }

    private bool HasRoom(ulong[] seen, ulong[] needed, KeyList? extra, int missing, int passed)
    {
        if (HasUnnamed && IsRich)
            return true;
        for (var i = 0; i < Names.Length && missing > 0; i++)
        {
            if (!Get(seen, i) && !Get(needed, i) && _rank[i] >= passed && IsAllowed(i))
                missing--;
        }
        if (missing <= 0 || !HasUnnamed)
            return missing <= 0;
        if (!LanguagePool.IsFinite(_unnamed))
            return true;
        for (var list = extra; list is not null; list = list.Next)
            missing++;
        lock (_automaton.Gate)
            return _canonicalizer.CountStrings(_unnamed, missing) >= missing;
    }

    private bool CanStillExist(ulong[] seen, ulong[] needed, int count, ulong met, int passed)
    {
        var possible = count < Max ? MetByUnnamed : 0;
        for (var i = 0; i < Names.Length; i++)
        {
            if (!Get(seen, i) && _rank[i] >= passed && IsAllowed(i) && (Get(needed, i) || count < Max))
                possible |= MetBy(i);
        }
        return (met | possible) == AllExistences;
    }

    /// <summary>The automaton state at the start of an unnamed key; dead when none may come.</summary>
    public int UnnamedStart(KeyList? extra)
    {
        if (!HasUnnamed)
            return ByteDfa.Dead;
        lock (_automaton.Gate)
        {
            var language = _unnamed;
            // Where keys can run out, used ones are taken out of the language, so that no prefix leads nowhere.
            if (!IsRich)
            {
                var used = new List<string>();
                for (var list = extra; list is not null; list = list.Next)
                    used.Add(Encoding.UTF8.GetString(list.Key));
                if (used.Count > 0)
                    language = _canonicalizer.Pool.And(language, _canonicalizer.Pool.Not(_canonicalizer.Pool.OneOf(used)));
            }
            return _automaton.Strings.Start(language);
        }
    }

    /// <summary>The ways to read the value of a named key: the frame it belongs to, and what it must satisfy.</summary>
    public void NamedValues(ObjectFrame frame, int name, Capture? text, List<Thread> into)
    {
        var entries = _entries[name];
        if (entries is null)
        {
            lock (_automaton.Gate)
                _entries[name] = entries = Alternatives(_values[name], NameTexts[name]);
        }
        foreach (var (met, entry) in entries)
        {
            if (frame.With(name, met) is { } next)
                into.Add(new(Phase.Colon, 0, 0, entry, next, text));
        }
    }

    /// <summary>The same for a key that no property names.</summary>
    public void UnnamedValues(ObjectFrame frame, byte[] key, Capture? text, List<Thread> into)
    {
        (ulong, NodeEntry)[] entries;
        lock (_automaton.Gate)
            entries = Alternatives(UnnamedValue(key), Encoding.UTF8.GetString(key));
        foreach (var (met, entry) in entries)
        {
            if (frame.With(key, met) is { } next)
                into.Add(new(Phase.Colon, 0, 0, entry, next, text));
        }
    }

    private Expression UnnamedValue(byte[] key)
    {
        if (_cells!.Length == 1)
            return _cells[0].Value;
        var text = Encoding.UTF8.GetString(key);
        foreach (var (keys, value) in _cells)
        {
            if (_canonicalizer.Pool.Matches(keys, text))
                return value;
        }
        return _canonicalizer.False;
    }

    private (ulong, NodeEntry)[] Alternatives(Expression value, string key)
    {
        var relevant = 0ul;
        for (var i = 0; i < _existences.Length; i++)
        {
            if (_canonicalizer.Pool.Matches(_existences[i].Keys, key))
                relevant |= 1ul << i;
        }
        if (relevant == 0)
            return Entry(value) is { } only ? [(0ul, only)] : [];
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

    private bool NothingLeftOut(ObjectShape shape) =>
        shape.Layers.All(l => l.Additional != _canonicalizer.False && l.Patterns.All(p => p.Value != _canonicalizer.False))
        && _cells!.Length == _canonicalizer.Cells(shape).Count;

    private static int[] Listed(string[] order, string[] names)
    {
        var index = new Dictionary<string, int>(names.Length);
        for (var i = 0; i < names.Length; i++)
            index.Add(names[i], i);
        var listed = new List<int>(names.Length);
        foreach (var name in order)
        {
            if (index.Remove(name, out var at))
                listed.Add(at);
        }
        listed.AddRange(index.Values.Order());
        return [.. listed];
    }

    private static bool Get(ulong[] bits, int at) => (bits[at >> 6] >> at & 1) != 0;

    private static void Set(ulong[] bits, int at) => bits[at >> 6] |= 1ul << at;
}
