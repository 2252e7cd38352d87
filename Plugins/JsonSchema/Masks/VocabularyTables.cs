namespace Tokenwright.Plugins.JsonSchema;

/// <summary>A vocabulary made ready for masking; built once per tokenizer and shared by all constraints over it. Safe for concurrent use.</summary>
public sealed class VocabularyTables
{
    // All tokens in a row, and where each begins: an array for each would be that many objects for every collection of garbage to visit.
    private readonly byte[] _bytes;
    private readonly int[] _starts;
    private readonly Stack<ulong[]> _masks = new();

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
            }
            _starts[id + 1] = bytes.Count;
        }
        _bytes = [.. bytes];
        Trie = Masks.Trie.Build(entries);
        Warm();
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
