namespace Tokenwright.Models.Onnx;

/// <summary>A named value in a graph: an input, a weight or the output of a node. The default value is an omitted optional input.</summary>
/// <param name="Name">The name in the graph; null or empty means "not given".</param>
public readonly record struct OnnxValue(string? Name)
{
    /// <summary>True for a value that is there, false for an omitted one.</summary>
    public bool IsPresent => !string.IsNullOrEmpty(Name);

    /// <inheritdoc />
    public override string ToString() => Name ?? "";
}

/// <summary>One dimension of a shape: a fixed length, or a name for one that varies from run to run.</summary>
/// <param name="Length">The length, or -1 if the dimension is symbolic.</param>
/// <param name="Symbol">The name of a symbolic dimension, otherwise null.</param>
public readonly record struct OnnxDimension(long Length, string? Symbol)
{
    /// <summary>A fixed dimension.</summary>
    /// <param name="length">Its length, 0 or more.</param>
    public static implicit operator OnnxDimension(long length) => FromInt64(length);

    /// <summary>A symbolic dimension.</summary>
    /// <param name="symbol">Its name.</param>
    public static implicit operator OnnxDimension(string symbol) => FromString(symbol);

    /// <summary>A fixed dimension.</summary>
    /// <param name="length">Its length, 0 or more.</param>
    public static OnnxDimension FromInt64(long length) => new(length, null);

    /// <summary>A symbolic dimension.</summary>
    /// <param name="symbol">Its name.</param>
    public static OnnxDimension FromString(string symbol) => new(-1, symbol);
}
