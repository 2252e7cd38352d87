namespace Tokenwright.Models.Builder;

/// <summary>How the weights of a graph's matrix products are stored. Everything else stays float32.</summary>
public enum WeightPrecision
{
    /// <summary>As the checkpoint has them, in 32 bits: exact.</summary>
    Float32,

    /// <summary>8 bits and a scale per block.</summary>
    Int8,

    /// <summary>
    /// 4 bits with a scale and a zero per block for the MLP's first matrix (gate and up), half of a layer's weights or more, with an offset too
    /// where the checkpoint has blocks of 16 steps and a minimum (GGUF's Q4_1 and Q4_K); 8 bits with a scale per up to 128 for all others, which 4 bits
    /// hurt more or save less time in. A matrix that the checkpoint has in just such blocks without a minimum has 4 bits, whatever it
    /// is, and loses nothing. On SmolLM2 (135 M, from Q4_1) that makes 0.6 % of perplexity instead of 26 %, and the file 122 MB instead of 85.
    /// </summary>
    Int4,
}
