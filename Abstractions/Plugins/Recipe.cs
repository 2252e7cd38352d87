namespace Tokenwright;

/// <summary>Which part fills each seam, by id.</summary>
/// <remarks>Processors and constraints are not named here: whichever the options call for join, in the fixed order of <see cref="ShapeStage"/>.</remarks>
public sealed record Recipe
{
    /// <summary>The target decorator; null decodes the model itself.</summary>
    public string? Target { get; init; }

    /// <summary>The drafter; null drafts nothing, one token a step.</summary>
    public string? Drafter { get; init; }

    /// <summary>The verifier.</summary>
    public string Verifier { get; init; } = "agree";

    /// <summary>The loop.</summary>
    public string Loop { get; init; } = "draft-then-verify";
}
