using System.Text;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>Every byte as a token, then the strings given; the last id ends a text and is special.</summary>
internal sealed class TinyVocabulary(params string[] longer) : IVocabulary
{
    private readonly byte[][] _tokens =
    [
        .. Enumerable.Range(0, 256).Select(b => new[] { (byte)b }),
        .. longer.Select(Encoding.UTF8.GetBytes),
        [],
    ];

    public int Size => _tokens.Length;
    public int EndToken => _tokens.Length - 1;

    public ReadOnlySpan<byte> Bytes(int id) => _tokens[id];

    public bool IsSpecial(int id) => id == EndToken;
}
