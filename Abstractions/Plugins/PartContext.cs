namespace Tokenwright;

/// <summary>What a part may use of its surroundings.</summary>
public sealed class PartContext
{
    /// <summary>The model that is decoded, decorated if the recipe says so.</summary>
    public required ICausalModel Target { get; init; }

    /// <summary>The bytes of the target's tokens; null where a model runs without a tokenizer.</summary>
    public IVocabulary? Vocabulary { get; init; }

    /// <summary>Opens further models.</summary>
    public IModelSource? Models { get; init; }

    /// <summary>Stores shared between generations of this target; where nobody shares any, a set of its own.</summary>
    public SharedStores Stores { get; init; } = new();
}
