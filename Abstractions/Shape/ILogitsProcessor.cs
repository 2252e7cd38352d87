namespace Tokenwright;

/// <summary>The Shape seam: bends the distribution of the next token.</summary>
/// <remarks>
/// <see cref="Apply"/> is a pure function of path, state and row. A part may remember what it computed of a path (counts, say) as long as
/// it compares before it trusts: the next call may be for another branch or another sequence. Nothing may be allocated per call after warm-up.
/// </remarks>
public interface ILogitsProcessor : IPart
{
    /// <summary>Where it stands in the fixed order.</summary>
    ShapeStage Stage { get; }

    /// <summary>Whether its options call for it; an inactive processor is left out.</summary>
    bool IsActive { get; }

    /// <summary>Whether it can change which token is most likely. Greedy decoding skips those that cannot.</summary>
    bool ChangesArgMax { get; }

    /// <summary>Whether it leaves exactly the most likely token, as temperature 0 does.</summary>
    bool TakesArgMax => false;

    /// <summary>The state before the first output token.</summary>
    ShapeState Start => default;

    /// <summary>Bends the row.</summary>
    /// <param name="path">The tokens before the row.</param>
    /// <param name="state">The state at the row.</param>
    /// <param name="row">The distribution so far; changed in place. At least one token must stay.</param>
    void Apply(in TokenPath path, in ShapeState state, Distribution row);

    /// <summary>The state after a token; by default there is none.</summary>
    /// <param name="state">The state at the row.</param>
    /// <param name="row">The shaped row from which the token was taken.</param>
    /// <param name="token">The token.</param>
    ShapeState Next(in ShapeState state, Distribution row, int token) => default;
}
