namespace Tokenwright.Host;

/// <summary>What a part is: a method, or what fills one of the seams.</summary>
public enum Seam
{
    /// <summary>An <see cref="IDecodingMethod"/>.</summary>
    Method,

    /// <summary>An <see cref="ITargetDecorator"/>.</summary>
    Target,

    /// <summary>An <see cref="ILogitsProcessor"/>.</summary>
    Processor,

    /// <summary>An <see cref="ITokenConstraint"/>.</summary>
    Constraint,

    /// <summary>An <see cref="IDrafter"/>.</summary>
    Drafter,

    /// <summary>An <see cref="IVerifier"/>.</summary>
    Verifier,

    /// <summary>An <see cref="IDecodingLoop"/>.</summary>
    Loop,
}
