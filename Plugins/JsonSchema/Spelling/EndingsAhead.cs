using System.Numerics;
using System.Text;
using Tokenwright.Plugins.JsonSchema.Masks;

namespace Tokenwright.Plugins.JsonSchema.Spelling;

/// <summary>How the text ends after each token that a place allows: tokens that lead to the same ending stand together.</summary>
/// <remarks>
/// Most tokens of a vocabulary share one ending (a quote and what closes the rest), so these are not listed: they are all that no other group
/// holds. Safe for concurrent use.
/// </remarks>
internal sealed class EndingsAhead
{
    private readonly Group _rest;
    private readonly Group[] _others;

    private EndingsAhead(Group rest, Group[] others, int longest) => (_rest, _others, Longest) = (rest, others, longest);

    /// <summary>The most bytes that an ending takes; <see cref="int.MaxValue"/> where some token leads to where none is found.</summary>
    public int Longest { get; }

    /// <summary>Takes out of a mask the tokens whose ending does not fit.</summary>
    /// <param name="mask">What is allowed otherwise.</param>
    /// <param name="left">The most tokens that an ending may take.</param>
    /// <param name="tables">The vocabulary.</param>
    /// <param name="ends">Tokens that end the text: they stay.</param>
    public void Keep(Span<ulong> mask, int left, VocabularyTables tables, int[] ends)
    {
        if (_rest.Cost(left, tables) > left)
        {
            var kept = new ulong[mask.Length];
            foreach (var group in _others)
            {
                if (group.Cost(left, tables) <= left)
                    Set(kept, group.Tokens!);
            }
            foreach (var end in ends)
                kept[end >> 6] |= 1ul << end;
            for (var word = 0; word < mask.Length; word++)
                mask[word] &= kept[word];
            return;
        }
        foreach (var group in _others)
        {
            if (group.Cost(left, tables) > left)
                Clear(mask, group.Tokens!);
        }
    }

    private static void Set(Span<ulong> mask, TokenSet tokens)
    {
        if (tokens.Bits is { } bits)
        {
            for (var word = 0; word < bits.Length; word++)
                mask[word] |= bits[word];
        }
        foreach (var token in tokens.List)
            mask[token >> 6] |= 1ul << token;
    }

    private static void Clear(Span<ulong> mask, TokenSet tokens)
    {
        if (tokens.Bits is { } bits)
        {
            for (var word = 0; word < bits.Length; word++)
                mask[word] &= ~bits[word];
        }
        foreach (var token in tokens.List)
            mask[token >> 6] &= ~(1ul << token);
    }

    private sealed class Group(byte[]? ending, TokenSet? tokens)
    {
        private int _spelled = -1;

        /// <summary>Null for the group that is not listed.</summary>
        public TokenSet? Tokens => tokens;

        /// <summary>Tokens that the ending takes; where the bytes alone are few enough, their number.</summary>
        public int Cost(int enough, VocabularyTables tables)
        {
            if (ending is null)
                return int.MaxValue;
            if (ending.Length <= enough)
                return ending.Length;
            if (_spelled < 0)
                _spelled = TokenSpelling.Fewest(tables, ending)?.Length ?? int.MaxValue;
            return _spelled;
        }
    }

    /// <summary>Gathers tokens by their endings.</summary>
    /// <param name="words">Length of a mask.</param>
    public sealed class Builder(int words)
    {
        private readonly Dictionary<string, int> _places = [];
        private readonly List<(byte[]? Ending, ulong[] Tokens)> _groups = [];

        /// <summary>The number of the group of an ending; null stands for none found.</summary>
        public int Group(byte[]? ending)
        {
            // No text holds a byte 0xFF.
            var key = ending is null ? "\u00FF" : Encoding.Latin1.GetString(ending);
            if (!_places.TryGetValue(key, out var place))
            {
                _places.Add(key, place = _groups.Count);
                _groups.Add((ending, new ulong[words]));
            }
            return place;
        }

        /// <summary>Adds tokens to a group; each token is given once.</summary>
        public void Add(int group, ReadOnlySpan<int> tokens)
        {
            var bits = _groups[group].Tokens;
            foreach (var token in tokens)
                bits[token >> 6] |= 1ul << token;
        }

        /// <summary>What was gathered.</summary>
        public EndingsAhead Build()
        {
            var counts = _groups.ConvertAll(group => SchemaConstraint.Count(group.Tokens));
            var most = counts.Count == 0 ? -1 : counts.IndexOf(counts.Max());
            var others = new List<Group>();
            var longest = 0;
            for (var i = 0; i < _groups.Count; i++)
            {
                longest = Math.Max(longest, _groups[i].Ending?.Length ?? int.MaxValue);
                if (i != most)
                    others.Add(new Group(_groups[i].Ending, TokenSet.Of(List(_groups[i].Tokens, counts[i]), words)));
            }
            return new EndingsAhead(new Group(most < 0 ? [] : _groups[most].Ending, null), [.. others], longest);
        }

        private static int[] List(ulong[] bits, int count)
        {
            var tokens = new int[count];
            for (int word = 0, at = 0; word < bits.Length; word++)
            {
                for (var left = bits[word]; left != 0; left &= left - 1)
                    tokens[at++] = word * 64 + BitOperations.TrailingZeroCount(left);
            }
            return tokens;
        }
    }
}
