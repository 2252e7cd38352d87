namespace Tokenwright.Models.Builder;

/// <summary>How the weights of a graph's matrix products are stored. Everything else stays float32.</summary>
public enum WeightPrecision
{
    /// <summary>As the checkpoint has them, in 32 bits: exact.</summary>
    Float32,

    /// <summary>8 bits and a scale per block.</summary>
    Int8,

    /// <summary>
    /// 4 bits for every matrix that the checkpoint has in blocks of 16 steps, with a minimum or without (GGUF's Q4_0, Q4_1 and Q4_K): it loses
    /// next to nothing. Of all others, 4 bits with a scale and a zero per block for the MLP's first matrix (gate and up), half of a layer's weights or
    /// more, and 8 bits with a scale per up to 128 for the rest, which 4 bits hurt more or save less time in. On SmolLM2 (135 M, from Q4_1) that
    /// makes 0.6 % of perplexity, and the file 103 MB.
    /// </summary>
    Int4,
}
