using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tokenwright.Plugins.TokenRecycling;

/// <summary>For each token the tokens that the model last ranked highest after it, and how often each rank was right.</summary>
/// <remarks>
/// Vocabulary × 8 int32, nothing else grows. Safe for concurrent use: a row is read and written whole. Rows not yet learnt are unset. A frozen
/// matrix never changes; generations that find one learn into a copy, so a run repeats to the row.
/// </remarks>
public sealed class SuccessorMatrix
{
    /// <summary>Successors kept per token.</summary>
    public const int Width = 8;

    /// <summary>Depths whose rank statistics are told apart; deeper nodes count as the last.</summary>
    public const int Depths = 8;

    private const int Unset = -1;
    private const ulong Magic = 0x3130_3A4D_4352_5754; // "TWRCM:01"
    private const long MostTries = 1 << 16;

    // Before anything is measured: what ranks hit on ordinary text. Only the order of nodes depends on it.
    private static readonly double[] Prior = [0.5, 0.12, 0.06, 0.035, 0.025, 0.02, 0.015, 0.012];
    private const double PriorTries = 32;

    private readonly Lock _lock = new();
    private readonly int[] _successors;
    private readonly long[] _tries = new long[Depths];
    private readonly long[] _hits = new long[Depths * Width];
    private bool _isFrozen;

    /// <summary>Makes a matrix in which every row is unset.</summary>
    /// <param name="vocabularySize">Number of tokens.</param>
    public SuccessorMatrix(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        VocabularySize = vocabularySize;
        _successors = new int[checked(vocabularySize * Width)];
        Array.Fill(_successors, Unset);
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
            _tries.CopyTo(copy._tries, 0);
            _hits.CopyTo(copy._hits, 0);
        }

        return copy;
    }

    /// <summary>Reads a row.</summary>
    /// <param name="token">The token.</param>
    /// <param name="successors">Receives <see cref="Width"/> ids, the likeliest first; −1 where the model ruled out all others.</param>
    /// <returns>False where the row is unset.</returns>
    public bool Read(int token, Span<int> successors)
    {
        lock (_lock)
        {
            _successors.AsSpan(token * Width, Width).CopyTo(successors);
        }

        return successors[0] != Unset;
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

    /// <summary>Counts at which rank the token that came stood in the row that was there to draft from.</summary>
    /// <param name="depth">Depth of the node that it follows.</param>
    /// <param name="token">The token of that node.</param>
    /// <param name="next">The token that came.</param>
    public void Count(int depth, int token, int next)
    {
        depth = Math.Min(depth, Depths - 1);
        lock (_lock)
        {
            var row = _successors.AsSpan(token * Width, Width);
            if (_isFrozen || row[0] == Unset)
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
        int[] successors;
        long[] counts;
        lock (_lock)
        {
            successors = [.. _successors];
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
            BinaryPrimitives.ReverseEndianness(successors, successors);
        }

        string beside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var file = File.Create(beside))
            {
                file.Write(head);
                file.Write(MemoryMarshal.AsBytes(successors.AsSpan()));
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
        if (size < 1 || bytes.Length != Head + (long)size * Width * sizeof(int))
        {
            throw new InvalidDataException($"{path} is cut short or damaged. Delete it and save it anew.");
        }

        var matrix = new SuccessorMatrix(size);
        for (int i = 0; i < Depths + Depths * Width; i++)
        {
            long count = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(12 + i * 8));
            (i < Depths ? matrix._tries : matrix._hits)[i < Depths ? i : i - Depths] = Math.Clamp(count, 0, MostTries);
        }

        bytes.AsSpan(Head).CopyTo(MemoryMarshal.AsBytes(matrix._successors.AsSpan()));
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(matrix._successors, matrix._successors);
        }

        foreach (int successor in matrix._successors)
        {
            if (successor < Unset || successor >= size)
            {
                throw new InvalidDataException($"{path} is damaged: it names token {successor} of {size}. Delete it and save it anew.");
            }
        }

        return matrix;
    }
}
