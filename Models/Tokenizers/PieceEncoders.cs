using System.Globalization;
using System.Runtime.InteropServices;
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
    private readonly BpeTokenizer _merger;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> vocabulary;
    private readonly bool byteLevel;
    private readonly bool ignoreMerges;
    private readonly int[]? _fallback; // byte -> id, -1 where the vocabulary has none
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
        _merger = BpeTokenizer.Create(new BpeOptions(vocabulary) { Merges = merges });
        this.vocabulary = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        this.byteLevel = byteLevel;
        this.ignoreMerges = ignoreMerges;
        this.unknown = unknown;
        this.fuseUnknown = fuseUnknown;
        if (byteFallback)
        {
            _fallback = new int[256];
            for (var b = 0; b < 256; b++)
                _fallback[b] = vocabulary.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"), -1);
        }
    }

    /// <summary>Whether pieces are merged from bytes, not from characters.</summary>
    public bool IsByteLevel => byteLevel;

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
                _merger.EncodeToIds(piece.AsSpan(start..end), considerPreTokenization: false, considerNormalization: false)
            );
    }

    /// <returns>Whether an unknown token that follows directly is part of this one.</returns>
    private bool EncodeUnknown(Rune rune, bool fused, List<int> ids)
    {
        if (_fallback is not null)
        {
            Span<byte> buffer = stackalloc byte[4];
            var utf8 = buffer[..rune.EncodeToUtf8(buffer)];
            var complete = true;
            foreach (var b in utf8)
                complete &= _fallback[b] >= 0;
            if (complete)
            {
                foreach (var b in utf8)
                    ids.Add(_fallback[b]);
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

/// <summary>
/// SentencePiece's byte-pair encoding: of all neighbours that make a piece, the two with the best score are merged, the
/// leftmost of equals first. The library's SentencePieceTokenizer takes equals in another order, so that a run like "aaaaaaaa"
/// comes out differently from SentencePiece itself; hence it is not used.
/// </summary>
internal sealed class ScoreEncoder : IPieceEncoder
{
    private readonly Dictionary<string, (int Id, float Score)>.AlternateLookup<ReadOnlySpan<char>> pieces;
    private readonly int[] bytes; // byte -> id, -1 where the vocabulary has none
    private readonly int unknown;

    /// <param name="pieces">Pieces that may be merged into.</param>
    /// <param name="bytes">Byte to id, -1 where there is none.</param>
    /// <param name="unknown">The id of characters that are no piece and whose bytes have none either.</param>
    public ScoreEncoder(Dictionary<string, (int Id, float Score)> pieces, int[] bytes, int unknown)
    {
        this.pieces = pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        this.bytes = bytes;
        this.unknown = unknown;
    }

    /// <summary>A stretch of the text and its neighbours; an empty one has been merged into its left neighbour.</summary>
    private record struct Symbol(int Start, int Length, int Left, int Right);

    private readonly record struct Merge(int Left, int Right, int Length);

    public void Encode(string piece, List<int> ids)
    {
        var symbols = new List<Symbol>(piece.Length);
        for (var at = 0; at < piece.Length; )
        {
            Rune.DecodeFromUtf16(piece.AsSpan(at), out _, out var length);
            symbols.Add(new(at, length, symbols.Count - 1, symbols.Count + 1));
            at += length;
        }
        Run(piece, CollectionsMarshal.AsSpan(symbols));

        var afterUnknown = false;
        foreach (var symbol in symbols)
        {
            if (symbol.Length == 0)
                continue;
            var text = piece.AsSpan(symbol.Start, symbol.Length);
            if (pieces.TryGetValue(text, out var known))
                ids.Add(known.Id);
            else if (!AddBytes(text, ids))
            {
                if (!afterUnknown) // SentencePiece makes one of several in a row
                    ids.Add(unknown);
                afterUnknown = true;
                continue;
            }
            afterUnknown = false;
        }
    }

    private void Run(string text, Span<Symbol> symbols)
    {
        var queue = new PriorityQueue<Merge, (float Cost, int Left)>();
        for (var i = 0; i + 1 < symbols.Length; i++)
            Offer(text, symbols, i, i + 1, queue);
        while (queue.TryDequeue(out var merge, out _))
        {
            ref var left = ref symbols[merge.Left];
            ref var right = ref symbols[merge.Right];
            if (left.Length == 0 || right.Length == 0 || left.Length + right.Length != merge.Length)
                continue; // one of the two has been merged with another since
            left.Length = merge.Length;
            left.Right = right.Right;
            right.Length = 0;
            if (left.Right < symbols.Length)
                symbols[left.Right].Left = merge.Left;
            Offer(text, symbols, left.Left, merge.Left, queue);
            Offer(text, symbols, merge.Left, left.Right, queue);
        }
    }

    private void Offer(string text, Span<Symbol> symbols, int left, int right, PriorityQueue<Merge, (float, int)> queue)
    {
        if (left < 0 || right >= symbols.Length)
            return;
        var length = symbols[left].Length + symbols[right].Length;
        if (pieces.TryGetValue(text.AsSpan(symbols[left].Start, length), out var piece))
            queue.Enqueue(new(left, right, length), (-piece.Score, left));
    }

    private bool AddBytes(ReadOnlySpan<char> character, List<int> ids)
    {
        Span<byte> buffer = stackalloc byte[4];
        var utf8 = buffer[..Encoding.UTF8.GetBytes(character, buffer)];
        foreach (var b in utf8)
            if (bytes[b] < 0)
                return false;
        foreach (var b in utf8)
            ids.Add(bytes[b]);
        return true;
    }
}
