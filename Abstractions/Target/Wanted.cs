namespace Tokenwright;

/// <summary>Which rows of a forward.</summary>
public enum RowSelection : byte
{
    /// <summary>None.</summary>
    None,

    /// <summary>The last one only.</summary>
    Last,

    /// <summary>All of them.</summary>
    All,
}

/// <summary>The outputs that a caller wants from a forward. Only what is asked for is computed and copied.</summary>
/// <param name="Logits">Rows whose logits will be read; these also answer arg-max and top-k.</param>
/// <param name="ArgMax">Rows whose arg-max will be read.</param>
/// <param name="TopK">Rows whose <paramref name="K"/> largest logits will be read.</param>
/// <param name="K">How many entries <paramref name="TopK"/> means.</param>
/// <param name="Hidden">Rows whose hidden state will be read; needs <see cref="Capabilities.HiddenStates"/>.</param>
public readonly record struct Wanted(
    RowSelection Logits = RowSelection.None,
    RowSelection ArgMax = RowSelection.None,
    RowSelection TopK = RowSelection.None,
    int K = 0,
    RowSelection Hidden = RowSelection.None
)
{
    /// <summary>The rows that must go through the LM head for this.</summary>
    public RowSelection Scored => Max(Logits, Max(ArgMax, TopK));

    /// <summary>What satisfies both.</summary>
    public static Wanted operator |(Wanted a, Wanted b) =>
        new(Max(a.Logits, b.Logits), Max(a.ArgMax, b.ArgMax), Max(a.TopK, b.TopK), Math.Max(a.K, b.K), Max(a.Hidden, b.Hidden));

    /// <summary>The same as the operator, for languages without it.</summary>
    public static Wanted BitwiseOr(Wanted left, Wanted right) => left | right;

    private static RowSelection Max(RowSelection a, RowSelection b) => a > b ? a : b;
}
