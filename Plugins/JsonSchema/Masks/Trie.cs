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

    /// <summary>Walks of lexeme automata over subtrees, found before.</summary>
    public ConcurrentDictionary<(int Node, ByteDfa Dfa, int State), LexemeMask> Lexemes { get; } = new();

    /// <summary>Runs of white space below a node, by how many bytes are left of the gap.</summary>
    public ConcurrentDictionary<(int Node, int Left), LexemeMask> Spaces { get; } = new();

    public ReadOnlySpan<int> Tokens(int node) => _tokens.AsSpan(_tokenStart[node], _tokenStart[node + 1] - _tokenStart[node]);

    /// <summary>All tokens at or below a node.</summary>
    public ReadOnlySpan<int> TokensBelow(int node) => _tokens.AsSpan(_tokenStart[node], _tokenStart[After[node]] - _tokenStart[node]);

    /// <summary>The child for a byte, or -1.</summary>
    public int Child(int node, byte value)
    {
        var start = _firstChild[node];
        var at = _childBytes.AsSpan(start, _firstChild[node + 1] - start).IndexOf(value);
        return at < 0 ? -1 : _children[start + at];
    }

    public ReadOnlySpan<byte> ChildBytes(int node) => _childBytes.AsSpan(_firstChild[node], _firstChild[node + 1] - _firstChild[node]);

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

    public static Trie Build(List<(byte[] Text, int Token)> entries)
    {
        entries.Sort((a, b) => a.Text.AsSpan().SequenceCompareTo(b.Text) is var order && order != 0 ? order : a.Token.CompareTo(b.Token));
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
