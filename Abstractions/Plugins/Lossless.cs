namespace Tokenwright;

/// <summary>Promises about the output compared with plain decoding of the same target.</summary>
[Flags]
public enum Lossless
{
    /// <summary>The method bends the distribution on purpose.</summary>
    No = 0,

    /// <summary>At temperature 0 the tokens are those of plain greedy decoding.</summary>
    Greedy = 1,

    /// <summary>At any temperature the tokens have the law of plain sampling.</summary>
    Sampling = 2,

    /// <summary>Both.</summary>
    Yes = Greedy | Sampling,

    /// <summary>At any temperature the same seed gives the very tokens of plain sampling. Implies both others.</summary>
    Seed = Yes | 4,
}
