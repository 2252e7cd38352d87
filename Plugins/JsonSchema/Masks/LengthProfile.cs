using System.Buffers;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>
/// The tokens below a node by how many characters of a string they take, the characters being out of one set, so that the mask for any
/// bounds on the string's length is a selection and not a walk.
/// </summary>
internal sealed class LengthProfile
{
    // A token that does not stay inside the string.
    private const byte Outside = 0;
    private readonly int _words;
    private readonly LexemeMask _free;
    private readonly Trie _trie;
    private readonly int _node;

    // For each token below the node, in the order of the trie.
    private readonly byte[] _lengths;
    private readonly int[] _upTo = new int[byte.MaxValue + 1];
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
        (_trie, _node, _words) = (trie, node, words);
        _lengths = new byte[trie.TokensBelow(node).Length];
        var first = trie.FirstToken(node);
        var inside = new TokenCollector(words);
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
            inside.Add(own);
            _lengths.AsSpan(trie.FirstToken(i) - first, own.Length).Fill((byte)(length + 1));
            length += strings.IsBetweenCharacters(next) ? 1 : 0;
            if (trie.After[i] - i > Trie.SmallSubtree && trie.IsSpelledWith(i, strings.Idle(next, alphabet)))
            {
                var below = trie.TokensBelow(i)[own.Length..];
                inside.Add(below);
                var from = trie.FirstToken(i) + own.Length;
                var shift = counts[depth - 1] + 1 - trie.Length(i);
                var into = _lengths.AsSpan(from - first, below.Length);
                tokenLengths.AsSpan(from, below.Length).CopyTo(into);
                for (var t = 0; shift != 0 && t < into.Length; t++)
                    into[t] += (byte)shift;
                i = trie.After[i];
                continue;
            }
            states[depth] = next;
            counts[depth] = length;
            i++;
        }
        foreach (var length in _lengths)
            _upTo[length]++;
        _upTo[Outside] = 0;
        for (var i = 1; i < _upTo.Length; i++)
            _upTo[i] += _upTo[i - 1];
        _closing = [.. closing];
        _closings = [.. closings];
        _free = LexemeMask.Of(
            trie,
            node,
            words,
            inside.ToSet(),
            TokenSet.Of(closing.Select(c => c.Item1).ToArray(), words),
            [.. closings.Select(c => c.Item1)]
        );
        var ends = _free.Ends.ToHashSet();
        _ends = [.. closings.Where(c => ends.Contains(c.Item1))];
    }

    /// <summary>The mask of a string that may take between so many more characters.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public LexemeMask Mask(int min, int max)
    {
        var all = _upTo[^1];
        var count = _upTo[Math.Min(max, byte.MaxValue)];
        TokenSet inside;
        if (count == all)
            inside = _free.Inside;
        else
        {
            // Of what there is less: the tokens that fit, or those that do not.
            var free = count > all / 2 ? _free.Inside.Bits : null;
            var tokens = ArrayPool<int>.Shared.Rent(free is null ? count : all - count);
            if (free is not null)
            {
                var bits = TokenSet.NewBits(_words);
                free.CopyTo(bits, 0);
                foreach (var token in Between(max + 1, byte.MaxValue, tokens.AsSpan(0, all - count)))
                    bits[token >> 6] &= ~(1ul << token);
                inside = TokenSet.Of(bits);
            }
            else
                inside = TokenSet.Of(Between(1, max, tokens.AsSpan(0, count)), _words);
            ArrayPool<int>.Shared.Return(tokens);
        }
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

    /// <summary>Finds the tokens that take between so many characters, of which there are as many as there is room for.</summary>
    private ReadOnlySpan<int> Between(int min, int max, Span<int> found)
    {
        var tokens = _trie.TokensBelow(_node);
        var at = 0;
        for (var i = 0; i < found.Length; i++, at++)
        {
            at += _lengths.AsSpan(at).IndexOfAnyInRange((byte)min, (byte)max);
            found[i] = tokens[at];
        }
        return found;
    }
}
