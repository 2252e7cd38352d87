namespace Tokenwright;

/// <summary>What a part may use of its surroundings.</summary>
public sealed class PartContext
{
    /// <summary>The model that is decoded, decorated if the recipe says so.</summary>
    public required ICausalModel Target { get; init; }

    /// <summary>The bytes of the target's tokens; null where a model runs without a tokenizer.</summary>
    public IVocabulary? Vocabulary { get; init; }

    /// <summary>
    /// The ids of a text in the middle of another one, as the tokenizer cuts it: no special tokens are added or recognised. Null where there
    /// is no tokenizer, or nobody gave it.
    /// </summary>
    public Func<string, IReadOnlyList<int>>? Encode { get; init; }

    /// <summary>The most tokens that will be generated: the caller's budget, or what the prompt leaves of the context where that is less.</summary>
    public int MaxTokens { get; init; } = int.MaxValue;

    /// <summary>Opens further models.</summary>
    public IModelSource? Models { get; init; }

    /// <summary>Stores shared between generations of this target; where nobody shares any, a set of its own.</summary>
    public SharedStores Stores { get; init; } = new();
}
