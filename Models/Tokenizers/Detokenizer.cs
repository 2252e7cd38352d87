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
    private readonly IVocabulary _vocabulary;
    private readonly bool _dropsLeadingSpace;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private char[] _buffer = new char[256];
    private bool _dropSpace;

    /// <summary>Begins a text.</summary>
    /// <param name="tokenizer">The tokenizer whose ids are appended.</param>
    /// <param name="continues">
    /// Whether the text continues another one, as an answer does its prompt: then a leading space is text and is kept.
    /// </param>
    public Detokenizer(Tokenizer tokenizer, bool continues = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _vocabulary = tokenizer;
        _dropsLeadingSpace = tokenizer.DropsLeadingSpace && !continues;
        Reset();
    }

    /// <summary>Begins a text that continues another one: a leading space is text.</summary>
    /// <param name="vocabulary">The bytes of the ids that are appended.</param>
    public Detokenizer(IVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        _vocabulary = vocabulary;
    }

    /// <summary>Appends one token.</summary>
    /// <param name="id">A token id; special tokens add nothing.</param>
    /// <returns>The characters completed by it, valid until the next call.</returns>
    public ReadOnlySpan<char> Append(int id) => Append(_vocabulary.Bytes(id));

    /// <summary>Appends tokens.</summary>
    /// <param name="ids">Token ids; special tokens add nothing.</param>
    /// <returns>The characters completed by them, valid until the next call.</returns>
    public ReadOnlySpan<char> Append(ReadOnlySpan<int> ids)
    {
        var written = 0;
        foreach (var id in ids)
            written += Write(_vocabulary.Bytes(id), written, flush: false);
        return _buffer.AsSpan(0, written);
    }

    /// <summary>Appends bytes of the text, for a caller that cuts the text itself (at a stop string).</summary>
    /// <param name="bytes">Any bytes; they need not be whole characters.</param>
    /// <returns>The characters completed by them, valid until the next call.</returns>
    public ReadOnlySpan<char> Append(ReadOnlySpan<byte> bytes) => _buffer.AsSpan(0, Write(bytes, 0, flush: false));

    /// <summary>Ends the text: an incomplete character at its end comes out as U+FFFD.</summary>
    /// <returns>The last characters, valid until the next call; then another text can begin.</returns>
    public ReadOnlySpan<char> Flush()
    {
        var written = Write([], 0, flush: true);
        Reset();
        return _buffer.AsSpan(0, written);
    }

    /// <summary>Begins another text; what is held back of this one is forgotten.</summary>
    public void Reset()
    {
        _decoder.Reset();
        _dropSpace = _dropsLeadingSpace;
    }

    private int Write(ReadOnlySpan<byte> bytes, int at, bool flush)
    {
        if (_dropSpace && bytes.Length > 0)
        {
            if (bytes[0] == (byte)' ')
                bytes = bytes[1..];
            _dropSpace = false;
        }
        var needed = at + Encoding.UTF8.GetMaxCharCount(bytes.Length);
        if (_buffer.Length < needed)
            Array.Resize(ref _buffer, Math.Max(needed, 2 * _buffer.Length));
        return _decoder.GetChars(bytes, _buffer.AsSpan(at), flush);
    }
}
