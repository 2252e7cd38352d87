using System.Buffers;
using System.Numerics.Tensors;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Models.Onnx;

/// <summary>A matrix [out, in] rounded to blocks of a few bits when the graph is written, a few rows at a time.</summary>
/// <param name="name">What error messages call it.</param>
/// <param name="weight">The matrix.</param>
/// <param name="format">The blocks.</param>
/// <remarks>Blocks lie along the rows. Reading is safe from several threads.</remarks>
public sealed class QuantisedWeight(string name, Weight weight, BlockFormat format)
{
    private readonly Lock _gate = new();
    private double _error;
    private double _energy;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>The matrix that is rounded.</summary>
    public Weight Exact => weight;

    /// <summary>The blocks.</summary>
    public BlockFormat Format => format;

    /// <summary>The number of rows, and of columns, those of the offsets included.</summary>
    public (int Rows, int Columns) Size => (weight.Rows, weight.Width + format.OffsetColumns(weight.Width));

    /// <summary>Blocks of a row, those of the offsets included.</summary>
    public int Blocks => format.Blocks(Size.Columns);

    /// <summary>Root of the squared error over that of the squared values, 0 to 1, of the rows read so far.</summary>
    public double RelativeError => _error == 0 ? 0 : Math.Sqrt(_error / _energy);

    /// <summary>Whether <see cref="RelativeError"/> is below 0.01, as far as three rows can tell: so it is where the checkpoint has such blocks itself.</summary>
    public bool LosesLittle()
    {
        if (weight.IsWhole)
        {
            return false;
        }

        QuantisedWeight probe = new(name, weight, format);
        byte[] codes = new byte[Blocks * format.BlockBytes];
        float[] scales = new float[Blocks];
        byte[] zeros = new byte[format.ZeroBytes(Blocks)];
        foreach (int row in new[] { 0, weight.Rows / 2, weight.Rows - 1 })
        {
            probe.Read(row, 1, codes, scales, zeros);
        }

        return probe.RelativeError < 0.01;
    }

    /// <summary>Rounds some rows.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="count">The number of rows; all of them if the matrix can only be read as a whole.</param>
    /// <param name="codes">Receives count · blocks · bytes per block.</param>
    /// <param name="scales">Receives count · blocks.</param>
    /// <param name="zeros">Receives count · bytes of a row's zeros; nothing if blocks have none of their own.</param>
    /// <exception cref="CheckpointException">A value is not a finite number.</exception>
    public void Read(int first, int count, Span<byte> codes, Span<float> scales, Span<byte> zeros)
    {
        int width = weight.Width;
        int blocks = Blocks;
        int ownBlocks = format.Blocks(width);
        float[] values = ArrayPool<float>.Shared.Rent(count * width);
        float[] known = ArrayPool<float>.Shared.Rent(count * ownBlocks);
        float[] offsets = ArrayPool<float>.Shared.Rent(ownBlocks);
        try
        {
            weight.Read(first, values.AsSpan(0, count * width));
            weight.ReadScales(first, format.Size, known.AsSpan(0, count * ownBlocks));
            zeros.Clear();
            double error = 0;
            double energy = 0;
            Span<float> block = stackalloc float[format.Size];
            Span<float> rounded = stackalloc float[format.Size];
            for (int i = 0; i < count * blocks; i++)
            {
                int row = i / blocks;
                int column = i % blocks;
                bool isOffset = column >= ownBlocks;
                if (isOffset)
                {
                    Cut(offsets.AsSpan(0, ownBlocks), column - ownBlocks, block);
                }
                else
                {
                    Cut(values.AsSpan(row * width, width), column, block);
                    energy += TensorPrimitives.SumOfSquares<float>(block);
                }

                Span<byte> target = codes.Slice(i * format.BlockBytes, format.BlockBytes);
                (scales[i], int zero, float offset) = BlockQuantiser.Quantise(
                    block,
                    format,
                    isOffset ? float.NaN : known[row * ownBlocks + column],
                    target
                );
                if (!isOffset)
                {
                    offsets[column] = offset;
                }

                BlockQuantiser.Dequantise(target, scales[i], zero, format, rounded);
                if (format.OwnZeros)
                {
                    int bit = column * format.Bits;
                    zeros[row * format.ZeroBytes(blocks) + bit / 8] |= (byte)(zero << bit % 8);
                }

                // What an offset is off, all values of its block are.
                TensorPrimitives.Subtract(block, rounded, rounded);
                error += TensorPrimitives.SumOfSquares<float>(rounded) * (isOffset ? format.Size : 1);
            }

            if (!double.IsFinite(energy) || !double.IsFinite(error))
            {
                throw new CheckpointException(
                    $"weight '{name}' has values that are no finite numbers and cannot be rounded to {format.Bits} bits. Download the checkpoint again, or use float32."
                );
            }

            lock (_gate)
            {
                _error += error;
                _energy += energy;
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(values);
            ArrayPool<float>.Shared.Return(known);
            ArrayPool<float>.Shared.Return(offsets);
        }
    }

    private static void Cut(ReadOnlySpan<float> row, int number, Span<float> block)
    {
        ReadOnlySpan<float> part = row[(number * block.Length)..Math.Min((number + 1) * block.Length, row.Length)];
        part.CopyTo(block);
        block[part.Length..].Clear();
    }
}
