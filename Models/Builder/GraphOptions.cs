namespace Tokenwright.Models.Builder;

/// <summary>What a built graph takes and gives beyond ids in and logits out. Different options give different files.</summary>
public sealed record GraphOptions
{
    /// <summary>Whose inputs and outputs it has. With any but our own nothing else can be added to them, a tree among it.</summary>
    public GraphContract Contract { get; init; } = GraphContract.Tokenwright;

    /// <summary>
    /// Whether the graph can run a token tree: inputs <c>tree_bias</c>, <c>position_ids</c> and <c>past_length</c>. Without them
    /// the graph runs plain chains, and providers with fused attention kernels can use them.
    /// </summary>
    public bool Tree { get; init; } = true;

    /// <summary>Whether there is an output <c>hidden_states</c> [S, hidden], every row after the final norm.</summary>
    public bool HiddenStates { get; init; }

    /// <summary>Whether there is an output <c>arg_max</c> [R], the id of each row's greatest logit.</summary>
    public bool ArgMax { get; init; }

    /// <summary>The number K of best ids per row in outputs <c>top_k_ids</c> and <c>top_k_logits</c> [R, K]; 0 for none.</summary>
    public int TopK { get; init; }

    /// <summary>How the weights of the projections and the LM head are stored and multiplied.</summary>
    public WeightPrecision Precision { get; init; } = WeightPrecision.Float32;

    /// <summary>
    /// Weights that share a scale where <see cref="Precision"/> has scales: 16, 32, 64, 128 or 256. What has 8 bits in
    /// <see cref="WeightPrecision.Int4"/> shares one among 128 or 64 if rows are whole blocks of that.
    /// </summary>
    public int BlockSize { get; init; } = 32;

    /// <summary>
    /// What MatMulNBits may round the other factor to where <see cref="Precision"/> is not float32: 1 float32, 2 float16, 3 bfloat16,
    /// 4 int8 with a scale per block; 0 leaves it to the kernel.
    /// </summary>
    public int AccuracyLevel { get; init; } = 4;

    /// <summary>The longest context the graph can run, or null for the checkpoint's own; longer than that is refused.</summary>
    public int? ContextLength { get; init; }
}
