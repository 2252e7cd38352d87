using System.Globalization;

namespace Tokenwright.Models.Tokenizers;

/// <summary>SentencePiece's spelling of single bytes: <c>&lt;0x0A&gt;</c>.</summary>
internal static class ByteToken
{
    public static bool TryRead(string literal, out byte value)
    {
        value = 0;
        return literal.Length == 6
            && literal.StartsWith("<0x", StringComparison.Ordinal)
            && literal[5] == '>'
            && byte.TryParse(literal.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
