using System.Runtime.InteropServices;

namespace Tokenwright.Plugins.Aded;

/// <summary>Tri-grams of a corpus: for two tokens the likeliest third ones with their share. Never changes.</summary>
public sealed class TrigramBase
{
    /// <summary>Successors kept for two tokens, as published.</summary>
    public const int RowLimit = 12;

    private const ulong Magic = 0x3130_3A49_5254_5754; // "TWTRI:01"

    private readonly ulong[] _keys;
    private readonly int[] _starts;
    private readonly Successor[] _successors;

    private TrigramBase(int vocabularySize, ulong[] keys, int[] starts, Successor[] successors)
    {
        VocabularySize = vocabularySize;
        (_keys, _starts, _successors) = (keys, starts, successors);
    }

    /// <summary>Number of tokens of the vocabulary.</summary>
    public int VocabularySize { get; }

    /// <summary>Number of token pairs that have successors.</summary>
    public int RowCount => _keys.Length;

    /// <summary>The successors of two tokens by (weight descending, id ascending); empty where there are none.</summary>
    public ReadOnlySpan<Successor> Row(int first, int second)
    {
        int row = Array.BinarySearch(_keys, Key(first, second));
        return row < 0 ? [] : _successors.AsSpan(_starts[row], _starts[row + 1] - _starts[row]);
    }

    /// <summary>Counts tri-grams; none spans two documents.</summary>
    /// <param name="documents">Token ids of each document.</param>
    /// <param name="vocabularySize">Number of tokens of the vocabulary.</param>
    /// <param name="rowLimit">Successors kept for two tokens, 1 to 64.</param>
    /// <exception cref="ArgumentException">A token is out of range.</exception>
    public static TrigramBase Build(IEnumerable<IReadOnlyList<int>> documents, int vocabularySize, int rowLimit = RowLimit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowLimit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowLimit, 64);
        var counts = new Dictionary<(ulong Pair, int Third), int>();
        foreach (var document in documents)
        {
            for (int i = 0; i < document.Count; i++)
            {
                if ((uint)document[i] >= (uint)vocabularySize)
                {
                    throw new ArgumentException($"Token {document[i]} is not in the vocabulary of {vocabularySize}.", nameof(documents));
                }

                if (i >= 2)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(counts, (Key(document[i - 2], document[i - 1]), document[i]), out _)++;
                }
            }
        }

        var keys = new List<ulong>();
        var starts = new List<int>();
        var successors = new List<Successor>();
        foreach (var row in counts.GroupBy(entry => entry.Key.Pair).OrderBy(row => row.Key))
        {
            double total = row.Sum(entry => (double)entry.Value);
            keys.Add(row.Key);
            starts.Add(successors.Count);
            successors.AddRange(
                row.OrderByDescending(entry => entry.Value)
                    .ThenBy(entry => entry.Key.Third)
                    .Take(rowLimit)
                    .Select(entry => new Successor(entry.Key.Third, (float)(entry.Value / total)))
            );
        }

        starts.Add(successors.Count);
        return new TrigramBase(vocabularySize, [.. keys], [.. starts], [.. successors]);
    }

    /// <summary>Writes it to a file: to a new one beside it first, which then takes its place.</summary>
    /// <remarks>
    /// Little-endian: "TWTRI:01" as 8 bytes, then int32 vocabulary, rows, successors; keys (uint64: first token high, second low, ascending),
    /// starts (int32, rows + 1), successors (int32 token, float32 weight).
    /// </remarks>
    public void Save(string path)
    {
        string beside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var writer = new BinaryWriter(File.Create(beside)))
            {
                writer.Write(Magic);
                writer.Write(VocabularySize);
                writer.Write(_keys.Length);
                writer.Write(_successors.Length);
                foreach (ulong key in _keys)
                {
                    writer.Write(key);
                }

                foreach (int start in _starts)
                {
                    writer.Write(start);
                }

                foreach (var (token, weight) in _successors)
                {
                    writer.Write(token);
                    writer.Write(weight);
                }
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is no such file, or a damaged one.</exception>
    public static TrigramBase Load(string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        long length = reader.BaseStream.Length;
        if (length < 20 || reader.ReadUInt64() != Magic)
        {
            throw new InvalidDataException($"{path} holds no tri-grams. Give a file that was built for this model's vocabulary.");
        }

        int vocabulary = reader.ReadInt32();
        int rows = reader.ReadInt32();
        int count = reader.ReadInt32();
        if (vocabulary < 1 || rows < 0 || count < 0 || length != 20 + 8L * rows + 4L * (rows + 1L) + 8L * count)
        {
            throw Damaged(path);
        }

        var keys = new ulong[rows];
        var starts = new int[rows + 1];
        var successors = new Successor[count];
        for (int i = 0; i < rows; i++)
        {
            keys[i] = reader.ReadUInt64();
            if (i > 0 && keys[i] <= keys[i - 1])
            {
                throw Damaged(path);
            }
        }

        for (int i = 0; i <= rows; i++)
        {
            starts[i] = reader.ReadInt32();
            if (starts[i] < (i == 0 ? 0 : starts[i - 1]) || starts[i] > count)
            {
                throw Damaged(path);
            }
        }

        for (int i = 0; i < count; i++)
        {
            successors[i] = new Successor(reader.ReadInt32(), reader.ReadSingle());
            if ((uint)successors[i].Token >= (uint)vocabulary || !(successors[i].Weight > 0) || !float.IsFinite(successors[i].Weight))
            {
                throw Damaged(path);
            }
        }

        return new TrigramBase(vocabulary, keys, starts, successors);
    }

    internal static ulong Key(int first, int second) => ((ulong)(uint)first << 32) | (uint)second;

    private static InvalidDataException Damaged(string path) => new($"{path} is cut short or damaged. Build it anew.");
}
