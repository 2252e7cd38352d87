using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Tokenwright.Models.Tokenizers;

/// <summary>Turns one piece of text, after all splitting, into ids.</summary>
internal interface IPieceEncoder
{
    void Encode(string piece, List<int> ids);
}

/// <summary>
/// Byte-pair encoding by a list of merges. The merging is the library's; around it stands what the library does not do:
/// taking a whole piece when it is a token (ignore_merges), and falling back to byte tokens.
/// </summary>
internal sealed class MergeEncoder : IPieceEncoder
{
    private readonly BpeTokenizer merger;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> vocabulary;
    private readonly bool byteLevel;
    private readonly bool ignoreMerges;
    private readonly int[]? fallback; // byte -> id, -1 where the vocabulary has none
    private readonly int? unknown;
    private readonly bool fuseUnknown;

    public MergeEncoder(
        Dictionary<string, int> vocabulary,
        IEnumerable<string> merges,
        bool byteLevel,
        bool ignoreMerges,
        bool byteFallback,
        int? unknown,
        bool fuseUnknown
    )
    {
        // The byte alphabet is applied here, not by the library, because ignore_merges looks pieces up in it.
        merger = BpeTokenizer.Create(new BpeOptions(vocabulary) { Merges = merges });
        this.vocabulary = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        this.byteLevel = byteLevel;
        this.ignoreMerges = ignoreMerges;
        this.unknown = unknown;
        this.fuseUnknown = fuseUnknown;
        if (byteFallback)
        {
            fallback = new int[256];
            for (var b = 0; b < 256; b++)
                fallback[b] = vocabulary.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"), -1);
        }
    }

    public void Encode(string piece, List<int> ids)
    {
        if (byteLevel)
            piece = ByteLevel.Write(piece);
        if (ignoreMerges && vocabulary.TryGetValue(piece, out var whole))
        {
            ids.Add(whole);
            return;
        }

        // A character that is no token takes part in no merge: the stretches between such characters are independent.
        var done = 0;
        var fused = false;
        for (var at = 0; at < piece.Length; )
        {
            Rune.DecodeFromUtf16(piece.AsSpan(at), out var rune, out var length);
            if (!vocabulary.ContainsKey(piece.AsSpan(at, length)))
            {
                fused &= done == at;
                Merge(piece, done, at, ids);
                fused = EncodeUnknown(rune, fused, ids);
                done = at + length;
            }
            at += length;
        }
        Merge(piece, done, piece.Length, ids);
    }

    private void Merge(string piece, int start, int end, List<int> ids)
    {
        if (start < end)
            ids.AddRange(
                merger.EncodeToIds(piece.AsSpan(start..end), considerPreTokenization: false, considerNormalization: false)
            );
    }

    /// <returns>Whether an unknown token that follows directly is part of this one.</returns>
    private bool EncodeUnknown(Rune rune, bool fused, List<int> ids)
    {
        if (fallback is not null)
        {
            Span<byte> buffer = stackalloc byte[4];
            var utf8 = buffer[..rune.EncodeToUtf8(buffer)];
            var complete = true;
            foreach (var b in utf8)
                complete &= fallback[b] >= 0;
            if (complete)
            {
                foreach (var b in utf8)
                    ids.Add(fallback[b]);
                return false;
            }
        }
        // Without an unknown token Hugging Face leaves the character out; so does this.
        if (unknown is { } id && !fused)
            ids.Add(id);
        return fuseUnknown;
    }
}

/// <summary>Byte-pair encoding by ranks (tiktoken), done by the library; the cutting into pieces is ours, see SplitPattern.</summary>
internal sealed class RankEncoder(TiktokenTokenizer library) : IPieceEncoder
{
    public void Encode(string piece, List<int> ids) =>
        ids.AddRange(library.EncodeToIds(piece, considerPreTokenization: false, considerNormalization: false));
}

/// <summary>SentencePiece's byte-pair encoding, done by the library on text that is normalised already.</summary>
internal sealed class SentencePieceEncoder(SentencePieceTokenizer library) : IPieceEncoder
{
    public void Encode(string piece, List<int> ids) =>
        ids.AddRange(
            library.EncodeToIds(
                piece,
                addBeginningOfSentence: false,
                addEndOfSentence: false,
                considerPreTokenization: false,
                considerNormalization: false
            )
        );
}
