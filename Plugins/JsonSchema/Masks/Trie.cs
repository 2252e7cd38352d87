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

    /// <summary>ASCII bytes that occur below a node, and whether others do, well-formed when read from the node on.</summary>
    public (ulong Low, ulong High, bool Others, bool WellFormed) Below(int node)
    {
        var (low, high, formed) = (_low ?? Survey())[node];
        return (low, high, (formed & 0x80) != 0, (formed & 1) != 0);
    }

    private (ulong Low, ulong High, byte Formed)[]? _low;

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    private (ulong Low, ulong High, byte Formed)[] Survey()
    {
        var result = new (ulong Low, ulong High, byte Formed)[Count];
        for (var node = Count - 1; node >= 0; node--)
        {
            ulong low = 0,
                high = 0;
            // One bit for each place inside a character from which everything below reads on well.
            byte formed = 0x7F;
            for (var child = node + 1; child < After[node]; child = After[child])
            {
                var (l, h, f) = result[child];
                low |= l;
                high |= h;
                formed |= (byte)(f & 0x80);
                var value = Bytes[child];
                if (value < 64)
                    low |= 1ul << value;
                else if (value < 128)
                    high |= 1ul << value;
                else
                    formed |= 0x80;
                for (var place = 0; place < 7; place++)
                {
                    var next = Utf8Next(place, value);
                    if (next < 0 || (f >> next & 1) == 0)
                        formed &= (byte)~(1 << place);
                }
            }
            result[node] = (low, high, formed);
        }
        return _low = result;
    }

    /// <summary>Places: 0 between characters; 1 to 3 that many continuation bytes to come; 4, 5, 6 after E0, F0 and the like, taken as unknown.</summary>
    private static int Utf8Next(int place, byte value) =>
        place switch
        {
            0 => value switch
            {
                < 0x80 => 0,
                >= 0xC2 and <= 0xDF => 1,
                0xE0 or 0xED => 4,
                >= 0xE1 and <= 0xEF => 2,
                0xF0 or 0xF4 => 5,
                >= 0xF1 and <= 0xF3 => 3,
                _ => -1,
            },
            1 or 2 or 3 => value is >= 0x80 and <= 0xBF ? place - 1 : -1,
            _ => -1,
        };

    /// <summary>Walks of lexeme automata over subtrees, found before.</summary>
    public ConcurrentDictionary<(int Node, ByteDfa Dfa, int State), LexemeMask> Lexemes { get; } = new();

    /// <summary>Tokens below a node by how many characters of a string they take.</summary>
    public ConcurrentDictionary<(int Node, StringDfa Strings, Language Set), LengthProfile> Lengths { get; } = new();

    /// <summary>Masks of whole values that begin below a node, or below a colon there, by the white space left.</summary>
    public ConcurrentDictionary<(int Node, Machine.NodeEntry Entry, bool Colon, int Left), Segment> Segments { get; } = new();

    /// <summary>Runs of white space below a node, by how many bytes are left of the gap.</summary>
    public ConcurrentDictionary<(int Node, int Left), LexemeMask> Spaces { get; } = new();

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
        for (var at = path.Length; at > 0; to = Parent[to])
            path[--at] = Bytes[to];
        return path;
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static Trie Build(List<(byte[] Text, int Token)> entries)
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
        };
    }
}
