using System.Text;
using Tokenwright.Plugins.JsonSchema.Machine;

namespace Tokenwright.Plugins.JsonSchema;

/// <summary>A vocabulary made ready for masking; built once per tokenizer and shared by all constraints over it. Safe for concurrent use.</summary>
public sealed class VocabularyTables
{
    // All tokens in a row, and where each begins: an array for each would be that many objects for every collection of garbage to visit.
    private readonly byte[] _bytes;
    private readonly int[] _starts;
    private readonly Stack<ulong[]> _masks = new();

    // Beginnings of keys that come second in a token, after one that it ends: real vocabularies have next to none.
    private readonly List<(byte[] Text, bool IsWhole)> _secondKeys = [];

    /// <summary>Reads all tokens of a vocabulary.</summary>
    public VocabularyTables(IVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        Size = vocabulary.Size;
        Words = (Size + 63) / 64;
        _starts = new int[Size + 1];
        var bytes = new List<byte>(8 * Size);
        var entries = new List<(byte[], int)>(Size);
        for (var id = 0; id < Size; id++)
        {
            var token = vocabulary.IsSpecial(id) ? [] : vocabulary.Bytes(id);
            // A token's depth is a byte; nothing legitimate is longer, and a longer one is simply never allowed.
            if (token.Length is > 0 and < 255)
            {
                entries.Add((token.ToArray(), id));
                bytes.AddRange(token);
                FindSecondKeys(token);
            }
            _starts[id + 1] = bytes.Count;
        }
        _bytes = [.. bytes];
        Trie = Masks.Trie.Build(entries);
        Warm();
    }

    private void FindSecondKeys(ReadOnlySpan<byte> token)
    {
        var close = token.IndexOf((byte)'"');
        var comma = close < 0 ? -1 : token[close..].IndexOf((byte)',');
        if (comma < 0)
            return;
        for (var at = close + comma; at < token.Length; at++)
        {
            if (token[at] == '"')
                _secondKeys.Add(KeyAt(token[(at + 1)..]));
        }
    }

    private static (byte[] Text, bool IsWhole) KeyAt(ReadOnlySpan<byte> spelled)
    {
        var text = new List<byte>();
        Span<byte> utf8 = stackalloc byte[4];
        for (var at = 0; at < spelled.Length; )
        {
            if (spelled[at] == '"')
                return ([.. text], true);
            if (spelled[at] != '\\')
            {
                text.Add(spelled[at++]);
                continue;
            }
            var length = 1;
            var scalar = Automaton.Unfinished;
            while (scalar == Automaton.Unfinished && at + length < spelled.Length)
                scalar = Automaton.Unescape(spelled.Slice(at, ++length));
            if (scalar < 0)
                break;
            text.AddRange(utf8[..new Rune(scalar).EncodeToUtf8(utf8)]);
            at += length;
        }
        return ([.. text], false);
    }

    /// <summary>Whether a token may end a key that begins so, and go on with a second one that depends on which one it was.</summary>
    /// <param name="key">What of the key has been typed.</param>
    /// <param name="isRich">Whether the keys there may be never run out, so that the second one must only not be the same.</param>
    internal bool MayRepeat(ReadOnlySpan<byte> key, bool isRich)
    {
        foreach (var (text, isWhole) in _secondKeys)
        {
            if ((isWhole || !isRich) && text.AsSpan().StartsWith(key) || !isWhole && !isRich && key.StartsWith(text))
                return true;
        }
        return false;
    }

    /// <summary>Reads one document that has a bit of everything, so that the first real one finds code compiled and shared masks made.</summary>
    private void Warm()
    {
        const string schema =
            """{"properties":{"name":{"type":"string"},"n":{"type":"integer","minimum":0},"id":{"pattern":"^[a-z]+-\\d"},"k":{"enum":["ab","cd"]},"o":{"type":"object","properties":{"x":{"type":"number"}},"additionalProperties":false},"l":{"type":"array","items":{"maxLength":40},"uniqueItems":true},"s":{"maxLength":3},"v":{"pattern":"^[a-z]{1,9}(-[a-z]{1,9})?$","maxLength":12},"h":{"pattern":"[0-9a-f]+","minLength":3,"maxLength":3},"u":{"pattern":"x"}},"required":["name"]}""";
        var document =
            """{"name": "some text", "n": 12, "id": "ab-1", "k": "cd", "o": {"x": -1.5}, "l": ["a", "b"], "s": "abc", "v": "ab-c", "h": "0ab", "u": "axb", "other": [1, true, {}]}"""u8;
        for (var round = 0; round < 3; round++)
        {
            var constraint = new SchemaConstraint(CompiledSchema.Compile(schema), this, []);
            var mask = new ulong[Words];
            var state = constraint.Start;
            foreach (var value in document)
            {
                constraint.FillMask(state, mask);
                var node = Trie.Child(0, value);
                if (node < 0 || Trie.Tokens(node).IsEmpty || !constraint.TryNext(state, Trie.Tokens(node)[0], out state))
                    break;
            }
        }
    }

    /// <summary>How many token ids there are.</summary>
    public int Size { get; }

    /// <summary>Length of a mask in 64-bit words.</summary>
    public int Words { get; }

    internal Masks.Trie Trie { get; }

    /// <summary>An empty mask to gather tokens in, for as long as one is computed.</summary>
    internal ulong[] RentMask()
    {
        lock (_masks)
            return _masks.TryPop(out var mask) ? mask : new ulong[Words];
    }

    /// <summary>Takes back a mask, emptied.</summary>
    internal void ReturnMask(ulong[] mask)
    {
        lock (_masks)
            _masks.Push(mask);
    }

    /// <summary>The bytes of a token; empty for one that never matches text.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)Size ? _bytes.AsSpan(_starts[id].._starts[id + 1]) : [];
}
