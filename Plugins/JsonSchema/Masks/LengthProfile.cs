using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>
/// The tokens below a node by how many characters of a string they take, so that the mask for any bounds on a string's length is
/// a selection and not a walk.
/// </summary>
internal sealed class LengthProfile
{
    private readonly int _words;
    private readonly LexemeMask _free;

    // Sorted by length; a token that stops inside a character needs that one too.
    private readonly int[] _inside;
    private readonly int[] _upTo;
    private readonly (int Token, int Length)[] _closing;
    private readonly (int Node, int Length)[] _closings;
    private readonly (int Node, int Length)[] _ends;

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public LengthProfile(Trie trie, int node, StringDfa strings, Language set, int words)
    {
        _words = words;
        int start;
        lock (strings.Pool.Gate)
            start = strings.Start(strings.Pool.Loop(set, 0, Language.Unbounded));
        _free = LexemeMask.Walk(trie, node, strings, start, words);
        var inside = new List<(int Token, int Length)>();
        var closing = new List<(int, int)>();
        var lengths = new Dictionary<int, int>();
        var states = new int[258];
        var counts = new int[258];
        states[0] = start;
        for (var i = node + 1; i < trie.After[node]; )
        {
            var depth = trie.Depth[i] - trie.Depth[node];
            var next = strings.Next(states[depth - 1], trie.Bytes[i]);
            var count = counts[depth - 1];
            if (next == ByteDfa.Closed)
            {
                lengths[i] = count;
                foreach (var token in trie.Tokens(i))
                    closing.Add((token, count));
            }
            if (next is ByteDfa.Dead or ByteDfa.Closed)
            {
                i = trie.After[i];
                continue;
            }
            var between = strings.IsBetweenCharacters(next);
            states[depth] = next;
            counts[depth] = count + (between ? 1 : 0);
            foreach (var token in trie.Tokens(i))
                inside.Add((token, count + 1));
            i++;
        }
        inside.Sort((a, b) => a.Length.CompareTo(b.Length));
        _inside = [.. inside.Select(t => t.Token)];
        _upTo = new int[260];
        foreach (var (_, length) in inside)
            _upTo[length + 1]++;
        for (var i = 1; i < _upTo.Length; i++)
            _upTo[i] += _upTo[i - 1];
        _closing = [.. closing];
        _closings = [.. _free.Closings.Select(n => (n, lengths[n]))];
        _ends = [.. _free.Ends.Select(n => (n, lengths[n]))];
    }

    /// <summary>The mask of a string that may take between so many more characters.</summary>
    public LexemeMask Mask(int min, int max)
    {
        var count = max >= _upTo.Length - 1 ? _inside.Length : _upTo[max + 1];
        TokenSet inside;
        if (count == _inside.Length)
            inside = _free.Inside;
        else if (_free.Inside.Bits is { } all && count > _inside.Length / 2)
        {
            var bits = (ulong[])all.Clone();
            foreach (var token in _inside.AsSpan(count))
                bits[token >> 6] &= ~(1ul << token);
            inside = TokenSet.Of(bits);
        }
        else
            inside = TokenSet.Of([.. _inside.AsSpan(0, count)], _words);
        var closing = _closing.Where(c => c.Length >= min && c.Length <= max).Select(c => c.Token).ToList();
        var ends = _ends.Where(e => e.Length >= min && e.Length <= max).Select(e => e.Node).ToArray();
        var closings = _closings.Where(c => c.Length >= min && c.Length <= max).Select(c => c.Node).ToArray();
        return _free.Narrow(
            inside,
            closing.Count == _closing.Length ? _free.Closing : TokenSet.Of(closing, _words),
            closings,
            ends
        );
    }
}
