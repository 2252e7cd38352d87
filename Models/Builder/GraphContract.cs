namespace Tokenwright.Models.Builder;

/// <summary>How a graph is told where it stands in the cache, and which rows have logits.</summary>
public enum GraphContract
{
    /// <summary>Our own: lengths as numbers, logits [R, vocabulary] of the rows named by <c>logit_rows</c>.</summary>
    Tokenwright,

    /// <summary>ONNX Runtime GenAI's: lengths from <c>attention_mask</c> [B, T], logits [B, S, vocabulary] of every row.</summary>
    GenAi,

    /// <summary>
    /// The same with logits [B, 1, vocabulary] of the last row only, like its builder's <c>prune_lm_head</c>: prompts
    /// cost less, and drafts cannot be checked in one forward.
    /// </summary>
    GenAiLastRow,
}
