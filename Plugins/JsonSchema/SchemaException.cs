namespace Tokenwright.Plugins.JsonSchema;

/// <summary>A schema, pattern or list of choices that cannot be enforced exactly: where, which keyword, and why.</summary>
public sealed class SchemaException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="location">JSON pointer of the schema that holds the keyword; empty for the root.</param>
    /// <param name="keyword">The keyword that cannot be enforced; empty when the whole schema is meant.</param>
    /// <param name="reason">Why, and what to do.</param>
    public SchemaException(string location, string keyword, string reason)
        : base($"#{location}{(keyword.Length == 0 ? "" : "/" + keyword)}: {reason}")
    {
        (Location, Keyword, Reason) = (location, keyword, reason);
    }

    /// <summary>JSON pointer of the schema that holds the keyword; empty for the root.</summary>
    public string Location { get; }

    /// <summary>The keyword that cannot be enforced; empty when the whole schema is meant.</summary>
    public string Keyword { get; }

    /// <summary>Why, and what to do.</summary>
    public string Reason { get; }
}

/// <summary>
/// A bounded amount of work for what the current thread does: one compilation, one mask, one token. Running out is an error, never a
/// hang and never an open gate.
/// </summary>
internal static class Fuel
{
    [ThreadStatic]
    private static long _left;

    public static bool IsExhausted => _left < 0;

    public static void Refill(long amount) => _left = amount;

    /// <summary>Nothing more can be done, whatever is left.</summary>
    public static FuelException Exhaust()
    {
        _left = -1;
        return new FuelException();
    }

    public static void Spend(long units = 1)
    {
        if ((_left -= units) < 0)
            throw new FuelException();
    }
}

/// <summary>Work ran past its bound; the caller that knows the place turns it into a <see cref="SchemaException"/>.</summary>
internal sealed class FuelException() : Exception("needs more work than the limit allows; simplify the schema");
