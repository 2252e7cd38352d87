namespace Tokenwright.Models.Tokenizers;

/// <summary>One token: its id, its literal text in the vocabulary, and the bytes it adds to the text.</summary>
internal readonly record struct Token(int Id, string Literal, byte[] Bytes, bool IsSpecial);

/// <summary>All tokens by id, their bytes in one block of memory.</summary>
internal sealed class TokenTable
{
    /// <summary>Far above any real vocabulary; keeps a damaged file from asking for gigabytes.</summary>
    private const int MostTokens = 1 << 24;

    private readonly byte[] bytes;
    private readonly int[] ends; // bytes of id: [ends[id], ends[id + 1])
    private readonly bool[] special;
    private readonly string[] literals;

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
        if (size == 0)
            throw new TokenizerException(file, "the vocabulary is empty.");

        var byId = new Token?[size];
        foreach (var token in tokens)
            byId[token.Id] = token;

        ends = new int[size + 1];
        special = new bool[size];
        literals = new string[size];
        for (var id = 0; id < size; id++)
        {
            special[id] = byId[id]?.IsSpecial ?? true; // a gap in the numbering is padding
            literals[id] = byId[id]?.Literal ?? "";
            ends[id + 1] = ends[id] + (special[id] ? 0 : byId[id]!.Value.Bytes.Length);
        }
        bytes = new byte[ends[size]];
        for (var id = 0; id < size; id++)
            if (!special[id])
                byId[id]!.Value.Bytes.CopyTo(bytes, ends[id]);
    }

    public int Size => special.Length;

    public ReadOnlySpan<byte> Bytes(int id) => Has(id) ? bytes.AsSpan(ends[id]..ends[id + 1]) : default;

    public bool IsSpecial(int id) => !Has(id) || special[id];

    public string Literal(int id) => Has(id) ? literals[id] : "";

    private bool Has(int id) => (uint)id < (uint)special.Length;
}
