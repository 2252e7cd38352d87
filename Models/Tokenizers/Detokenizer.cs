using System.Text;

namespace Tokenwright.Models.Tokenizers;

/// <summary>
/// Text from tokens as they come. Only whole characters come out: bytes that may still become one wait for the next token, bytes
/// that cannot become one come out as U+FFFD. All output of a tokenizer's text together equals <see cref="Tokenizer.Decode"/> of all ids.
/// </summary>
/// <remarks>
/// One instance follows one text; it is not safe for concurrent use. After its buffer has grown to the longest output,
/// appending allocates nothing.
/// </remarks>
public sealed class Detokenizer
{
    private readonly IVocabulary vocabulary;
    private readonly bool dropsLeadingSpace;
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private char[] buffer = new char[256];
    private bool dropSpace;

    /// <summary>Begins a text.</summary>
    /// <param name="tokenizer">The tokenizer whose ids are appended.</param>
    /// <param name="continues">
    /// Whether the text continues another one, as an answer does its prompt: then a leading space is text and is kept.
    /// </param>
    public Detokenizer(Tokenizer tokenizer, bool continues = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        vocabulary = tokenizer;
        dropsLeadingSpace = tokenizer.DropsLeadingSpace && !continues;
        Reset();
    }

    /// <summary>Begins a text that continues another one: a leading space is text.</summary>
    /// <param name="vocabulary">The bytes of the ids that are appended.</param>
    public Detokenizer(IVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        this.vocabulary = vocabulary;
    }

    /// <summary>Appends one token.</summary>
    /// <param name="id">A token id; special tokens add nothing.</param>
    /// <returns>The characters completed by it, valid until the next call.</returns>
    public ReadOnlySpan<char> Append(int id) => Append(vocabulary.Bytes(id));

    /// <summary>Appends tokens.</summary>
    /// <param name="ids">Token ids; special tokens add nothing.</param>
    /// <returns>The characters completed by them, valid until the next call.</returns>
    public ReadOnlySpan<char> Append(ReadOnlySpan<int> ids)
    {
        var written = 0;
        foreach (var id in ids)
            written += Write(vocabulary.Bytes(id), written, flush: false);
        return buffer.AsSpan(0, written);
    }

    /// <summary>Appends bytes of the text, for a caller that cuts the text itself (at a stop string).</summary>
    /// <param name="bytes">Any bytes; they need not be whole characters.</param>
    /// <returns>The characters completed by them, valid until the next call.</returns>
    public ReadOnlySpan<char> Append(ReadOnlySpan<byte> bytes) => buffer.AsSpan(0, Write(bytes, 0, flush: false));

    /// <summary>Ends the text: an incomplete character at its end comes out as U+FFFD.</summary>
    /// <returns>The last characters, valid until the next call; then another text can begin.</returns>
    public ReadOnlySpan<char> Flush()
    {
        var written = Write([], 0, flush: true);
        Reset();
        return buffer.AsSpan(0, written);
    }

    /// <summary>Begins another text; what is held back of this one is forgotten.</summary>
    public void Reset()
    {
        decoder.Reset();
        dropSpace = dropsLeadingSpace;
    }

    private int Write(ReadOnlySpan<byte> bytes, int at, bool flush)
    {
        if (dropSpace && bytes.Length > 0)
        {
            if (bytes[0] == (byte)' ')
                bytes = bytes[1..];
            dropSpace = false;
        }
        var needed = at + Encoding.UTF8.GetMaxCharCount(bytes.Length);
        if (buffer.Length < needed)
            Array.Resize(ref buffer, Math.Max(needed, 2 * buffer.Length));
        return decoder.GetChars(bytes, buffer.AsSpan(at), flush);
    }
}
