using System.Numerics;

namespace Tokenwright.Plugins.JsonSchema.Numbers;

/// <summary>An interval of numbers, thinned to the multiples of one number and without the multiples of others.</summary>
internal sealed record NumberSet
{
    private const int TrialLimit = 10_000;

    public static NumberSet All { get; } = new();

    /// <summary>Lower bound; null for none.</summary>
    public ExactDecimal? Low { get; init; }
    public bool LowOpen { get; init; }

    /// <summary>Upper bound; null for none.</summary>
    public ExactDecimal? High { get; init; }
    public bool HighOpen { get; init; }

    /// <summary>Every member is a multiple of this; null for no such demand.</summary>
    public ExactDecimal? MultipleOf { get; init; }

    /// <summary>No member is a multiple of any of these.</summary>
    public ExactDecimal[] NotMultipleOf { get; init; } = [];

    public static NumberSet Single(ExactDecimal value) => new() { Low = value, High = value };

    public bool Contains(ExactDecimal value) =>
        (Low is not { } low || (LowOpen ? value > low : value >= low))
        && (High is not { } high || (HighOpen ? value < high : value <= high))
        && (MultipleOf is not { } m || value.IsMultipleOf(m))
        && !NotMultipleOf.Any(value.IsMultipleOf);

    public bool IsEmpty => !MeetsInterval(null, false, null, false);

    public NumberSet Intersect(NumberSet other)
    {
        var (low, lowOpen) = Tighter(Low, LowOpen, other.Low, other.LowOpen, 1);
        var (high, highOpen) = Tighter(High, HighOpen, other.High, other.HighOpen, -1);
        return new()
        {
            Low = low,
            LowOpen = lowOpen,
            High = high,
            HighOpen = highOpen,
            MultipleOf =
                MultipleOf is { } a && other.MultipleOf is { } b
                    ? ExactDecimal.LeastCommonMultiple(a, b)
                    : MultipleOf ?? other.MultipleOf,
            NotMultipleOf = [.. NotMultipleOf.Union(other.NotMultipleOf)],
        };
    }

    /// <summary>The numbers outside: a union.</summary>
    public IEnumerable<NumberSet> Complement()
    {
        if (Low is { } low)
            yield return new() { High = low, HighOpen = !LowOpen };
        if (High is { } high)
            yield return new() { Low = high, LowOpen = !HighOpen };
        if (MultipleOf is { } m)
            yield return new() { NotMultipleOf = [m] };
        foreach (var n in NotMultipleOf)
            yield return new() { MultipleOf = n };
    }

    /// <summary>The set mirrored at zero.</summary>
    public NumberSet Negate() =>
        this with
        {
            Low = High is { } h ? -h : null,
            LowOpen = HighOpen,
            High = Low is { } l ? -l : null,
            HighOpen = LowOpen,
        };

    /// <summary>Whether some member that has a finite decimal spelling lies in an interval too.</summary>
    public bool MeetsInterval(ExactDecimal? from, bool fromOpen, ExactDecimal? to, bool toOpen)
    {
        var (low, lowOpen) = Tighter(Low, LowOpen, from, fromOpen, 1);
        var (high, highOpen) = Tighter(High, HighOpen, to, toOpen, -1);
        if (low is { } l && high is { } h)
        {
            var order = l.CompareTo(h);
            if (order > 0 || order == 0 && (lowOpen || highOpen))
                return false;
            if (order == 0)
                return (MultipleOf is not { } only || l.IsMultipleOf(only)) && !NotMultipleOf.Any(l.IsMultipleOf);
        }
        if (MultipleOf is not { } m)
            return true;
        if (NotMultipleOf.Any(m.IsMultipleOf))
            return false;
        // Walk the multiples from the bound that exists; almost always the first or second is a member.
        var scale = Math.Max(m.Scale, Math.Max(low?.Scale ?? 0, high?.Scale ?? 0));
        var step = m.At(scale);
        BigInteger at;
        if (low is { } start)
        {
            var s = start.At(scale);
            at = CeilingMultiple(s, step);
            if (lowOpen && at == s)
                at += step;
        }
        else if (high is { } end)
        {
            var e = end.At(scale);
            at = -CeilingMultiple(-e, step);
            if (highOpen && at == e)
                at -= step;
            step = -step;
        }
        else
        {
            return true;
        }
        for (var trial = 0; trial < TrialLimit; trial++, at += step)
        {
            var value = new ExactDecimal(at, scale);
            if (step.Sign > 0 && high is { } top && (highOpen ? value >= top : value > top))
                return false;
            if (!NotMultipleOf.Any(value.IsMultipleOf))
                return true;
        }
        throw new FuelException();
    }

    /// <summary>The members, where there are at most so many and the bounds show it; null else.</summary>
    public List<ExactDecimal>? Members(int limit)
    {
        if (Low is not { } low || High is not { } high)
            return null;
        if (low == high)
            return Contains(low) ? [low] : [];
        if (MultipleOf is not { } step)
            return null;
        var scale = Math.Max(step.Scale, Math.Max(low.Scale, high.Scale));
        var (by, last) = (step.At(scale), high.At(scale));
        var members = new List<ExactDecimal>();
        var trials = 0;
        for (var at = CeilingMultiple(low.At(scale), by); at <= last; at += by)
        {
            var value = new ExactDecimal(at, scale);
            if (Contains(value))
                members.Add(value);
            if (members.Count > limit || ++trials > TrialLimit)
                return null;
        }
        return members;
    }

    private static BigInteger CeilingMultiple(BigInteger value, BigInteger step)
    {
        var quotient = BigInteger.DivRem(value, step, out var rest);
        return rest.Sign > 0 ? (quotient + 1) * step : quotient * step;
    }

    private static (ExactDecimal?, bool) Tighter(ExactDecimal? a, bool aOpen, ExactDecimal? b, bool bOpen, int direction)
    {
        if (a is not { } x)
            return (b, bOpen);
        if (b is not { } y)
            return (a, aOpen);
        var order = x.CompareTo(y) * direction;
        return order > 0 ? (a, aOpen)
            : order < 0 ? (b, bOpen)
            : (a, aOpen || bOpen);
    }
}
