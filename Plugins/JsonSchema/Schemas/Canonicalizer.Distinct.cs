using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Schemas;

/// <summary>Arrays whose items must differ: whether the places that still have to be filled can be, each with a value of its own.</summary>
internal sealed partial class Canonicalizer
{
    private const int PlacesLimit = 256;
    private const int WaysLimit = 1_000;

    /// <summary>Texts, as <see cref="CanonicalJson"/> writes them, of the values of a form that holds scalars only; null where there are more than a limit, or others.</summary>
    public IReadOnlyList<string>? Scalars(Node node, int limit)
    {
        if (node.Objects.Length > 0 || node.Arrays.Length > 0)
            return null;
        var texts = new HashSet<string>();
        if (node.Null)
            texts.Add("null");
        if (node.True)
            texts.Add("true");
        if (node.False)
            texts.Add("false");
        foreach (var set in node.Numbers)
        {
            if (set.Members(limit) is not { } members)
                return null;
            texts.UnionWith(members.Select(member => member.ToString()));
        }
        if (Strings(node.Strings, limit) is not { } strings)
            return null;
        texts.UnionWith(strings.Select(CanonicalJson.Quote));
        return texts.Count <= limit ? [.. texts] : null;
    }

    /// <summary>The strings of a language, where there are at most so many; null else.</summary>
    public IReadOnlyList<string>? Strings(Language language, int limit)
    {
        var texts = new List<string>();
        return LanguagePool.IsFinite(language) && List(language, "", limit, texts) ? texts : null;
    }

    private bool List(Language language, string before, int limit, List<string> texts)
    {
        if (!Pool.Alive(language))
            return true;
        if (language.Nullable)
            texts.Add(before);
        for (var scalar = 0; scalar <= CharSet.Last && texts.Count <= limit; scalar++)
        {
            if (scalar == 0xD800)
                scalar = 0xE000;
            var next = Pool.Derive(language, scalar);
            if (next == Pool.None)
                scalar = Pool.NextStart(language, scalar) - 1;
            else if (!List(next, before + char.ConvertFromUtf32(scalar), limit, texts))
                return false;
        }
        return texts.Count <= limit;
    }

    /// <summary>The ways to count an item for the values that an array must contain: what the item then satisfies, and the new counts.</summary>
    public IEnumerable<(Expression Item, int[] Matched)> Counted(ArrayShape shape, Expression item, int[] matched, int demand = 0)
    {
        Fuel.Spend();
        if (!IsInhabited(item))
            yield break;
        if (demand == matched.Length)
        {
            yield return (item, matched);
            yield break;
        }
        var (value, min, max) = shape.Contains[demand];
        if (matched[demand] < (max == int.MaxValue ? min : max))
        {
            var more = (int[])matched.Clone();
            more[demand]++;
            foreach (var way in Counted(shape, And(item, value), more, demand + 1))
                yield return way;
        }
        // Without an upper bound an item that matches may as well go uncounted.
        var without = max == int.MaxValue ? item : And(item, Not(value));
        foreach (var way in Counted(shape, without, matched, demand + 1))
            yield return way;
    }

    /// <summary>Whether the items that an array still needs can be found, all of them different and different from those taken.</summary>
    /// <param name="shape">The array; its items must differ.</param>
    /// <param name="index">How many items it has.</param>
    /// <param name="matched">How many of them count for each value that must be contained.</param>
    /// <param name="values">Texts of all values of an expression that are not taken, where there are at most so many; null else.</param>
    /// <param name="options">Receives every value that one of these places might need.</param>
    /// <remarks>
    /// The places are filled one after another, each way of counting by itself, and a place with few values is matched with one of them by
    /// augmenting paths. More than 256 places, and what takes too many ways to tell, count as possible.
    /// </remarks>
    public bool CanFill(
        ArrayShape shape,
        int index,
        int[] matched,
        Func<Expression, int, IReadOnlyList<string>?> values,
        HashSet<string>? options = null
    )
    {
        var places = (long)Math.Max(0, Math.Max(shape.Min, shape.Prefix.Length) - index);
        for (var i = 0; i < matched.Length; i++)
            places += Math.Max(0, shape.Contains[i].Min - matched[i]);
        if (places > PlacesLimit)
            return true;
        var ways = 0;
        return Fill(index, matched, new DistinctPlaces());

        bool Fill(int at, int[] counts, DistinctPlaces filled)
        {
            if (at >= shape.Min && shape.IsContained(counts))
                return true;
            if (at >= Reach(shape))
                return false;
            foreach (var (item, next) in Counted(shape, ItemAt(shape, at), counts))
            {
                // Once long enough, and past the prefix, an item that counts for nothing helps nothing.
                if (at >= shape.Min && at >= shape.Prefix.Length && next.AsSpan().SequenceEqual(counts))
                    continue;
                if (++ways > WaysLimit)
                    return true;
                // A place with more values than there are places is filled last, with one that is left over.
                if (values(item, (int)places) is not { } few)
                {
                    if (Fill(at + 1, next, filled))
                        return true;
                    continue;
                }
                options?.UnionWith(few);
                if (filled.With(few) is { } more && Fill(at + 1, next, more))
                    return true;
            }
            return false;
        }
    }

    /// <summary>Places that each have found a value of their own: immutable.</summary>
    private sealed class DistinctPlaces
    {
        private readonly List<IReadOnlyList<string>> _places = [];
        private readonly Dictionary<string, int> _holders = [];

        /// <summary>These and one more place; null when it cannot find a value, however the others move.</summary>
        public DistinctPlaces? With(IReadOnlyList<string> values)
        {
            var next = new DistinctPlaces();
            next._places.AddRange(_places);
            foreach (var (value, place) in _holders)
                next._holders.Add(value, place);
            next._places.Add(values);
            return next.Find(_places.Count, []) ? next : null;
        }

        private bool Find(int place, HashSet<string> tried)
        {
            foreach (var value in _places[place])
            {
                if (!tried.Add(value))
                    continue;
                if (_holders.TryGetValue(value, out var holder) && !Find(holder, tried))
                    continue;
                _holders[value] = place;
                return true;
            }
            return false;
        }
    }
}
