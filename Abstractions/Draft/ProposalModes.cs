namespace Tokenwright;

/// <summary>How the children of a node were proposed: what an acceptance rule may conclude from their presence.</summary>
[Flags]
public enum ProposalModes
{
    /// <summary>No mode.</summary>
    None = 0,

    /// <summary>A function of the past: the children are distinct and no q exists.</summary>
    Deterministic = 1,

    /// <summary>Drawn independently from q; a token may occur more than once.</summary>
    Independent = 2,

    /// <summary>Drawn from q without replacement, in draw order.</summary>
    WithoutReplacement = 4,

    /// <summary>Any of them.</summary>
    Any = Deterministic | Independent | WithoutReplacement,
}
