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

    /// <summary>The number of rows, and of columns.</summary>
    public (int Rows, int Columns) Size => (weight.Rows, weight.Width);

    /// <summary>Blocks of a row.</summary>
    public int Blocks => format.Blocks(weight.Width);

    /// <summary>Root of the squared error over that of the squared values, 0 to 1, of the rows read so far.</summary>
    public double RelativeError => _error == 0 ? 0 : Math.Sqrt(_error / _energy);

    /// <summary>Whether nothing is lost, as far as three rows can tell: so it is where the checkpoint has such blocks itself.</summary>
    public bool SeemsExact()
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

        return probe.RelativeError == 0;
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
        float[] values = ArrayPool<float>.Shared.Rent(count * width);
        try
        {
            weight.Read(first, values.AsSpan(0, count * width));
            weight.ReadScales(first, format.Size, scales);
            zeros.Clear();
            double error = 0;
            double energy = 0;
            Span<float> block = stackalloc float[format.Size];
            Span<float> rounded = stackalloc float[format.Size];
            for (int i = 0; i < count * blocks; i++)
            {
                int start = i % blocks * format.Size;
                ReadOnlySpan<float> row = values.AsSpan(i / blocks * width, width);
                ReadOnlySpan<float> part = row[start..Math.Min(start + format.Size, width)];
                part.CopyTo(block);
                block[part.Length..].Clear();
                Span<byte> target = codes.Slice(i * format.BlockBytes, format.BlockBytes);
                (scales[i], int zero) = BlockQuantiser.Quantise(block, format, scales[i], target);
                BlockQuantiser.Dequantise(target, scales[i], zero, format, rounded);
                if (format.OwnZeros)
                {
                    int bit = i % blocks * format.Bits;
                    zeros[i / blocks * format.ZeroBytes(blocks) + bit / 8] |= (byte)(zero << bit % 8);
                }

                TensorPrimitives.Subtract(block, rounded, rounded);
                error += TensorPrimitives.SumOfSquares<float>(rounded);
                energy += TensorPrimitives.SumOfSquares<float>(block);
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
        }
    }
}
