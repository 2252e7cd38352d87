namespace Tokenwright.Models.Checkpoints;

/// <summary>Where a builder takes weights from: named tensors, read one at a time as float32.</summary>
public interface ITensorSource
{
    /// <summary>What error messages call this source: a file or folder.</summary>
    string Origin { get; }

    /// <summary>The names of all tensors.</summary>
    IEnumerable<string> Names { get; }

    /// <summary>The dimensions of a tensor, or null if there is none of that name.</summary>
    /// <param name="name">The tensor's name.</param>
    IReadOnlyList<long>? ShapeOf(string name);

    /// <summary>Reads a whole tensor, row-major, converted to float32.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="destination">Exactly as many elements as the tensor has.</param>
    /// <exception cref="CheckpointException">There is no such tensor, or its type does not convert to float32.</exception>
    void Read(string name, Span<float> destination);
}
