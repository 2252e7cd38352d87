using System.Text;
using System.Text.RegularExpressions;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>A tiktoken rank file as a vocabulary, with the o200k way of cutting text.</summary>
internal sealed class Tiktoken : IVocabulary
{
    private const string Cut =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
        + @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
        + @"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private static readonly Regex Pieces = new(Cut, RegexOptions.Compiled);
    private readonly Dictionary<string, int> _ranks = [];
    private readonly byte[][] _bytes;
    private readonly Dictionary<string, int[]> _pieces = [];

    public Tiktoken(string file)
    {
        var last = 0;
        foreach (var line in File.ReadLines(file))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0)
                continue;
            var rank = int.Parse(line.AsSpan(space + 1), System.Globalization.CultureInfo.InvariantCulture);
            _ranks.Add(Encoding.Latin1.GetString(Convert.FromBase64String(line[..space])), rank);
            last = Math.Max(last, rank);
        }
        // The o200k vocabulary has 21 further ids; only two of them are in use, and none is text.
        Size = last + (last > 190_000 ? 22 : 2);
        EndToken = last > 190_000 ? last + 2 : last + 1;
        _bytes = new byte[Size][];
        Array.Fill(_bytes, []);
        foreach (var (text, rank) in _ranks)
            _bytes[rank] = Encoding.Latin1.GetBytes(text);
    }

    public int Size { get; }
    public int EndToken { get; }

    public ReadOnlySpan<byte> Bytes(int id) => _bytes[id];

    public bool IsSpecial(int id) => _bytes[id].Length == 0;

    public IReadOnlyList<int> Encode(string text)
    {
        var ids = new List<int>();
        foreach (var match in Pieces.EnumerateMatches(text))
        {
            var piece = text.Substring(match.Index, match.Length);
            if (!_pieces.TryGetValue(piece, out var known))
            {
                known = Merge(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(piece)));
                if (_pieces.Count < 200_000)
                    _pieces.Add(piece, known);
            }
            ids.AddRange(known);
        }
        return ids;
    }

    /// <summary>Joins neighbours by rank, the leftmost of the lowest first; a queue, because instances hold words of many thousand letters.</summary>
    private int[] Merge(string bytes)
    {
        if (_ranks.TryGetValue(bytes, out var whole))
            return [whole];
        // A part is the stretch from its start to the next one's; a start that was joined to an earlier one has no end.
        var ends = Enumerable.Range(1, bytes.Length).ToArray();
        var previous = Enumerable.Range(-1, bytes.Length).ToArray();
        var queue = new PriorityQueue<(int Start, int Middle, int End), (int Rank, int Start)>();
        void Propose(int start)
        {
            var middle = ends[start];
            if (middle < bytes.Length && _ranks.TryGetValue(bytes[start..ends[middle]], out var rank))
                queue.Enqueue((start, middle, ends[middle]), (rank, start));
        }
        for (var start = 0; start < bytes.Length; start++)
            Propose(start);
        while (queue.TryDequeue(out var pair, out _))
        {
            var (start, middle, end) = pair;
            if (ends[start] != middle || ends[middle] != end)
                continue;
            ends[start] = end;
            ends[middle] = 0;
            if (end < bytes.Length)
                previous[end] = start;
            Propose(start);
            if (previous[start] >= 0)
                Propose(previous[start]);
        }
        var ids = new List<int>();
        for (var start = 0; start < bytes.Length; start = ends[start])
            ids.Add(_ranks[bytes[start..ends[start]]]);
        return [.. ids];
    }
}
