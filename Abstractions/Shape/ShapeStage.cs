namespace Tokenwright;

/// <summary>The fixed order in which a distribution is bent. Within a stage parts go by id, one that takes the arg-max last.</summary>
public enum ShapeStage
{
    /// <summary>Bias and penalties: change raw logits.</summary>
    Penalty,

    /// <summary>The constraint's mask; no processor stands here.</summary>
    Constraint,

    /// <summary>Temperature.</summary>
    Temperature,

    /// <summary>Top-k.</summary>
    TopK,

    /// <summary>Top-p.</summary>
    TopP,

    /// <summary>Min-p.</summary>
    MinP,

    /// <summary>Typical and other truncations of the already truncated.</summary>
    Typical,
}
