using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tokenwright.Plugins.TokenRecycling;

/// <summary>
/// For each token the tokens that the model last ranked highest after it, the one that last came after it in a text, and how often each rank
/// was right.
/// </summary>
/// <remarks>
/// Vocabulary × 9 int32, nothing else grows. Safe for concurrent use: a row is read and written whole. Rows not yet learnt are unset. A frozen
/// matrix never changes; generations that find one learn into a copy, so a run repeats to the row.
/// </remarks>
public sealed class SuccessorMatrix
{
    /// <summary>Successors kept per token.</summary>
    public const int Width = 8;

    /// <summary>Depths whose rank statistics are told apart; deeper nodes count as the last.</summary>
    public const int Depths = 8;

    private const int Unset = -1;
    private const ulong Magic = 0x3230_3A4D_4352_5754; // "TWRCM:02"
    private const long MostTries = 1 << 16;

    // Before anything is measured: what ranks hit on ordinary text. Only the order of nodes depends on it.
    private static readonly double[] Prior = [0.5, 0.12, 0.06, 0.035, 0.025, 0.02, 0.015, 0.012];
    private const double PriorTries = 32;

    private readonly Lock _lock = new();
    private readonly int[] _successors;
    private readonly int[] _followed;
    private readonly long[] _tries = new long[Depths];
    private readonly long[] _hits = new long[Depths * Width];
    private bool _isFrozen;

    /// <summary>Makes a matrix in which every row is unset and nothing followed anything.</summary>
    /// <param name="vocabularySize">Number of tokens.</param>
    public SuccessorMatrix(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        VocabularySize = vocabularySize;
        _successors = new int[checked(vocabularySize * Width)];
        _followed = new int[vocabularySize];
        Array.Fill(_successors, Unset);
        Array.Fill(_followed, Unset);
    }

    /// <summary>Number of tokens.</summary>
    public int VocabularySize { get; }

    /// <summary>Whether it refuses to change.</summary>
    public bool IsFrozen => Volatile.Read(ref _isFrozen);

    /// <summary>Ends learning for good.</summary>
    public void Freeze()
    {
        lock (_lock)
        {
            _isFrozen = true;
        }
    }

    /// <summary>A copy that may change, taken at one moment.</summary>
    public SuccessorMatrix Copy()
    {
        var copy = new SuccessorMatrix(VocabularySize);
        lock (_lock)
        {
            _successors.CopyTo(copy._successors, 0);
            _followed.CopyTo(copy._followed, 0);
            _tries.CopyTo(copy._tries, 0);
            _hits.CopyTo(copy._hits, 0);
        }

        return copy;
    }

    /// <summary>Reads a row: what followed the token last stands second at least, whatever the model has ranked since.</summary>
    /// <param name="token">The token.</param>
    /// <param name="successors">Receives <see cref="Width"/> ids, the likeliest first; −1 where there are no others.</param>
    /// <returns>False where nothing is known.</returns>
    public bool Read(int token, Span<int> successors)
    {
        lock (_lock)
        {
            ReadRow(token, successors[..Width]);
        }

        return successors[0] != Unset;
    }

    private void ReadRow(int token, Span<int> row)
    {
        _successors.AsSpan(token * Width, Width).CopyTo(row);
        int followed = _followed[token];
        int at = row.IndexOf(followed);
        at = at < 0 ? Width - 1 : at;
        int to = row[0] == Unset ? 0 : 1;
        if (followed != Unset && at >= to)
        {
            row[to..at].CopyTo(row[(to + 1)..]);
            row[to] = followed;
        }
    }

    /// <summary>Writes a row; a frozen matrix stays as it is.</summary>
    /// <param name="token">The token.</param>
    /// <param name="successors"><see cref="Width"/> ids, the likeliest first, −1 for none.</param>
    public void Write(int token, ReadOnlySpan<int> successors)
    {
        lock (_lock)
        {
            if (!_isFrozen)
            {
                successors[..Width].CopyTo(_successors.AsSpan(token * Width, Width));
            }
        }
    }

    /// <summary>Notes what follows what in a text; a frozen matrix stays as it is.</summary>
    /// <param name="text">Tokens of a text, one after another.</param>
    public void Follow(ReadOnlySpan<int> text)
    {
        lock (_lock)
        {
            for (int i = 1; i < text.Length && !_isFrozen; i++)
            {
                _followed[text[i - 1]] = text[i];
            }
        }
    }

    /// <summary>Counts at which rank the token that came stood in the row that was there to draft from, and notes that it followed.</summary>
    /// <param name="depth">Depth of the node that it follows.</param>
    /// <param name="token">The token of that node.</param>
    /// <param name="next">The token that came.</param>
    public void Count(int depth, int token, int next)
    {
        depth = Math.Min(depth, Depths - 1);
        lock (_lock)
        {
            if (_isFrozen)
            {
                return;
            }

            Span<int> row = stackalloc int[Width];
            ReadRow(token, row);
            _followed[token] = next;
            if (row[0] == Unset)
            {
                return;
            }

            if (++_tries[depth] == MostTries)
            {
                // Halving keeps the counts bounded and lets them follow the times.
                _tries[depth] /= 2;
                for (int rank = 0; rank < Width; rank++)
                {
                    _hits[depth * Width + rank] /= 2;
                }
            }

            int hit = row.IndexOf(next);
            if (hit >= 0)
            {
                _hits[depth * Width + hit]++;
            }
        }
    }

    /// <summary>The share of texts that went on with each rank, by depth: [depths × width].</summary>
    /// <param name="rates">Receives the measured shares, drawn towards ordinary text while little is measured.</param>
    public void Rates(Span<double> rates)
    {
        lock (_lock)
        {
            for (int i = 0; i < Depths * Width; i++)
            {
                rates[i] = (_hits[i] + PriorTries * Prior[i % Width]) / (_tries[i / Width] + PriorTries);
            }
        }
    }

    /// <summary>Writes it to a file: to a new one beside it first, which then takes its place.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path)
    {
        int[] tokens;
        long[] counts;
        lock (_lock)
        {
            tokens = [.. _successors, .. _followed];
            counts = [.. _tries, .. _hits];
        }

        var head = new byte[12 + counts.Length * 8];
        BinaryPrimitives.WriteUInt64LittleEndian(head, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), VocabularySize);
        for (int i = 0; i < counts.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(12 + i * 8), counts[i]);
        }

        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(tokens, tokens);
        }

        string beside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var file = File.Create(beside))
            {
                file.Write(head);
                file.Write(MemoryMarshal.AsBytes(tokens.AsSpan()));
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
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">It is no such file, or a damaged one.</exception>
    public static SuccessorMatrix Load(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        const int Head = 12 + (Depths + Depths * Width) * 8;
        if (bytes.Length < Head || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic)
        {
            throw new InvalidDataException($"{path} holds no recycled tokens. Give a file that recycling-save wrote.");
        }

        int size = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        if (size < 1 || bytes.Length != Head + (long)size * (Width + 1) * sizeof(int))
        {
            throw new InvalidDataException($"{path} is cut short or damaged. Delete it and save it anew.");
        }

        var matrix = new SuccessorMatrix(size);
        for (int i = 0; i < Depths + Depths * Width; i++)
        {
            long count = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(12 + i * 8));
            (i < Depths ? matrix._tries : matrix._hits)[i < Depths ? i : i - Depths] = Math.Clamp(count, 0, MostTries);
        }

        var tokens = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(Head));
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(tokens, tokens);
        }

        foreach (int token in tokens)
        {
            if (token < Unset || token >= size)
            {
                throw new InvalidDataException(
                    $"{path} is damaged: it names token {token} of {size}. Delete it and save it anew."
                );
            }
        }

        tokens[..(size * Width)].CopyTo(matrix._successors);
        tokens[(size * Width)..].CopyTo(matrix._followed);
        return matrix;
    }
}
