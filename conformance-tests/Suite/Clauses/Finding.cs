namespace Tokenwright.Conformance;

/// <summary>How a clause came out.</summary>
public enum Outcome
{
    /// <summary>The promise holds.</summary>
    Passed,

    /// <summary>The promise is broken.</summary>
    Failed,

    /// <summary>There is nothing to hold the part to; the finding says why.</summary>
    NotApplicable,

    /// <summary>It did not come to an end in time.</summary>
    TimedOut,

    /// <summary>It took the process down, or more memory than it was given.</summary>
    Crashed,
}

/// <summary>What came of one clause on one part.</summary>
/// <param name="Clause">The clause's id.</param>
/// <param name="Part">The part: <c>drafter 'suffix'</c>; the plugin's name for clauses of whole plugins.</param>
/// <param name="Outcome">How it came out.</param>
/// <param name="Message">What is wrong, or why the clause does not apply; empty where it passed.</param>
/// <param name="Counterexample">The smallest case that shows it, where there is one.</param>
/// <param name="Seconds">How long it took.</param>
public sealed record Finding(
    string Clause,
    string Part,
    Outcome Outcome,
    string Message = "",
    Counterexample? Counterexample = null,
    double Seconds = 0
)
{
    /// <summary>Whether a promise is broken.</summary>
    public bool IsBroken => Outcome is Outcome.Failed or Outcome.TimedOut or Outcome.Crashed;
}

/// <summary>The smallest case that breaks a promise. With the seed and the same clause it comes out again.</summary>
/// <param name="Case">What was decoded, with what.</param>
/// <param name="Seed">The seed of the run.</param>
/// <param name="Prefix">The output tokens before the place where it shows; null where no text is at fault.</param>
/// <param name="Expected">What ought to come next: a token, or the probabilities of tokens.</param>
/// <param name="Observed">What came.</param>
public sealed record Counterexample(
    string Case,
    int Seed,
    IReadOnlyList<int>? Prefix = null,
    string? Expected = null,
    string? Observed = null
)
{
    /// <summary>All of it in one line.</summary>
    public override string ToString() =>
        string.Join(
            "; ",
            new[]
            {
                Case,
                Prefix is null ? null : $"after output [{string.Join(' ', Prefix)}]",
                Expected is null ? null : $"expected {Expected}",
                Observed is null ? null : $"observed {Observed}",
                $"seed {Seed}",
            }.Where(text => !string.IsNullOrEmpty(text))
        );
}

/// <summary>A promise is broken.</summary>
public sealed class ClauseBrokenException(string message, Counterexample? counterexample = null, Exception? cause = null)
    : Exception(message, cause)
{
    /// <summary>The smallest case that shows it.</summary>
    public Counterexample? Counterexample { get; } = counterexample;
}

/// <summary>A clause has nothing to test.</summary>
public sealed class NotApplicableException(string message) : Exception(message);
