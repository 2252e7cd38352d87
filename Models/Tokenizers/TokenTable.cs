namespace Tokenwright.Models.Tokenizers;

/// <summary>One token: its id, its literal text in the vocabulary, and the bytes it adds to the text.</summary>
internal readonly record struct Token(int Id, string Literal, byte[] Bytes, bool IsSpecial);

/// <summary>All tokens by id, their bytes in one block of memory.</summary>
internal sealed class TokenTable
{
    /// <summary>Far above any real vocabulary; keeps a damaged file from asking for gigabytes.</summary>
    private const int MostTokens = 1 << 24;

    private const int MostGaps = 4096;

    private readonly byte[] _bytes;
    private readonly int[] _ends; // bytes of id: [ends[id], ends[id + 1])
    private readonly bool[] _special;
    private readonly string[] _literals;

    /// <param name="tokens">In any order; of two with the same id the later one counts.</param>
    /// <param name="file">Named in errors.</param>
    public TokenTable(IReadOnlyCollection<Token> tokens, string file)
    {
        var size = 0;
        foreach (var token in tokens)
        {
            if (token.Id is < 0 or >= MostTokens)
                throw new TokenizerException(file, $"token '{token.Literal}' has the impossible id {token.Id}.");
            size = Math.Max(size, token.Id + 1);
        }
        // Tables grow with the greatest id, and a damaged file must not make them large.
        if (size > 4L * tokens.Count + MostGaps)
            throw new TokenizerException(file, $"{tokens.Count} tokens have ids up to {size - 1}; that is no numbering.");
        if (size == 0)
            throw new TokenizerException(file, "the vocabulary is empty.");

        var byId = new Token?[size];
        foreach (var token in tokens)
            byId[token.Id] = token;

        _ends = new int[size + 1];
        _special = new bool[size];
        _literals = new string[size];
        for (var id = 0; id < size; id++)
        {
            _special[id] = byId[id]?.IsSpecial ?? true; // a gap in the numbering is padding
            _literals[id] = byId[id]?.Literal ?? "";
            _ends[id + 1] = _ends[id] + (_special[id] ? 0 : byId[id]!.Value.Bytes.Length);
        }
        _bytes = new byte[_ends[size]];
        for (var id = 0; id < size; id++)
            if (!_special[id])
                byId[id]!.Value.Bytes.CopyTo(_bytes, _ends[id]);
    }

    public int Size => _special.Length;

    public ReadOnlySpan<byte> Bytes(int id) => Has(id) ? _bytes.AsSpan(_ends[id].._ends[id + 1]) : default;

    public bool IsSpecial(int id) => !Has(id) || _special[id];

    public string Literal(int id) => Has(id) ? _literals[id] : "";

    private bool Has(int id) => (uint)id < (uint)_special.Length;
}
