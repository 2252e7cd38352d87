namespace Tokenwright.Models.Builder;

/// <summary>How the weights of a graph's matrix products are stored. Everything else stays float32.</summary>
public enum WeightPrecision
{
    /// <summary>As the checkpoint has them, in 32 bits: exact.</summary>
    Float32,

    /// <summary>8 bits and a scale per block.</summary>
    Int8,

    /// <summary>4 bits and a scale per block.</summary>
    Int4,
}
