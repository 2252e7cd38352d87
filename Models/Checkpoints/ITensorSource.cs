namespace Tokenwright.Models.Checkpoints;

/// <summary>Where a builder takes weights from: named tensors, read as float32, a whole one or some rows at a time.</summary>
/// <remarks>A row is what differs in the first dimension only; of a vector, one element. Reading is safe from several threads.</remarks>
public interface ITensorSource
{
    /// <summary>What error messages call this source: a file or folder.</summary>
    string Origin { get; }

    /// <summary>What error messages call that which says what tensors there must be.</summary>
    string Description => "the config.json";

    /// <summary>The names of all tensors.</summary>
    IEnumerable<string> Names { get; }

    /// <summary>The dimensions of a tensor, or null if there is none of that name.</summary>
    /// <param name="name">The tensor's name.</param>
    IReadOnlyList<long>? ShapeOf(string name);

    /// <summary>Reads rows of a tensor, row-major, converted to float32.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="first">The first row.</param>
    /// <param name="destination">Room for whole rows, not more than the tensor has from there on.</param>
    /// <exception cref="CheckpointException">There is no such tensor, or its type does not convert to float32.</exception>
    /// <exception cref="ArgumentException">The rows are not whole or not there.</exception>
    void ReadRows(string name, int first, Span<float> destination);

    /// <summary>The scales that rows were quantised with: the values of a block differ by whole multiples of its scale.</summary>
    /// <param name="name">The name of a tensor of two or more dimensions.</param>
    /// <param name="first">The first row.</param>
    /// <param name="blockSize">Values per block; the last block of a row may have fewer.</param>
    /// <param name="scales">Receives, row after row, the scales of its blocks; NaN where there is none.</param>
    void ReadScales(string name, int first, int blockSize, Span<float> scales) => scales.Fill(float.NaN);
}

/// <summary>What follows from the members of a source.</summary>
public static class TensorSourceExtensions
{
    /// <summary>Reads a whole tensor, row-major, converted to float32.</summary>
    /// <param name="source">The source.</param>
    /// <param name="name">The tensor's name.</param>
    /// <param name="destination">Exactly as many elements as the tensor has.</param>
    /// <exception cref="CheckpointException">There is no such tensor, or its type does not convert to float32.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public static void Read(this ITensorSource source, string name, Span<float> destination)
    {
        if (source.ShapeOf(name) is { } shape && shape.Aggregate(1L, (a, b) => a * b) is var count && count != destination.Length)
        {
            throw new ArgumentException($"Tensor '{name}' has {count} elements, not {destination.Length}.", nameof(destination));
        }

        source.ReadRows(name, 0, destination);
    }
}
