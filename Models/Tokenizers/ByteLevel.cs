using System.Text;

namespace Tokenwright.Models.Tokenizers;

/// <summary>
/// GPT-2's printable alphabet for bytes: printable Latin-1 bytes stand for themselves, the other 68 are written as U+0100 and
/// up, in order.
/// </summary>
internal static class ByteLevel
{
    private static readonly char[] Symbols = new char[256];
    private static readonly short[] Bytes = new short[0x144]; // symbol -> byte, or -1

    static ByteLevel()
    {
        Array.Fill(Bytes, (short)-1);
        var next = 0x100;
        for (var b = 0; b < 256; b++)
        {
            var printable = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
            Symbols[b] = (char)(printable ? b : next++);
            Bytes[Symbols[b]] = (short)b;
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
                    span[i] = Symbols[utf8[i]];
            }
        );

    /// <summary>The bytes that a token spells; a token with a character outside the alphabet spells its own UTF-8.</summary>
    public static byte[] Read(string token)
    {
        var result = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (token[i] >= Bytes.Length || Bytes[token[i]] < 0)
                return Encoding.UTF8.GetBytes(token);
            result[i] = (byte)Bytes[token[i]];
        }
        return result;
    }
}
