using System.Collections.Concurrent;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>
/// Byte strings with tokens at their ends, in depth-first order: the subtree of a node is the stretch up to <see cref="After"/>.
/// Node 0 is the root and stands for no byte. Several tokens may share a string.
/// </summary>
internal sealed class Trie
{
    private readonly int[] _firstChild;
    private readonly byte[] _childBytes;
    private readonly int[] _children;
    private readonly int[] _tokenStart;
    private readonly int[] _tokens;

    private Trie(byte[] bytes, int[] after, byte[] depth, int[] parent, int[] tokenStart, int[] tokens)
    {
        (Bytes, After, Depth, Parent, _tokenStart, _tokens) = (bytes, after, depth, parent, tokenStart, tokens);
        var count = bytes.Length;
        _firstChild = new int[count + 1];
        _childBytes = new byte[Math.Max(0, count - 1)];
        _children = new int[Math.Max(0, count - 1)];
        for (var node = 1; node < count; node++)
            _firstChild[parent[node] + 1]++;
        for (var node = 0; node < count; node++)
            _firstChild[node + 1] += _firstChild[node];
        var at = (int[])_firstChild.Clone();
        for (var node = 1; node < count; node++)
        {
            var slot = at[parent[node]]++;
            _childBytes[slot] = bytes[node];
            _children[slot] = node;
        }
    }

    public byte[] Bytes { get; }
    public int[] After { get; }
    public byte[] Depth { get; }
    public int[] Parent { get; }
    public int Count => Bytes.Length;
    public int LongestToken { get; private init; }

    /// <summary>Subtrees of so few nodes are walked and not asked about.</summary>
    public const int SmallSubtree = 8;

    /// <summary>What the tokens are spelled with; shared by the tries made of parts of these tokens.</summary>
    public Alphabet Alphabet => _alphabet ?? Survey().Alphabet;

    /// <summary>
    /// Whether everything below a node is spelled with a set of characters, reading from the beginning of a token; a character that the
    /// node lies in the middle of is taken as a whole. False for small subtrees.
    /// </summary>
    public bool IsSpelledWith(int node, ReadOnlySpan<ulong> characters)
    {
        var spelling = _spelling ?? Survey();
        var at = spelling.SetOf[node];
        return at >= 0 && Alphabet.IsSubset(spelling.Sets.AsSpan(at * characters.Length, characters.Length), characters);
    }

    /// <summary>For each token, in the order of <see cref="TokensBelow"/>, its characters; one broken off counts.</summary>
    public byte[] TokenLengths => (_spelling ?? Survey()).TokenLengths;

    /// <summary>Whether no token below a node goes on for more than so many characters.</summary>
    public bool AreShort(int node, int characters)
    {
        var most = characters + Length(node);
        return most >= byte.MaxValue
            || TokenLengths.AsSpan(FirstToken(node), TokensBelow(node).Length).IndexOfAnyInRange((byte)(most + 1), byte.MaxValue)
                < 0;
    }

    /// <summary>How many characters lead to a node, one in progress included.</summary>
    public int Length(int node) => (_spelling ?? Survey()).Lengths[node];

    /// <summary>All tokens in the order of their nodes.</summary>
    public ReadOnlySpan<int> AllTokens => _tokens;

    /// <summary>For each node, and the end, where its tokens begin in <see cref="AllTokens"/> and <see cref="TokenLengths"/>.</summary>
    public int[] TokenStarts => _tokenStart;

    /// <summary>Where the tokens of a node begin.</summary>
    public int FirstToken(int node) => _tokenStart[node];

    private sealed record Spelling(Alphabet Alphabet, int[] SetOf, ulong[] Sets, byte[] Lengths, byte[] TokenLengths);

    private Alphabet? _alphabet;
    private Spelling? _spelling;

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    private Spelling Survey()
    {
        // The bytes of the character that a node lies in the middle of: 0 between characters, -1 where bytes are no text.
        var inside = new int[Count];
        var lengths = new byte[_tokens.Length];
        var characters = new byte[Count];
        for (var node = 1; node < Count; node++)
        {
            var above = inside[Parent[node]];
            inside[node] = Read(above, Bytes[node]);
            characters[node] = (byte)(characters[Parent[node]] + (above == 0 ? 1 : 0));
            lengths.AsSpan(_tokenStart[node], _tokenStart[node + 1] - _tokenStart[node]).Fill(characters[node]);
        }
        _alphabet ??= new Alphabet(inside.Where(p => p > 0).Distinct());
        var words = _alphabet.Words;
        var setOf = new int[Count];
        var sets = new List<ulong>();
        // From the last node to the first, children come before their parent: what was gathered one level down is what is below a node.
        var gathered = new ulong[257][];
        for (var node = Count - 1; node >= 0; node--)
        {
            int depth = Depth[node];
            var below = gathered[depth + 1] ??= new ulong[words];
            setOf[node] = -1;
            if (After[node] - node > SmallSubtree)
            {
                setOf[node] = sets.Count / words;
                sets.AddRange(below);
            }
            if (node == 0)
                break;
            var level = gathered[depth] ??= new ulong[words];
            if (After[node] > node + 1)
            {
                for (var i = 0; i < words; i++)
                    level[i] |= below[i];
                Array.Clear(below);
            }
            var (at, above) = (inside[node], inside[Parent[node]]);
            var bit =
                at < 0 ? Alphabet.Unreadable
                : at > 0 ? (Tokens(node).IsEmpty ? -1 : _alphabet.Bit(at))
                : above == 0 ? Bytes[node]
                : _alphabet.Bit(above);
            if (bit >= 0)
                level[bit >> 6] |= 1ul << bit;
        }
        return _spelling = new(_alphabet, setOf, [.. sets], characters, lengths);
    }

    /// <summary>The bytes of the character in the middle of which one more byte leads; 0 between characters, -1 when it is no text.</summary>
    private static int Read(int prefix, byte value)
    {
        if (prefix < 0)
            return -1;
        if (prefix == 0)
            return Alphabet.Following(value) switch
            {
                0 => 0,
                -1 => -1,
                _ => value,
            };
        // Overlong forms, surrogates and what lies beyond the last character show in the second byte.
        var (low, high) = prefix switch
        {
            0xE0 => (0xA0, 0xBF),
            0xED => (0x80, 0x9F),
            0xF0 => (0x90, 0xBF),
            0xF4 => (0x80, 0x8F),
            _ => (0x80, 0xBF),
        };
        if (value < low || value > high)
            return -1;
        var (lead, read) =
            prefix > 0xFFFF ? (prefix >> 16, 3)
            : prefix > 0xFF ? (prefix >> 8, 2)
            : (prefix, 1);
        return read == Alphabet.Following((byte)lead) ? 0 : prefix << 8 | value;
    }

    /// <summary>Walks of lexeme automata over subtrees, found before.</summary>
    public ConcurrentDictionary<(int Node, ByteDfa Dfa, int State), LexemeMask> Lexemes => Kept(ref _lexemes);

    /// <summary>Tokens below a node by how many characters of a string they take.</summary>
    public ConcurrentDictionary<(int Node, StringDfa Strings, int State), LengthProfile> Lengths => Kept(ref _lengths);

    /// <summary>Masks of whole values that begin below a node, or below a colon there, by the white space left.</summary>
    public ConcurrentDictionary<(int Node, Machine.NodeEntry Entry, bool Colon, int Left), Segment> Segments =>
        Kept(ref _segments);

    /// <summary>Runs of white space below a node, by how many bytes are left of the gap.</summary>
    public ConcurrentDictionary<(int Node, int Left), LexemeMask> Spaces => Kept(ref _spaces);

    // Made when first asked for: most tries are small, and are asked for one of these or none. A large one is asked for thousands, and to grow
    // copies all that there are.
    private int Capacity => Count > 10_000 ? MaskWalk.CacheLimit : 3;
    private ConcurrentDictionary<(int, ByteDfa, int), LexemeMask>? _lexemes;
    private ConcurrentDictionary<(int, StringDfa, int), LengthProfile>? _lengths;
    private ConcurrentDictionary<(int, Machine.NodeEntry, bool, int), Segment>? _segments;
    private ConcurrentDictionary<(int, int), LexemeMask>? _spaces;

    /// <summary>Forgets walks and segments: they have become too many.</summary>
    public void ForgetWalks() => (_lexemes, _segments) = (null, null);

    private ConcurrentDictionary<TKey, TValue> Kept<TKey, TValue>(ref ConcurrentDictionary<TKey, TValue>? kept)
        where TKey : notnull =>
        Volatile.Read(ref kept) ?? Interlocked.CompareExchange(ref kept, new(concurrencyLevel: 1, Capacity), null) ?? kept;

    public ReadOnlySpan<int> Tokens(int node) => _tokens.AsSpan(_tokenStart[node], _tokenStart[node + 1] - _tokenStart[node]);

    /// <summary>All tokens at or below a node.</summary>
    public ReadOnlySpan<int> TokensBelow(int node) =>
        _tokens.AsSpan(_tokenStart[node], _tokenStart[After[node]] - _tokenStart[node]);

    /// <summary>The child for a byte, or -1.</summary>
    public int Child(int node, byte value)
    {
        var start = _firstChild[node];
        var at = _childBytes.AsSpan(start, _firstChild[node + 1] - start).IndexOf(value);
        return at < 0 ? -1 : _children[start + at];
    }

    public ReadOnlySpan<byte> ChildBytes(int node) =>
        _childBytes.AsSpan(_firstChild[node], _firstChild[node + 1] - _firstChild[node]);

    public ReadOnlySpan<int> Children(int node) => _children.AsSpan(_firstChild[node], _firstChild[node + 1] - _firstChild[node]);

    public bool HasChild(int node, ReadOnlySpan<byte> anyOf) => ChildBytes(node).ContainsAny(anyOf);

    /// <summary>The bytes from one node down to another.</summary>
    public byte[] Path(int from, int to)
    {
        var path = new byte[Depth[to] - Depth[from]];
        Path(from, to, path);
        return path;
    }

    /// <summary>Writes the bytes from one node down to another, at most <see cref="LongestPath"/>.</summary>
    public Span<byte> Path(int from, int to, Span<byte> path)
    {
        path = path[..(Depth[to] - Depth[from])];
        for (var at = path.Length; at > 0; to = Parent[to])
            path[--at] = Bytes[to];
        return path;
    }

    /// <summary>No token is longer.</summary>
    public const int LongestPath = byte.MaxValue;

    /// <param name="entries">Tokens and their bytes, or what is left of them.</param>
    /// <param name="alphabet">That of the whole tokens, where these are parts; their own is made when first needed.</param>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static Trie Build(List<(byte[] Text, int Token)> entries, Alphabet? alphabet = null)
    {
        entries.Sort(
            (a, b) => a.Text.AsSpan().SequenceCompareTo(b.Text) is var order && order != 0 ? order : a.Token.CompareTo(b.Token)
        );
        var bytes = new List<byte> { 0 };
        var depth = new List<byte> { 0 };
        var parent = new List<int> { -1 };
        var tokenStart = new List<int> { 0 };
        var tokens = new List<int>(entries.Count);
        var path = new List<int> { 0 };
        byte[] last = [];
        foreach (var (text, token) in entries)
        {
            var common = text.AsSpan().CommonPrefixLength(last);
            path.RemoveRange(common + 1, path.Count - common - 1);
            for (var i = common; i < text.Length; i++)
            {
                bytes.Add(text[i]);
                depth.Add((byte)(i + 1));
                parent.Add(path[^1]);
                tokenStart.Add(tokens.Count);
                path.Add(bytes.Count - 1);
            }
            tokens.Add(token);
            last = text;
        }
        tokenStart.Add(tokens.Count);
        var after = new int[bytes.Count];
        for (var node = bytes.Count - 1; node >= 0; node--)
        {
            if (after[node] == 0)
                after[node] = node + 1;
            if (node > 0)
                after[parent[node]] = Math.Max(after[parent[node]], after[node]);
        }
        return new Trie([.. bytes], after, [.. depth], [.. parent], [.. tokenStart], [.. tokens])
        {
            LongestToken = entries.Count == 0 ? 0 : entries.Max(e => e.Text.Length),
            _alphabet = alphabet,
        };
    }
}
