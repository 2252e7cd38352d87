namespace Tokenwright.Models.Builder;

/// <summary>How the weights of a graph's matrix products are stored. Everything else stays float32.</summary>
public enum WeightPrecision
{
    /// <summary>As the checkpoint has them, in 32 bits: exact.</summary>
    Float32,

    /// <summary>8 bits and a scale per block.</summary>
    Int8,

    /// <summary>
    /// 4 bits and a scale per block. What 4 bits hurt most keeps 8: the embedding table and the LM head, query/key/value, the MLP's
    /// second matrix, and its first one in the outer layers; unless the checkpoint has them in just such blocks, so that 4 bits
    /// lose nothing. On SmolLM2 (135 M, from Q4_1) that makes 5 % of perplexity instead of 26 %, and the file 127 MB instead of 85.
    /// </summary>
    Int4,
}
