using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Models.Onnx;

/// <summary>
/// A float32 tensor that is computed when the graph is written, and not before: the graph of a large model is described
/// without a single weight in memory, then its weights pass through one at a time.
/// </summary>
public sealed class Weight
{
    private readonly Action<Span<float>> _fill;

    /// <summary>Describes a tensor.</summary>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="fill">Writes every element, row-major, into a span of exactly that many elements whose content is undefined.</param>
    /// <exception cref="OverflowException">The tensor has more than 2^31 - 1 elements.</exception>
    public Weight(IReadOnlyList<long> shape, Action<Span<float>> fill)
    {
        Shape = shape;
        _fill = fill;
        long length = 1;
        foreach (long dimension in shape)
        {
            length = checked(length * dimension);
        }

        Length = checked((int)length);
    }

    /// <summary>The dimensions.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>Computes the tensor.</summary>
    /// <param name="destination">Receives <see cref="Length"/> elements, row-major.</param>
    public void Fill(Span<float> destination) => _fill(destination[..Length]);

    /// <summary>A tensor of a checkpoint, which must have the shape that the configuration implies.</summary>
    /// <param name="source">The checkpoint.</param>
    /// <param name="name">The tensor's name there.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <exception cref="CheckpointException">It is missing or has another shape.</exception>
    public static Weight Load(ITensorSource source, string name, params long[] shape)
    {
        IReadOnlyList<long> actual =
            source.ShapeOf(name)
            ?? throw new CheckpointException(
                $"{source.Origin}: tensor '{name}' is missing. The weights do not belong to this config.json, or a shard is absent; download the checkpoint again."
            );
        if (!actual.SequenceEqual(shape))
        {
            throw new CheckpointException(
                $"{source.Origin}: tensor '{name}' has shape [{string.Join(", ", actual)}] where config.json implies [{string.Join(", ", shape)}]. Use the config.json that came with these weights."
            );
        }

        return new Weight(shape, destination => source.Read(name, destination));
    }

    /// <summary>Parts laid one after another along the first axis; their other dimensions must agree.</summary>
    /// <param name="parts">At least one tensor.</param>
    public static Weight Stack(params Weight[] parts)
    {
        long[] shape = [.. parts[0].Shape];
        shape[0] = parts.Sum(part => part.Shape[0]);
        return new Weight(
            shape,
            destination =>
            {
                foreach (Weight part in parts)
                {
                    part.Fill(destination);
                    destination = destination[part.Length..];
                }
            }
        );
    }

    /// <summary>The matrix turned over: PyTorch keeps a linear layer as [out, in], a MatMul wants [in, out].</summary>
    public Weight Transposed()
    {
        int rows = checked((int)Shape[0]);
        int columns = checked((int)Shape[1]);
        return new Weight(
            [columns, rows],
            destination =>
            {
                float[] source = GC.AllocateUninitializedArray<float>(Length);
                Fill(source);
                Transpose(source, rows, columns, destination);
            }
        );
    }

    /// <summary>The same rows at other places of a taller tensor whose remaining rows are zero.</summary>
    /// <param name="places">For each row its new place; all different.</param>
    /// <param name="rows">The height of the new tensor.</param>
    public Weight PlaceRows(int[] places, int rows)
    {
        long[] shape = [.. Shape];
        shape[0] = rows;
        int width = Length / places.Length;
        return new Weight(
            shape,
            destination =>
            {
                float[] source = GC.AllocateUninitializedArray<float>(Length);
                Fill(source);
                destination.Clear();
                for (int row = 0; row < places.Length; row++)
                {
                    source.AsSpan(row * width, width).CopyTo(destination[(places[row] * width)..]);
                }
            }
        );
    }

    private static void Transpose(ReadOnlySpan<float> source, int rows, int columns, Span<float> destination)
    {
        // Blocks small enough that both sides stay in the first-level cache.
        const int Block = 32;
        for (int top = 0; top < rows; top += Block)
        {
            int bottom = Math.Min(top + Block, rows);
            for (int left = 0; left < columns; left += Block)
            {
                int right = Math.Min(left + Block, columns);
                for (int column = left; column < right; column++)
                {
                    for (int row = top; row < bottom; row++)
                    {
                        destination[column * rows + row] = source[row * columns + column];
                    }
                }
            }
        }
    }
}
