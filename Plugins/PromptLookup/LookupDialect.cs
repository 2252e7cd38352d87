namespace Tokenwright.Plugins.PromptLookup;

/// <summary>Which of the published rules of matching to follow.</summary>
public enum LookupDialect
{
    /// <summary>The longest match of 5 to 1 tokens, the most recent of its places.</summary>
    Recent,

    /// <summary>As Hugging Face transformers: the last 2 tokens, then 1, their first place, a draft ends before an end token.</summary>
    Hf,

    /// <summary>As the original: the last 3 tokens, then 2, then 1, their first place, and only where the whole draft is there.</summary>
    Pld,

    /// <summary>As vLLM: the longest match in the range, 5 to 5 tokens unless set, its first place.</summary>
    Vllm,
}
