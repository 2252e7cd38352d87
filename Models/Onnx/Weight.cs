using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Models.Onnx;

/// <summary>Computes some rows of a matrix.</summary>
/// <param name="first">The first row.</param>
/// <param name="destination">Receives whole rows, row-major; its content is undefined before.</param>
public delegate void RowReader(int first, Span<float> destination);

/// <summary>Tells in what steps the values of some rows already come.</summary>
/// <param name="first">The first row.</param>
/// <param name="blockSize">Values of a row that share a scale.</param>
/// <param name="scales">Receives, row-major, a scale by whole multiples of which the values of its block differ, or NaN if none is known.</param>
public delegate void ScaleReader(int first, int blockSize, Span<float> scales);

/// <summary>
/// A float32 tensor that is computed when the graph is written, and not before: the graph of a large model is described
/// without a single weight in memory, then its weights pass through a few rows at a time.
/// </summary>
/// <remarks>A row is what differs in the first dimension only; of a vector, one element. Reading is safe from several threads.</remarks>
public sealed class Weight
{
    private readonly RowReader _read;
    private readonly ScaleReader _scales;

    /// <summary>Describes a tensor that is computed as a whole.</summary>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="fill">Writes every element, row-major, into a span of exactly that many elements whose content is undefined.</param>
    /// <exception cref="OverflowException">The tensor has more than 2^31 - 1 elements.</exception>
    public Weight(IReadOnlyList<long> shape, Action<Span<float>> fill)
        : this(shape, (_, destination) => fill(destination), isWhole: true) { }

    /// <summary>Describes a tensor whose rows can be computed by themselves.</summary>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="read">Computes rows.</param>
    /// <param name="scales">Tells their scales; null where none are known.</param>
    /// <exception cref="OverflowException">The tensor has more than 2^31 - 1 elements.</exception>
    public Weight(IReadOnlyList<long> shape, RowReader read, ScaleReader? scales = null)
        : this(shape, read, isWhole: false, scales) { }

    private Weight(IReadOnlyList<long> shape, RowReader read, bool isWhole, ScaleReader? scales = null)
    {
        Shape = shape;
        IsWhole = isWhole;
        _read = read;
        _scales = scales ?? ((_, _, unknown) => unknown.Fill(float.NaN));
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

    /// <summary>The number of rows.</summary>
    public int Rows => (int)Shape[0];

    /// <summary>Elements of a row.</summary>
    public int Width => Length / Rows;

    /// <summary>Whether rows can only be read all at once.</summary>
    public bool IsWhole { get; }

    /// <summary>Computes the tensor.</summary>
    /// <param name="destination">Receives <see cref="Length"/> elements, row-major.</param>
    public void Fill(Span<float> destination) => _read(0, destination[..Length]);

    /// <summary>Computes some rows; of a tensor that <see cref="IsWhole"/>, all of them.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="destination">Receives whole rows.</param>
    public void Read(int first, Span<float> destination) => _read(first, destination);

    /// <summary>Tells in what steps the values of some rows already come.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="blockSize">Values that share a scale; the last block of a row may have fewer.</param>
    /// <param name="scales">Receives a scale by whole multiples of which the values of its block differ, or NaN if none is known.</param>
    public void ReadScales(int first, int blockSize, Span<float> scales) => _scales(first, blockSize, scales);

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
                $"{source.Origin}: tensor '{name}' is missing, which {source.Description} asks for. Download the whole checkpoint again."
            );
        if (!actual.SequenceEqual(shape))
        {
            throw new CheckpointException(
                $"{source.Origin}: tensor '{name}' has shape [{string.Join(", ", actual)}] where {source.Description} implies [{string.Join(", ", shape)}]. They do not belong together; download the checkpoint again."
            );
        }

        return shape.Length == 1
            ? new Weight(shape, destination => source.ReadRows(name, 0, destination))
            : new Weight(
                shape,
                (first, destination) => source.ReadRows(name, first, destination),
                (first, blockSize, scales) => source.ReadScales(name, first, blockSize, scales)
            );
    }

    /// <summary>Parts laid one after another along the first axis; their other dimensions must agree.</summary>
    /// <param name="parts">At least one tensor.</param>
    public static Weight Stack(params Weight[] parts)
    {
        long[] shape = [.. parts[0].Shape];
        shape[0] = parts.Sum(part => part.Shape[0]);
        int width = parts[0].Width;
        return new Weight(
            shape,
            (first, destination) => Split(first, width, destination, (part, row, rows) => part.Read(row, rows)),
            parts.Any(part => part.IsWhole),
            (first, blockSize, scales) =>
                Split(first, Blocks(width, blockSize), scales, (part, row, rows) => part.ReadScales(row, blockSize, rows))
        );

        void Split(int first, int rowLength, Span<float> destination, PartReader read)
        {
            foreach (Weight part in parts)
            {
                int count = Math.Min(part.Rows - first, destination.Length / rowLength);
                if (count > 0)
                {
                    read(part, first, destination[..(count * rowLength)]);
                    destination = destination[(count * rowLength)..];
                }

                first = Math.Max(0, first - part.Rows);
            }
        }
    }

    /// <summary>The matrix turned over: PyTorch keeps a linear layer as [out, in], a MatMul wants [in, out].</summary>
    public Weight Transposed()
    {
        int rows = Rows;
        int columns = Width;
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
        int width = Width;
        int[] sources = new int[rows];
        Array.Fill(sources, -1);
        for (int row = 0; row < places.Length; row++)
        {
            sources[places[row]] = row;
        }

        if (!IsWhole)
        {
            return new Weight(
                shape,
                (first, destination) => Place(first, width, destination, 0, Read),
                (first, blockSize, scales) =>
                    Place(
                        first,
                        Blocks(width, blockSize),
                        scales,
                        float.NaN,
                        (row, destination) => ReadScales(row, blockSize, destination)
                    )
            );
        }

        return new Weight(
            shape,
            destination =>
            {
                float[] source = GC.AllocateUninitializedArray<float>(Length);
                Fill(source);
                Place(0, width, destination, 0, (row, target) => source.AsSpan(row * width, width).CopyTo(target));
            }
        );

        void Place(int first, int rowLength, Span<float> destination, float missing, RowReader read)
        {
            for (; !destination.IsEmpty; first++, destination = destination[rowLength..])
            {
                if (sources[first] < 0)
                {
                    destination[..rowLength].Fill(missing);
                }
                else
                {
                    read(sources[first], destination[..rowLength]);
                }
            }
        }
    }

    /// <summary>The same columns at other places of a wider matrix whose remaining columns are zero.</summary>
    /// <param name="places">For each column its new place; all different.</param>
    /// <param name="columns">The width of the new matrix.</param>
    public Weight PlaceColumns(int[] places, int columns)
    {
        // Blocks are torn apart, so no scale is known any more.
        return new Weight(
            [Shape[0], columns],
            (first, destination) =>
            {
                float[] source = GC.AllocateUninitializedArray<float>(destination.Length / columns * Width);
                Read(first, source);
                destination.Clear();
                for (int start = 0; start < source.Length; start += Width, destination = destination[columns..])
                {
                    for (int column = 0; column < places.Length; column++)
                    {
                        destination[places[column]] = source[start + column];
                    }
                }
            },
            IsWhole
        );
    }

    private delegate void PartReader(Weight part, int first, Span<float> destination);

    private static int Blocks(int width, int blockSize) => (width + blockSize - 1) / blockSize;

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
