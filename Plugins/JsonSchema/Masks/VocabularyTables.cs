namespace Tokenwright.Plugins.JsonSchema;

/// <summary>A vocabulary made ready for masking; built once per tokenizer and shared by all constraints over it. Safe for concurrent use.</summary>
public sealed class VocabularyTables
{
    private readonly byte[][] _bytes;

    // Beginnings of keys that come second in a token, after one that it ends: real vocabularies have next to none.
    private readonly List<(byte[] Text, bool IsWhole)> _secondKeys = [];

    /// <summary>Reads all tokens of a vocabulary.</summary>
    public VocabularyTables(IVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        Size = vocabulary.Size;
        Words = (Size + 63) / 64;
        _bytes = new byte[Size][];
        var entries = new List<(byte[], int)>(Size);
        for (var id = 0; id < Size; id++)
        {
            var bytes = vocabulary.IsSpecial(id) ? [] : vocabulary.Bytes(id);
            _bytes[id] = bytes.ToArray();
            // A token's depth is a byte; nothing legitimate is longer, and a longer one is simply never allowed.
            if (bytes.Length is > 0 and < 255)
            {
                entries.Add((_bytes[id], id));
                FindSecondKeys(bytes);
            }
            else
                _bytes[id] = [];
        }
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
            if (token[at] != '"')
                continue;
            var text = token[(at + 1)..];
            var end = text.IndexOfAny((byte)'"', (byte)'\\');
            var isWhole = end >= 0 && text[end] == '"';
            if (end >= 0)
                text = text[..end];
            if (isWhole || text.Length > 0)
                _secondKeys.Add((text.ToArray(), isWhole));
        }
    }

    /// <summary>Whether a token may end a key that begins so, and go on with a key that depends on which one it was.</summary>
    internal bool MayRepeat(ReadOnlySpan<byte> key)
    {
        foreach (var (text, isWhole) in _secondKeys)
        {
            if (text.AsSpan().StartsWith(key) || !isWhole && key.StartsWith(text))
                return true;
        }
        return false;
    }

    /// <summary>Reads one document that has a bit of everything, so that the first real one finds code compiled and shared masks made.</summary>
    private void Warm()
    {
        const string schema =
            """{"properties":{"name":{"type":"string"},"n":{"type":"integer","minimum":0},"id":{"pattern":"^[a-z]+-\\d"},"k":{"enum":["ab","cd"]},"o":{"type":"object","properties":{"x":{"type":"number"}},"additionalProperties":false},"l":{"type":"array","items":{"maxLength":40}}},"required":["name"]}""";
        var document =
            """{"name": "some text", "n": 12, "id": "ab-1", "k": "cd", "o": {"x": -1.5}, "l": ["a", "b"], "other": [1, true, {}]}"""u8;
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

    /// <summary>The bytes of a token; empty for one that never matches text.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)Size ? _bytes[id] : [];
}
