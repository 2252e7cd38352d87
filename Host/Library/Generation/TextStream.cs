using System.Buffers;
using System.Text;

namespace Tokenwright.Host;

/// <summary>The text of committed tokens as far as it is certain: whole characters that cannot belong to a stop string.</summary>
internal sealed class TextStream(IVocabulary? vocabulary, StopMatcher? stops)
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _all = new();
    private char[] _characters = new char[64];
    private int _taken;

    /// <summary>All text so far.</summary>
    public override string ToString() => _all.ToString();

    /// <summary>Reads tokens. The stop matcher must have seen them already.</summary>
    /// <returns>The text that is certain since the last call.</returns>
    public string Append(ReadOnlySpan<int> tokens)
    {
        if (vocabulary is null)
        {
            return "";
        }

        foreach (int token in tokens)
        {
            _bytes.Write(vocabulary.Bytes(token));
        }

        return Take(stops?.SafeLength ?? _taken + _bytes.WrittenCount, isLast: false);
    }

    /// <summary>Ends the text: nothing can follow, so what was held back is certain, but for a completed stop string.</summary>
    public string Finish()
    {
        int end = stops is { IsMatched: true } ? stops.MatchStart : _taken + _bytes.WrittenCount;
        return Take(end, isLast: true);
    }

    // The buffer holds the bytes from _taken on.
    private string Take(int end, bool isLast)
    {
        int count = end - _taken;
        var bytes = _bytes.WrittenSpan[..count];
        int most = Encoding.UTF8.GetMaxCharCount(count);
        if (_characters.Length < most)
        {
            _characters = new char[most * 2];
        }

        string text = new(_characters, 0, _decoder.GetChars(bytes, _characters, isLast));
        _all.Append(text);
        _taken = end;
        byte[] rest = _bytes.WrittenSpan[count..].ToArray();
        _bytes.ResetWrittenCount();
        _bytes.Write(rest);
        return text;
    }
}
