using System.Text;
using Tokenwright.Plugins.JsonSchema.Regular;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>Looks through what an open object or array can still become for something that is not taken.</summary>
/// <remarks>
/// Whatever can be added can be brought to an end, so one place with more values than are taken, or with endlessly many, settles it. What takes
/// more work than the limit to tell counts as possible.
/// </remarks>
internal sealed class Completions
{
    private const int WorkLimit = 10_000;
    private const int LeastListed = 64;
    private readonly Automaton _automaton;
    private readonly int _limit;
    private readonly HashSet<NodeEntry> _open;
    private int _work;

    private Completions(Automaton automaton, int limit, HashSet<NodeEntry> open) =>
        (_automaton, _limit, _open) = (automaton, limit, open);

    /// <summary>Whether an object with some members, in which all of those taken agree with it, can become another than these.</summary>
    public static bool CanDiffer(Members members, Taken taken)
    {
        HashSet<string>? rests = null;
        return new Completions(members.Rules.Automaton, taken.Count, []).Objects(
            members,
            [],
            text => !(rests ??= Rests(members, taken)).Contains(text)
        );
    }

    /// <summary>The same for an array with so many items, taken in one of some ways.</summary>
    public static bool CanDiffer(Automaton automaton, ArrayWay[] ways, int count, Taken? used, Taken taken)
    {
        HashSet<string>? rests = null;
        return new Completions(automaton, taken.Count, []).Arrays(
            ways,
            used,
            [],
            text => !(rests ??= Rests(count, taken)).Contains(text)
        );
    }

    /// <summary>Whether an object with some members can become more than so many others: without looking at these.</summary>
    public static bool IsEndless(Members members, int count) =>
        new Completions(members.Rules.Automaton, count, []).HasEndlessMember(members, 0);

    /// <summary>All values of a form, as canonical texts; null where there are more than a limit.</summary>
    public static IReadOnlyList<string>? Values(Automaton automaton, NodeEntry entry, int limit) =>
        new Completions(automaton, limit, []).Values(entry);

    private static HashSet<string> Rests(Members members, Taken? taken)
    {
        var rests = new HashSet<string>();
        for (; taken is not null; taken = taken.Next)
        {
            var rest = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var member in taken.Value.EnumerateObject())
            {
                if (!members.Has(member.Name))
                    rest.Add(member.Name, CanonicalJson.Write(member.Value));
            }
            rests.Add(Text(rest));
        }
        return rests;
    }

    private static HashSet<string> Rests(int count, Taken? taken)
    {
        var rests = new HashSet<string>();
        for (; taken is not null; taken = taken.Next)
            rests.Add(Text(taken.Value.EnumerateArray().Skip(count).Select(CanonicalJson.Write)));
        return rests;
    }

    private static string Text(SortedDictionary<string, string> members) =>
        $"{{{string.Concat(members.Select(m => $"{CanonicalJson.Quote(m.Key)}:{m.Value},"))}}}";

    private static string Text(IEnumerable<string> items) => $"[{string.Concat(items.Select(item => item + ","))}]";

    private IReadOnlyList<string>? Values(NodeEntry entry, int more = 0)
    {
        var most = _limit + more;
        var known = entry.Values;
        if (known is null || known.All is null && known.Limit < most)
        {
            // A value that may hold one of its own form has no end of them.
            if (!_open.Add(entry))
                return null;
            var limit = Math.Max(most, LeastListed);
            known = new(limit, new Completions(_automaton, limit, _open).List(entry));
            _open.Remove(entry);
            entry.Values = known;
        }
        return known.All?.Count <= most ? known.All : null;
    }

    private string[]? List(NodeEntry entry)
    {
        var texts = new HashSet<string>();
        if (entry.Objects is { } objects && Objects(objects.None, [], IsTooMuch))
            return null;
        foreach (var rules in entry.Arrays)
        {
            if (Arrays(rules.None, null, [], IsTooMuch))
                return null;
        }
        lock (_automaton.Gate)
        {
            if (_automaton.Canonicalizer.Scalars(ScalarsOf(entry.Node), _limit) is not { } scalars)
                return null;
            texts.UnionWith(scalars);
        }
        return texts.Count <= _limit ? [.. texts] : null;

        bool IsTooMuch(string text) => texts.Add(text) && texts.Count > _limit;
    }

    private static Node ScalarsOf(Node node) =>
        new()
        {
            Null = node.Null,
            True = node.True,
            False = node.False,
            Numbers = node.Numbers,
            Strings = node.Strings,
        };

    /// <summary>Offers what an object can still become, without its members so far, until something is found; true as well where there is no end of it.</summary>
    private bool Objects(Members members, SortedDictionary<string, string> added, Func<string, bool> isFound, int from = 0)
    {
        if (++_work > WorkLimit)
            return true;
        var rules = members.Rules;
        // Where keys come in any order, one order of them stands for all.
        var first = rules.Automaton.KeyOrder == KeyOrder.Schema ? 0 : from;
        if (HasEndlessMember(members, first))
            return true;
        IReadOnlyList<string>? unnamed = [];
        if (members.UnnamedStart != ByteDfa.Dead)
        {
            lock (_automaton.Gate)
                unnamed = _automaton.Canonicalizer.Strings(_automaton.Keys.LanguageOf(members.UnnamedStart), _limit);
            if (unnamed is null)
                return true;
        }
        if (members.CanClose && isFound(Text(added)))
            return true;
        for (var name = first; name < rules.Names.Length; name++)
        {
            if (members.CanAdd(name) && Members(members.With(name), rules.NameTexts[name], added, isFound, name + 1))
                return true;
        }
        foreach (var key in unnamed)
        {
            if (added.Keys.Any(other => !rules.Index.ContainsKey(other) && string.CompareOrdinal(other, key) > 0))
                continue;
            if (Members(members.With(Encoding.UTF8.GetBytes(key)), key, added, isFound, rules.Names.Length))
                return true;
        }
        return false;
    }

    private bool HasEndlessMember(Members members, int first)
    {
        for (var name = first; name < members.Rules.Names.Length; name++)
        {
            if (members.CanAdd(name) && Array.Exists(members.With(name), way => Values(way.Value) is null))
                return true;
        }
        return false;
    }

    private bool Members(
        (Members Members, NodeEntry Value)[] ways,
        string key,
        SortedDictionary<string, string> added,
        Func<string, bool> isFound,
        int from
    )
    {
        foreach (var (next, entry) in ways)
        {
            if (Values(entry) is not { } values)
                return true;
            foreach (var value in values)
            {
                added[key] = value;
                if (Objects(next, added, isFound, from))
                    return true;
            }
        }
        added.Remove(key);
        return false;
    }

    private bool Arrays(ArrayWay[] ways, Taken? used, List<string> added, Func<string, bool> isFound)
    {
        if (++_work > WorkLimit)
            return true;
        if (Array.Exists(ways, way => way.CanClose) && isFound(Text(added)))
            return true;
        foreach (var way in ways)
        {
            foreach (var (next, entry, barred) in way.Next(used))
            {
                // Items that may repeat, in places that are all alike, have no end.
                if (next == way && !way.Shape.IsUnique || Values(entry, barred?.Count ?? 0) is not { } values)
                    return true;
                foreach (var value in values)
                {
                    if (barred?.Contains(value) == true)
                        continue;
                    added.Add(value);
                    if (Arrays([next], way.Shape.IsUnique ? new Taken(value, used) : null, added, isFound))
                        return true;
                    added.RemoveAt(added.Count - 1);
                }
            }
        }
        return false;
    }
}
