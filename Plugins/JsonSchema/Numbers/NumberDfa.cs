using System.Globalization;
using System.Numerics;
using System.Text;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Numbers;

/// <summary>
/// Reads a JSON number that must lie in a union of <see cref="NumberSet"/>s. What has been read stands for an interval of values
/// still in reach; a byte is allowed exactly when a member is among them, by exact arithmetic.
/// </summary>
/// <remarks>
/// An exponent is offered only where it cannot leave the set whatever its digits are: a positive one when everything larger belongs,
/// a negative one when everything down to zero belongs. Other members are spelled without exponent.
/// </remarks>
internal sealed class NumberDfa : ByteDfa
{
    private enum Phase : byte
    {
        Start,
        Minus,
        Zero,
        Whole,
        Dot,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
    }

    private const int ExponentDigitsLimit = 3;
    private const int DigitsLimit = 4_000;

    /// <summary>A place in the number: digits so far as an integer, and how many of them follow the point.</summary>
    private readonly record struct Place(
        Phase Phase,
        bool Negative,
        BigInteger Digits,
        int Decimals,
        bool Up = false,
        bool Down = false,
        int Count = 0
    );

    private readonly NumberSet[] _sets;
    private readonly NumberSet[] _mirrored;
    private readonly List<Place> _places = [default, default];
    private readonly List<bool> _accepting = [false, false];
    private readonly Dictionary<string, int> _ids = [];

    public NumberDfa(IEnumerable<NumberSet> sets)
        : base(ByteClasses)
    {
        _sets = [.. sets.Where(s => !s.IsEmpty)];
        _mirrored = [.. _sets.Select(s => s.Negate())];
        Start = _sets.Length == 0 ? Dead : Intern(new(Phase.Start, false, 0, 0));
    }

    private static readonly byte[] ByteClasses =
    [
        .. Enumerable
            .Range(0, 256)
            .Select(b => (byte)(b is >= '0' and <= '9' ? b - '0' : "-+.eE".IndexOf((char)b, StringComparison.Ordinal) + 11)),
    ];
    private static readonly NumberDfa All = new([NumberSet.All]);
    private static readonly NumberDfa Integers = new([new NumberSet { MultipleOf = new ExactDecimal(1, 0) }]);

    /// <summary>The automata that most schemas share: all numbers, all integers.</summary>
    public static NumberDfa? Common(NumberSet[] sets) =>
        sets is not [{ Low: null, High: null, NotMultipleOf.Length: 0 } only] ? null
        : only.MultipleOf is null ? All
        : only.MultipleOf == new ExactDecimal(1, 0) ? Integers
        : null;

    public int Start { get; }
    protected override Lock Gate { get; } = new();

    public override bool IsAccepting(int state) => _accepting[state];

    protected override int Compute(int state, byte value)
    {
        var place = _places[state];
        var digit = value is >= (byte)'0' and <= (byte)'9' ? value - '0' : -1;
        switch (place.Phase)
        {
            case Phase.Start when value == '-':
                return Enter(place with { Phase = Phase.Minus, Negative = true });
            case Phase.Start or Phase.Minus when digit >= 0:
                return Enter(place with { Phase = digit == 0 ? Phase.Zero : Phase.Whole, Digits = digit });
            case Phase.Whole when digit >= 0:
                return Enter(place with { Digits = place.Digits * 10 + digit });
            case Phase.Zero or Phase.Whole when value == '.':
                return Enter(place with { Phase = Phase.Dot });
            case Phase.Dot or Phase.Fraction when digit >= 0:
                return Enter(
                    place with
                    {
                        Phase = Phase.Fraction,
                        Digits = place.Digits * 10 + digit,
                        Decimals = place.Decimals + 1,
                    }
                );
            case Phase.Zero or Phase.Whole or Phase.Fraction when value is (byte)'e' or (byte)'E':
                var (up, down) = Exponents(place);
                return up || down ? Intern(new(Phase.Exponent, false, 0, 0, up, down)) : Dead;
            case Phase.Exponent when value == '+':
                return place.Up ? Intern(new(Phase.ExponentSign, false, 0, 0)) : Dead;
            case Phase.Exponent when value == '-':
                return place.Down ? Intern(new(Phase.ExponentSign, false, 0, 0)) : Dead;
            case Phase.Exponent when digit >= 0:
                return place.Up ? Intern(new(Phase.ExponentDigits, false, 0, 0, Count: 1)) : Dead;
            case Phase.ExponentSign when digit >= 0:
                return Intern(new(Phase.ExponentDigits, false, 0, 0, Count: 1));
            case Phase.ExponentDigits when digit >= 0 && place.Count < ExponentDigitsLimit:
                return Intern(place with { Count = place.Count + 1 });
            default:
                return Dead;
        }
    }

    private (bool Up, bool Down) Exponents(Place place)
    {
        bool up = false,
            down = false;
        var value = new ExactDecimal(place.Digits, place.Decimals);
        foreach (var set in place.Negative ? _mirrored : _sets)
        {
            if (set.NotMultipleOf.Length > 0 || !set.Contains(value))
                continue;
            up |= set.High is null && (set.MultipleOf is null || value.IsMultipleOf(set.MultipleOf.Value));
            down |= set.MultipleOf is null && (value.Sign == 0 || set.Low is null || set.Low.Value.Sign <= 0);
        }
        return (up, down);
    }

    private int Enter(Place place)
    {
        foreach (var set in place.Negative ? _mirrored : _sets)
        {
            if (Reaches(set, place))
                return Intern(place);
        }
        return Dead;
    }

    /// <summary>Whether some way to go on from here ends in the set; the place's sign is already taken off.</summary>
    private static bool Reaches(NumberSet set, Place place)
    {
        switch (place.Phase)
        {
            case Phase.Start:
                return true;
            case Phase.Minus:
                return set.MeetsInterval(ExactDecimal.Zero, false, null, false);
            case Phase.Whole:
                BigInteger low = place.Digits,
                    high = low + 1;
                for (var more = 0; ; more++, low *= 10, high *= 10)
                {
                    var from = new ExactDecimal(low, 0);
                    if (set.MeetsInterval(from, false, new(high, 0), true))
                        return true;
                    if (set.High is { } top && from > top)
                        return false;
                    if (
                        set.High is null
                        && (set.Low is not { } bottom || from >= bottom)
                        && (set.MultipleOf is not { } m || from >= m && set.NotMultipleOf.Length == 0)
                    )
                        return set.MeetsInterval(from, false, null, false);
                    if (more > DigitsLimit)
                        throw new FuelException();
                }
            default:
                // After a point that nothing follows yet the whole number's own spelling with zeros counts too.
                ExactDecimal start = new(place.Digits, place.Decimals),
                    end = new(place.Digits + 1, place.Decimals);
                return set.MeetsInterval(start, false, end, true);
        }
    }

    /// <summary>Places with the same future share a state: digits are kept only where a bound or divisor still looks at them.</summary>
    private int Intern(Place place)
    {
        var key = Key(place);
        if (_ids.TryGetValue(key, out var id))
            return id;
        id = AddState();
        _places.Add(place);
        _accepting.Add(
            place.Phase == Phase.ExponentDigits
                || place.Phase is Phase.Zero or Phase.Whole or Phase.Fraction
                    && (place.Negative ? _mirrored : _sets).Any(s => s.Contains(new(place.Digits, place.Decimals)))
        );
        _ids.Add(key, id);
        return id;
    }

    private string Key(Place place)
    {
        var key = new StringBuilder();
        key.Append((char)place.Phase)
            .Append(place.Negative ? '-' : '+')
            .Append(place.Up ? 'u' : ' ')
            .Append(place.Down ? 'd' : ' ');
        key.Append((char)place.Count);
        if (place.Phase is not (Phase.Zero or Phase.Whole or Phase.Dot or Phase.Fraction))
            return key.ToString();
        var decimals = place.Decimals;
        foreach (var set in place.Negative ? _mirrored : _sets)
        {
            if (!Describe(key, set, place))
                return $"{(char)place.Phase}{(place.Negative ? '-' : '+')}={place.Digits.ToString(CultureInfo.InvariantCulture)}/{decimals}";
        }
        return key.ToString();
    }

    /// <summary>Appends what of the digits matters to one set; false when all of them do.</summary>
    private static bool Describe(StringBuilder key, NumberSet set, Place place)
    {
        if (set.NotMultipleOf.Length > 0)
            return false;
        var whole = place.Phase == Phase.Whole;
        BigInteger low = place.Digits,
            high = low + 1;
        for (var more = 0; ; more++, low *= 10, high *= 10)
        {
            ExactDecimal from = new(low, place.Decimals),
                to = new(high, place.Decimals);
            if (set.High is { } top && from > top)
            {
                key.Append('x');
                break;
            }
            var inside = (set.Low is not { } l || (set.LowOpen ? from > l : from >= l)) && (set.High is not { } h || to <= h);
            var below = set.Low is { } b && to <= b;
            if (!inside && !below)
                return false;
            key.Append(inside ? 'i' : 'b');
            if (!whole || set.High is null && inside)
                break;
            if (more > 400)
                return false;
        }
        if (set.MultipleOf is not { } m)
        {
            key.Append(place.Digits.IsZero ? 'z' : 'n');
            return true;
        }
        if (place.Decimals > m.Scale)
        {
            // Past the divisor's own decimals only zeros can follow; anything else is dead already.
            key.Append('0').Append(place.Digits.IsZero ? 'z' : 'n');
            return true;
        }
        var divisor = m.At(m.Scale);
        var rest = place.Digits * BigInteger.Pow(10, m.Scale - place.Decimals) % divisor;
        key.Append(place.Decimals)
            .Append(':')
            .Append(rest.ToString(CultureInfo.InvariantCulture))
            .Append(place.Digits.IsZero ? 'z' : 'n')
            .Append(';');
        return true;
    }
}
