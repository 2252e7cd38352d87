using System.Buffers;
using System.Text;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Host;

/// <summary>The text of committed tokens as far as it is certain: whole characters that cannot belong to a stop string.</summary>
internal sealed class TextStream(IVocabulary? vocabulary, StopMatcher? stops)
{
    private readonly Detokenizer? _detokenizer = vocabulary is null ? null : new Detokenizer(vocabulary);
    private readonly StringBuilder _all = new();

    // The bytes that may belong to a stop string; those before them, _taken in number, are text.
    private readonly ArrayBufferWriter<byte> _held = new();
    private int _taken;

    /// <summary>All text so far.</summary>
    public override string ToString() => _all.ToString();

    /// <summary>Reads tokens. The stop matcher must have seen them already.</summary>
    /// <returns>The text that is certain since the last call.</returns>
    public string Append(ReadOnlySpan<int> tokens)
    {
        if (_detokenizer is null)
        {
            return "";
        }

        if (stops is null)
        {
            return Certain(_detokenizer.Append(tokens));
        }

        foreach (int token in tokens)
        {
            _held.Write(vocabulary!.Bytes(token));
        }

        return Certain(_detokenizer.Append(Take(stops.SafeLength - _taken)));
    }

    /// <summary>Ends the text: nothing can follow, so what was held back is certain, but for a completed stop string.</summary>
    public string Finish()
    {
        if (_detokenizer is null)
        {
            return "";
        }

        int rest = stops is { IsMatched: true } ? stops.MatchStart - _taken : _held.WrittenCount;
        return Certain(_detokenizer.Append(Take(rest))) + Certain(_detokenizer.Flush());
    }

    private byte[] Take(int count)
    {
        byte[] taken = _held.WrittenSpan[..count].ToArray();
        byte[] rest = _held.WrittenSpan[count..].ToArray();
        _held.ResetWrittenCount();
        _held.Write(rest);
        _taken += count;
        return taken;
    }

    private string Certain(ReadOnlySpan<char> characters)
    {
        _all.Append(characters);
        return characters.ToString();
    }
}
