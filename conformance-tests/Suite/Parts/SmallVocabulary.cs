using System.Text;

namespace Tokenwright.Conformance;

/// <summary>The tokens given, and an end token last, which is special.</summary>
public sealed class SmallVocabulary(params string[] tokens) : IVocabulary
{
    private readonly byte[][] _tokens = [.. tokens.Select(Encoding.UTF8.GetBytes), []];

    /// <inheritdoc/>
    public int Size => _tokens.Length;

    /// <summary>The end token, the last id.</summary>
    public int EndToken => _tokens.Length - 1;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(int id) => id < Size ? _tokens[id] : [];

    /// <inheritdoc/>
    public bool IsSpecial(int id) => id >= EndToken;

    /// <summary>The text of tokens, without an end token.</summary>
    public string Text(IEnumerable<int> ids) => Encoding.UTF8.GetString([.. ids.SelectMany(id => Bytes(id).ToArray())]);
}
