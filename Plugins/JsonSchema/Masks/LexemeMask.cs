using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>
/// What a walk of one lexeme's automaton over a subtree of the vocabulary finds, independent of what follows the lexeme: tokens that
/// stay inside it, and places where it ends and something else goes on.
/// </summary>
internal sealed class LexemeMask
{
    private static readonly byte[] StringFollowers = [.. ",:]} \t\r\n"u8];
    private static readonly byte[] NumberFollowers = [.. ",]} \t\r\n"u8];
    private static readonly byte[] Structural = [.. "\"{}[],:-0123456789tfn"u8];

    /// <summary>What may follow the end of a key.</summary>
    public static readonly byte[] KeyFollowers = [.. ": \t\r\n"u8];

    private readonly Trie _trie;
    private readonly int _words;
    private Trie? _crossing;
    private Trie? _keyCrossing;
    private Trie? _cleanKeyCrossing;
    private int[]? _secondKeys;
    private TokenSet? _cleanClosing;

    private LexemeMask(Trie trie, int words, TokenSet inside, TokenSet closing, int[] closings, int[] ends, int[] escaped) =>
        (_trie, _words, Inside, Closing, Closings, Ends, Escaped) = (trie, words, inside, closing, closings, ends, escaped);

    /// <summary>Tokens that end inside the lexeme.</summary>
    public TokenSet Inside { get; }

    /// <summary>Tokens that end with the lexeme's closing byte.</summary>
    public TokenSet Closing { get; }

    /// <summary>The same without those that close after an escape.</summary>
    public TokenSet CleanClosing => _cleanClosing ??= Escaped.Length == 0 ? Closing : FindCleanClosing();

    /// <summary>Nodes at which the lexeme closes.</summary>
    public int[] Closings { get; }

    /// <summary>Nodes at which the lexeme has ended and below which something may follow.</summary>
    public int[] Ends { get; }

    /// <summary>Nodes at which the lexeme has closed after an escape.</summary>
    public int[] Escaped { get; }

    /// <summary>All that may follow the lexeme, merged: one walk of it stands for the walks below every end.</summary>
    public Trie Crossing => _crossing ??= Merge(_trie, Ends, default);

    /// <summary>
    /// All that may follow a key, merged, but for tokens that hold some of a second key: whether that one may come depends on what the
    /// first one was.
    /// </summary>
    public Trie KeyCrossing => _keyCrossing ??= MergeAfterKey(Ends);

    /// <summary>The same without the ends reached through an escape.</summary>
    public Trie CleanKeyCrossing =>
        _cleanKeyCrossing ??= Escaped.Length == 0 ? KeyCrossing : MergeAfterKey([.. Ends.Except(Escaped)]);

    /// <summary>Nodes of the tokens that hold some of a second key after this one; not those below one another.</summary>
    public int[] SecondKeys => _secondKeys ??= FindSecondKeys();

    public int Words => _words;

    /// <summary>The same walk with fewer tokens; where no end is lost, what follows the ends is shared.</summary>
    public LexemeMask Narrow(TokenSet inside, TokenSet closing, int[] closings, int[] ends) =>
        ends.Length == Ends.Length
            ? new(_trie, _words, inside, closing, closings, Ends, Escaped) { _crossing = Crossing }
            : new(_trie, _words, inside, closing, closings, ends, [.. Escaped.Intersect(ends)]);

    /// <summary>
    /// Walks an automaton over everything below a node. Bounds on the length of a string are counted beside the automaton; null when the
    /// lengths of what it reads have gaps or an end, so that counting cannot tell what is within the bounds.
    /// </summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static LexemeMask? Walk(Trie trie, int node, ByteDfa dfa, int state, int words, (int Min, int Max)? bounds = null)
    {
        var strings = dfa as StringDfa;
        var (least, most) = bounds ?? (0, Language.Unbounded);
        var counted = bounds is not null;
        if (counted && least > 0 && !strings!.HasNoLongest(state))
            return null;
        var inside = new TokenCollector(words);
        var closing = new TokenCollector(words);
        List<int> closings = [],
            ends = [],
            escaped = [];
        var alphabet = trie.Alphabet;
        var baseDepth = trie.Depth[node];
        Span<int> states = stackalloc int[258];
        Span<int> counts = stackalloc int[258];
        states[0] = state;
        counts[0] = 0;
        byte[] bytes = trie.Bytes,
            depths = trie.Depth;
        int[] after = trie.After,
            starts = trie.TokenStarts;
        var classes = dfa.Classes;
        var stop = after[node];
        // Tokens lie in the order of the walk: what it finds without a gap is added at once.
        int first = 0,
            end = 0;
        for (var i = node + 1; i < stop; )
        {
            var depth = depths[i] - baseDepth;
            var from = states[depth - 1];
            int next = dfa.Row(from)[classes[bytes[i]]];
            if (next == ByteDfa.Unknown)
                next = dfa.Next(from, bytes[i]);
            if (next == ByteDfa.Dead)
            {
                i = after[i];
                continue;
            }
            var count = counts[depth - 1];
            if (next == ByteDfa.Closed)
            {
                if (count >= least && count <= most)
                {
                    closings.Add(i);
                    closing.Add(trie.Tokens(i));
                    var isEscaped = HasEscape(trie, node, i);
                    if (isEscaped)
                        escaped.Add(i);
                    if (isEscaped || trie.HasChild(i, StringFollowers))
                        ends.Add(i);
                }
                i = after[i];
                continue;
            }
            var needed = 0;
            if (counted)
            {
                count += strings!.IsBetweenCharacters(next) ? 1 : 0;
                needed = count + strings.Fewest(next);
                if (needed > most)
                {
                    i = after[i];
                    continue;
                }
                if (least > 0 && next != from && !strings.HasNoLongest(next))
                    return null;
                counts[depth] = count;
            }
            // Where nothing below can move the automaton, or only along a loop that is long enough, all tokens there stay inside the lexeme.
            if (strings is not null && after[i] - i > Trie.SmallSubtree)
            {
                var steady = strings.Steady(next, alphabet);
                var isIdle = steady.Room == Language.Unbounded;
                if (trie.IsSpelledWith(i, steady.Characters) && (isIdle || least == 0 && trie.AreShort(i, steady.Room)))
                {
                    if (counted && most - needed < trie.LongestToken)
                        AddShort(trie, i, most - needed, inside);
                    else
                        Extend(starts[i], starts[after[i]]);
                    i = after[i];
                    continue;
                }
            }
            states[depth] = next;
            Extend(starts[i], starts[i + 1]);
            if (strings is null && dfa.IsAccepting(next) && after[i] > i + 1 && trie.HasChild(i, NumberFollowers))
                ends.Add(i);
            i++;
        }
        Extend(0, 0);
        return new(trie, words, inside.ToSet(), closing.ToSet(), [.. closings], [.. ends], [.. escaped]);

        void Extend(int from, int to)
        {
            if (from != end)
            {
                inside.Add(trie.AllTokens[first..end]);
                first = from;
            }
            end = to;
        }
    }

    /// <summary>Adds the tokens at a node, and those below that take at most so many characters more.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    private static void AddShort(Trie trie, int node, int room, TokenCollector into)
    {
        var tokens = trie.TokensBelow(node);
        var lengths = trie.TokenLengths.AsSpan(trie.FirstToken(node), tokens.Length);
        var most = room + trie.Length(node);
        for (var i = 0; i < tokens.Length; )
        {
            var end = i;
            while (end < tokens.Length && lengths[end] <= most)
                end++;
            into.Add(tokens[i..end]);
            i = end + 1;
        }
    }

    /// <summary>The same walk of a string, with the tokens gathered elsewhere.</summary>
    public static LexemeMask Of(Trie trie, int node, int words, TokenSet inside, TokenSet closing, List<int> closings)
    {
        List<int> ends = [],
            escaped = [];
        foreach (var i in closings)
        {
            var isEscaped = HasEscape(trie, node, i);
            if (isEscaped)
                escaped.Add(i);
            if (isEscaped || trie.HasChild(i, StringFollowers))
                ends.Add(i);
        }
        return new(trie, words, inside, closing, [.. closings], [.. ends], [.. escaped]);
    }

    /// <summary>The walk of an automaton that lets any text go on: this is the walk of free text, and only its closings are tried.</summary>
    public LexemeMask Open(int node, StringDfa strings, int state)
    {
        var closing = new List<int>();
        var closings = new List<int>();
        Span<byte> path = stackalloc byte[258];
        foreach (var end in Closings)
        {
            var length = _trie.Depth[end] - _trie.Depth[node] - 1;
            for (var (at, i) = (_trie.Parent[end], length); i > 0; at = _trie.Parent[at])
                path[--i] = _trie.Bytes[at];
            var reached = state;
            foreach (var value in path[..length])
                reached = strings.Next(reached, value);
            if (!strings.CanClose(reached))
                continue;
            closings.Add(end);
            foreach (var token in _trie.Tokens(end))
                closing.Add(token);
        }
        if (closings.Count == Closings.Length)
            return this;
        var kept = closings.ToHashSet();
        return new(
            _trie,
            _words,
            Inside,
            TokenSet.Of(closing.ToArray(), _words),
            [.. closings],
            [.. Ends.Where(kept.Contains)],
            [.. Escaped.Where(kept.Contains)]
        );
    }

    /// <summary>Runs of white space below a node, of at most so many bytes.</summary>
    public static LexemeMask Space(Trie trie, int node, int left, int words)
    {
        var inside = new List<int>();
        var ends = new List<int>();
        void Visit(int at, int more)
        {
            if (more == 0)
                return;
            foreach (var space in " \n\t\r"u8)
            {
                var child = trie.Child(at, space);
                if (child < 0)
                    continue;
                foreach (var token in trie.Tokens(child))
                    inside.Add(token);
                if (trie.HasChild(child, Structural))
                    ends.Add(child);
                Visit(child, more - 1);
            }
        }
        Visit(node, left);
        return new(trie, words, TokenSet.Of(inside.ToArray(), words), TokenSet.Empty, [], [.. ends], []);
    }

    /// <summary>What may follow white space: only what can begin there is merged.</summary>
    public Trie AfterSpace => _crossing ??= Merge(_trie, Ends, Structural);

    private static bool HasEscape(Trie trie, int from, int to)
    {
        for (var at = to; at != from; at = trie.Parent[at])
        {
            if (trie.Bytes[at] == '\\')
                return true;
        }
        return false;
    }

    private static Trie Merge(Trie trie, int[] ends, ReadOnlySpan<byte> first)
    {
        var entries = new List<(byte[], int)>();
        Gather(trie, ends, first, entries);
        return Trie.Build(entries, trie.Alphabet);
    }

    private TokenSet FindCleanClosing()
    {
        var tokens = new List<int>();
        foreach (var at in Closings.Except(Escaped))
        {
            foreach (var token in _trie.Tokens(at))
                tokens.Add(token);
        }
        return TokenSet.Of(tokens.ToArray(), _words);
    }

    private Trie MergeAfterKey(int[] ends)
    {
        var entries = new List<(byte[] Path, int Token)>();
        Gather(_trie, ends, KeyFollowers, entries);
        entries.RemoveAll(e => BeginsKey(e.Path));
        return Trie.Build(entries, _trie.Alphabet);
    }

    private int[] FindSecondKeys()
    {
        var found = new List<int>();
        foreach (var end in Ends)
        {
            for (var at = end + 1; at < _trie.After[end]; at++)
            {
                if (_trie.Tokens(at).IsEmpty || !BeginsKey(_trie.Path(end, at)))
                    continue;
                found.Add(at);
                at = _trie.After[at] - 1;
            }
        }
        return [.. found];
    }

    // Where a comma follows the first key, that was none. A second one of which nothing is read yet depends on no other.
    private static bool BeginsKey(ReadOnlySpan<byte> afterKey) =>
        afterKey.TrimStart(" \t\r\n"u8).StartsWith(":"u8)
        && afterKey.IndexOf((byte)',') is var comma
        && comma >= 0
        && afterKey[comma..].IndexOf((byte)'"') is var quote
        && quote >= 0
        && comma + quote < afterKey.Length - 1;

    /// <summary>Merges all that may follow a value whose ends lie in several tries; below some only what lies at and below one node.</summary>
    public static Trie Merge(List<(Trie Trie, int Node, int Only)> ends)
    {
        var entries = new List<(byte[], int)>();
        foreach (var (trie, node, only) in ends)
        {
            if (only == node)
            {
                Gather(trie, [node], NumberFollowers, entries);
                continue;
            }
            if (!NumberFollowers.Contains(trie.Path(node, only)[0]))
                continue;
            for (var at = only; at < trie.After[only]; at++)
            {
                foreach (var token in trie.Tokens(at))
                    entries.Add((trie.Path(node, at), token));
            }
        }
        return Trie.Build(entries, ends.Count == 0 ? null : ends[0].Trie.Alphabet);
    }

    private static void Gather(Trie trie, ReadOnlySpan<int> ends, ReadOnlySpan<byte> first, List<(byte[], int)> entries)
    {
        foreach (var end in ends)
        {
            var bytes = trie.ChildBytes(end);
            var children = trie.Children(end);
            for (var i = 0; i < bytes.Length; i++)
            {
                if (first.IsEmpty ? !StringFollowers.Contains(bytes[i]) : !first.Contains(bytes[i]))
                    continue;
                var literal = bytes[i] switch
                {
                    (byte)'t' => "true"u8,
                    (byte)'f' => "false"u8,
                    (byte)'n' => "null"u8,
                    _ => default,
                };
                Gather(trie, end, children[i], literal, entries);
            }
        }
    }

    /// <summary>Adds the tokens at and below a node; of those that begin with a letter only what a literal can grow into.</summary>
    private static void Gather(Trie trie, int end, int node, ReadOnlySpan<byte> literal, List<(byte[], int)> entries)
    {
        foreach (var token in trie.Tokens(node))
            entries.Add((trie.Path(end, node), token));
        var depth = trie.Depth[node] - trie.Depth[end];
        var bytes = trie.ChildBytes(node);
        var children = trie.Children(node);
        for (var i = 0; i < bytes.Length; i++)
        {
            if (depth >= literal.Length || bytes[i] == literal[depth])
                Gather(trie, end, children[i], literal, entries);
        }
    }
}
