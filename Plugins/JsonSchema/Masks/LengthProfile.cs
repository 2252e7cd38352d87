using System.Buffers;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>
/// The tokens below a node by how many characters of a string they take, the characters being out of one set, so that the mask for any
/// bounds on the string's length is a selection and not a walk.
/// </summary>
internal sealed class LengthProfile
{
    private readonly int _words;
    private readonly LexemeMask _free;

    // Sorted by length.
    private readonly int[] _inside;
    private readonly int[] _upTo;
    private readonly (int Token, int Length)[] _closing;
    private readonly (int Node, int Length)[] _closings;
    private readonly (int Node, int Length)[] _ends;

    /// <param name="trie">Where the tokens are.</param>
    /// <param name="node">Below which node.</param>
    /// <param name="strings">The automaton.</param>
    /// <param name="start">Its state that reads any number of characters of the set.</param>
    /// <param name="words">Length of a mask.</param>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public LengthProfile(Trie trie, int node, StringDfa strings, int start, int words)
    {
        _words = words;
        var most = trie.TokensBelow(node).Length;
        var tokens = ArrayPool<int>.Shared.Rent(most);
        var lengths = ArrayPool<byte>.Shared.Rent(most);
        var count = 0;
        var closing = new List<(int, int)>();
        var closings = new List<(int, int)>();
        Span<int> states = stackalloc int[258];
        Span<int> counts = stackalloc int[258];
        states[0] = start;
        counts[0] = 0;
        var alphabet = trie.Alphabet;
        var tokenLengths = trie.TokenLengths;
        var baseDepth = trie.Depth[node];
        for (var i = node + 1; i < trie.After[node]; )
        {
            var depth = trie.Depth[i] - baseDepth;
            var next = strings.Next(states[depth - 1], trie.Bytes[i]);
            var length = counts[depth - 1];
            if (next == ByteDfa.Closed)
            {
                closings.Add((i, length));
                foreach (var token in trie.Tokens(i))
                    closing.Add((token, length));
            }
            if (next is ByteDfa.Dead or ByteDfa.Closed)
            {
                i = trie.After[i];
                continue;
            }
            var own = trie.Tokens(i);
            // A token that stops inside a character needs that one too.
            own.CopyTo(tokens.AsSpan(count));
            lengths.AsSpan(count, own.Length).Fill((byte)(length + 1));
            count += own.Length;
            length += strings.IsBetweenCharacters(next) ? 1 : 0;
            if (trie.After[i] - i > Trie.SmallSubtree && trie.IsSpelledWith(i, strings.Idle(next, alphabet)))
            {
                var below = trie.TokensBelow(i)[own.Length..];
                below.CopyTo(tokens.AsSpan(count));
                var shift = counts[depth - 1] + 1 - trie.Length(i);
                var from = tokenLengths.AsSpan(trie.FirstToken(i) + own.Length, below.Length);
                for (var t = 0; t < from.Length; t++)
                    lengths[count + t] = (byte)(from[t] + shift);
                count += below.Length;
                i = trie.After[i];
                continue;
            }
            states[depth] = next;
            counts[depth] = length;
            i++;
        }
        _upTo = new int[257];
        foreach (var length in lengths.AsSpan(0, count))
            _upTo[length + 1]++;
        for (var i = 1; i < _upTo.Length; i++)
            _upTo[i] += _upTo[i - 1];
        _inside = new int[count];
        for (var i = 0; i < count; i++)
            _inside[_upTo[lengths[i]]++] = tokens[i];
        ArrayPool<int>.Shared.Return(tokens);
        ArrayPool<byte>.Shared.Return(lengths);
        _closing = [.. closing];
        _closings = [.. closings];
        _free = LexemeMask.Of(
            trie,
            node,
            words,
            TokenSet.Of(_inside, words),
            TokenSet.Of(closing.Select(c => c.Item1).ToArray(), words),
            [.. closings.Select(c => c.Item1)]
        );
        var ends = _free.Ends.ToHashSet();
        _ends = [.. closings.Where(c => ends.Contains(c.Item1))];
    }

    /// <summary>The mask of a string that may take between so many more characters.</summary>
    public LexemeMask Mask(int min, int max)
    {
        // Counting has moved each start to the next one's.
        var count = max >= _upTo.Length ? _inside.Length : _upTo[max];
        TokenSet inside;
        if (count == _inside.Length)
            inside = _free.Inside;
        else if (_free.Inside.Bits is { } all && count > _inside.Length / 2)
        {
            var bits = TokenSet.NewBits(all.Length);
            all.CopyTo(bits, 0);
            foreach (var token in _inside.AsSpan(count))
                bits[token >> 6] &= ~(1ul << token);
            inside = TokenSet.Of(bits);
        }
        else
            inside = TokenSet.Of(_inside.AsSpan(0, count), _words);
        var closing = _closing.Where(c => c.Length >= min && c.Length <= max).Select(c => c.Token).ToArray();
        var ends = _ends.Where(e => e.Length >= min && e.Length <= max).Select(e => e.Node).ToArray();
        var closings = _closings.Where(c => c.Length >= min && c.Length <= max).Select(c => c.Node).ToArray();
        return _free.Narrow(
            inside,
            closing.Length == _closing.Length ? _free.Closing : TokenSet.Of(closing, _words),
            closings,
            ends
        );
    }
}
