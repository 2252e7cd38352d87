namespace Tokenwright;

/// <summary>The Shape seam's hard half: which tokens are allowed at all. Drafters ask it too, before they propose.</summary>
/// <remarks>Pure and forkable like a processor; states are values. A constraint never fails open: what it cannot decide it refuses.</remarks>
public interface ITokenConstraint : IPart
{
    /// <summary>Whether its options call for it; an inactive constraint is left out.</summary>
    bool IsActive { get; }

    /// <summary>The state before the first output token.</summary>
    ShapeState Start { get; }

    /// <summary>Fills the set of tokens allowed in a state.</summary>
    /// <param name="state">A state reached through <see cref="Next"/> from <see cref="Start"/>.</param>
    /// <param name="allowed">
    /// Bit id%64 of word id/64 is set where the token is allowed; ⌈vocabulary/64⌉ words, overwritten. End tokens are set exactly where
    /// the text may end.
    /// </param>
    void Mask(in ShapeState state, Span<ulong> allowed);

    /// <summary>The state after an allowed token. End tokens are never passed.</summary>
    /// <exception cref="ArgumentException">The token is not allowed in this state.</exception>
    ShapeState Next(in ShapeState state, int token);

    /// <summary>Whether one token is allowed, without filling a mask.</summary>
    bool Allows(in ShapeState state, int token);

    /// <summary>The canonical spelling of what must come next, a hint for drafters; by default unknown.</summary>
    /// <param name="state">The state.</param>
    /// <param name="tokens">Receives the tokens.</param>
    /// <returns>How many tokens were written.</returns>
    int Forced(in ShapeState state, Span<int> tokens) => 0;
}
