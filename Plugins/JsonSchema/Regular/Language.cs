namespace Tokenwright.Plugins.JsonSchema.Regular;

internal enum LanguageKind : byte
{
    None,
    Empty,
    Set,
    Concat,
    Or,
    And,
    Not,
    Loop,
    Recursive,
}

/// <summary>A regular language over Unicode scalar values: one hash-consed node of a <see cref="LanguagePool"/>.</summary>
internal sealed class Language
{
    public const int Unbounded = int.MaxValue;

    public required int Id { get; init; }
    public required LanguageKind Kind { get; init; }
    public Language? Left { get; set; }
    public Language? Right { get; init; }
    public CharSet? Set { get; init; }
    public int Min { get; init; }
    public int Max { get; init; }

    /// <summary>Whether the empty string belongs to the language.</summary>
    public bool Nullable { get; set; }

    /// <summary>Whether an intersection, complement or recursion hides inside, so that emptiness takes a search.</summary>
    public bool Boolean { get; init; }

    /// <summary>The languages after one scalar value, for all ranges of these in ascending order; empty until first needed.</summary>
    internal ReadOnlyMemory<Derivative> Derivatives;

    /// <summary>Lengths of the members; null until first needed.</summary>
    internal MemberLengths? Lengths;

    /// <summary>What members can end in; null until first needed.</summary>
    internal CharSet? Last;

    /// <summary>What members are made of; null until first needed.</summary>
    internal CharSet? Characters;

    internal Language? Shrunk;
    internal int ShrunkFor;

    /// <summary>0 unknown, 1 some string belongs, 2 none does.</summary>
    internal byte Liveness;
}

/// <summary>How long the members of a language are, in scalar values.</summary>
/// <param name="Shortest">The least length.</param>
/// <param name="Longest">The greatest, or <see cref="Language.Unbounded"/>.</param>
/// <param name="Gapless">Whether the form shows that every length between occurs.</param>
internal sealed record MemberLengths(int Shortest, int Longest, bool Gapless);

/// <summary>What a language leads to by the scalar values of a range.</summary>
internal readonly record struct Derivative(int Low, int High, Language Target);
