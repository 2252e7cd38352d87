namespace Tokenwright.Models.Runtime;

/// <summary>What the runtime must know of a built graph; the builder writes it beside the graph.</summary>
public sealed record GraphDescription
{
    /// <summary>The .onnx file.</summary>
    public required string Path { get; init; }

    /// <summary>Sizes and end tokens.</summary>
    public required ModelInfo Info { get; init; }

    /// <summary>Hash of the weights and of how the graph was built: the key of everything cached about it.</summary>
    public required string ContentHash { get; init; }

    /// <summary>Layers, each with a key and a value buffer.</summary>
    public required int Layers { get; init; }

    /// <summary>Key/value heads.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of a head in the cache, padding included.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Whether the graph takes a tree bias and positions.</summary>
    public bool HasTree { get; init; }

    /// <summary>Whether the graph gives hidden states.</summary>
    public bool HasHiddenStates { get; init; }

    /// <summary>Whether the graph gives the arg-max.</summary>
    public bool HasArgMax { get; init; }
}
