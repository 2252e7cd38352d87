using System.Text;

namespace Tokenwright.Models.Tokenizers;

/// <summary>
/// GPT-2's printable alphabet for bytes: printable Latin-1 bytes stand for themselves, the other 68 are written as U+0100 and
/// up, in order.
/// </summary>
internal static class ByteLevel
{
    private static readonly char[] symbols = new char[256];
    private static readonly short[] bytes = new short[0x144]; // symbol -> byte, or -1

    static ByteLevel()
    {
        Array.Fill(bytes, (short)-1);
        var next = 0x100;
        for (var b = 0; b < 256; b++)
        {
            var printable = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
            symbols[b] = (char)(printable ? b : next++);
            bytes[symbols[b]] = (short)b;
        }
    }

    /// <summary>The UTF-8 bytes of a text, one symbol each.</summary>
    public static string Write(string text) =>
        string.Create(
            Encoding.UTF8.GetByteCount(text),
            text,
            (span, source) =>
            {
                Span<byte> utf8 = Encoding.UTF8.GetBytes(source);
                for (var i = 0; i < span.Length; i++)
                    span[i] = symbols[utf8[i]];
            }
        );

    /// <summary>The bytes that a token spells; a token with a character outside the alphabet spells its own UTF-8.</summary>
    public static byte[] Read(string token)
    {
        var result = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (token[i] >= bytes.Length || bytes[token[i]] < 0)
                return Encoding.UTF8.GetBytes(token);
            result[i] = (byte)bytes[token[i]];
        }
        return result;
    }
}
