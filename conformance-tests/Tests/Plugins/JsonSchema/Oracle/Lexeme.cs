using System.Numerics;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>A place inside a string or a number from which it can be brought to an end.</summary>
internal abstract class Lexeme
{
    private readonly Dictionary<byte, Lexeme?> _next = [];

    /// <summary>Whether it may end here: a string by its closing quote, a number by what follows it.</summary>
    public abstract bool IsEnd { get; }

    /// <summary>The place after one more byte; null where it may not come.</summary>
    public Lexeme? Next(byte value)
    {
        if (!_next.TryGetValue(value, out var next))
            _next.Add(value, next = Find(value));
        return next;
    }

    protected abstract Lexeme? Find(byte value);
}

/// <summary>Inside a string: the characters still to come, and the bytes of one that is half read.</summary>
internal sealed class StringLexeme : Lexeme
{
    private readonly Dictionary<(Regular, string, bool), StringLexeme> _all;
    private readonly Regular _left;
    private readonly string _half;
    private readonly bool _isKey;

    private StringLexeme(Dictionary<(Regular, string, bool), StringLexeme> all, Regular left, string half, bool isKey) =>
        (_all, _left, _half, _isKey) = (all, left, half, isKey);

    public override bool IsEnd => _half.Length == 0 && _left.IsNullable;

    /// <summary>The beginning of a string; null where no string belongs to the language.</summary>
    /// <param name="all">All places found so far, to find them again.</param>
    /// <param name="language">What the string may be.</param>
    /// <param name="isKey">Whether it is a key: there what ASCII can print is spelled as it is, but for quotes and backslashes.</param>
    public static StringLexeme? Start(Dictionary<(Regular, string, bool), StringLexeme> all, Regular language, bool isKey) =>
        language.IsAlive ? At(all, language, "", isKey) : null;

    private static StringLexeme At(Dictionary<(Regular, string, bool), StringLexeme> all, Regular left, string half, bool isKey)
    {
        if (!all.TryGetValue((left, half, isKey), out var known))
            all.Add((left, half, isKey), known = new StringLexeme(all, left, half, isKey));
        return known;
    }

    protected override Lexeme? Find(byte value)
    {
        var half = _half + (char)value;
        var ranges = HalfCharacter.Read(half, _isKey, out var isWhole);
        if (isWhole)
            return _left.After(ranges[0].Low) is { IsAlive: true } after ? At(_all, after, "", _isKey) : null;
        return ranges.Exists(r => _left.CanBegin(r.Low, r.High)) ? At(_all, _left, half, _isKey) : null;
    }
}

/// <summary>What a few bytes inside a JSON string can become.</summary>
internal static class HalfCharacter
{
    private const string Short = "\"\\/bfnrt";
    private const string Meant = "\"\\/\b\f\n\r\t";

    /// <summary>The characters that some bytes, each a char, begin or, when whole, are; none where they begin none.</summary>
    public static List<(int Low, int High)> Read(string bytes, bool isKey, out bool isWhole)
    {
        isWhole = false;
        var first = bytes[0];
        if (first == '\\')
        {
            var found = Escape(bytes[1..], out isWhole);
            if (isKey)
                found = [.. found.SelectMany(NotPlain)];
            isWhole &= found.Count > 0;
            return found;
        }
        if (first is < ' ' or '"')
            return [];
        if (first < 0x80)
        {
            isWhole = true;
            return [(first, first)];
        }
        var length = first switch
        {
            >= (char)0xC2 and <= (char)0xDF => 2,
            >= (char)0xE0 and <= (char)0xEF => 3,
            >= (char)0xF0 and <= (char)0xF4 => 4,
            _ => 0,
        };
        if (length == 0 || bytes.Skip(1).Any(b => b is < (char)0x80 or > (char)0xBF))
            return [];
        int low = first & (0x7F >> length),
            high = low;
        for (var i = 1; i < length; i++)
        {
            low = low << 6 | (i < bytes.Length ? bytes[i] & 0x3F : 0);
            high = high << 6 | (i < bytes.Length ? bytes[i] & 0x3F : 0x3F);
        }
        isWhole = bytes.Length == length;
        var least =
            length == 2 ? 0x80
            : length == 3 ? 0x800
            : 0x10000;
        var ranges = Scalars(Math.Max(low, least), Math.Min(high, 0x10FFFF));
        isWhole &= ranges.Count > 0;
        return ranges;
    }

    private static List<(int Low, int High)> Escape(string after, out bool isWhole)
    {
        isWhole = false;
        if (after.Length == 0)
            return Scalars(0, 0x10FFFF);
        if (after[0] != 'u')
        {
            var at = Short.IndexOf(after[0], StringComparison.Ordinal);
            isWhole = at >= 0;
            return at >= 0 ? [(Meant[at], Meant[at])] : [];
        }
        if (!Unit(after[1..Math.Min(5, after.Length)], out var low, out var high))
            return [];
        if (after.Length < 5)
        {
            var ranges = Scalars(low, high);
            int highLow = Math.Max(low, 0xD800),
                highHigh = Math.Min(high, 0xDBFF);
            if (highLow <= highHigh)
                ranges.Add((Pair(highLow, 0xDC00), Pair(highHigh, 0xDFFF)));
            return ranges;
        }
        if (low is < 0xD800 or > 0xDFFF)
        {
            isWhole = true;
            return [(low, low)];
        }
        var rest = after[5..];
        if (low > 0xDBFF || rest.Length > 0 && rest[0] != '\\' || rest.Length > 1 && rest[1] != 'u')
            return [];
        if (!Unit(rest.Length > 2 ? rest[2..] : "", out var secondLow, out var secondHigh))
            return [];
        (secondLow, secondHigh) = (Math.Max(secondLow, 0xDC00), Math.Min(secondHigh, 0xDFFF));
        if (secondLow > secondHigh)
            return [];
        isWhole = rest.Length == 6;
        return [(Pair(low, secondLow), Pair(low, secondHigh))];
    }

    private static int Pair(int high, int low) => 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);

    /// <summary>The code units that up to four hexadecimal digits begin.</summary>
    private static bool Unit(string digits, out int low, out int high)
    {
        (low, high) = (0, 0);
        for (var i = 0; i < 4; i++)
        {
            if (i < digits.Length && !char.IsAsciiHexDigit(digits[i]))
                return false;
            low = low << 4 | (i < digits.Length ? Convert.ToInt32(digits[i..(i + 1)], 16) : 0);
            high = high << 4 | (i < digits.Length ? Convert.ToInt32(digits[i..(i + 1)], 16) : 15);
        }
        return true;
    }

    private static List<(int Low, int High)> Scalars(int low, int high) =>
        [.. new[] { (low, Math.Min(high, 0xD7FF)), (Math.Max(low, 0xE000), high) }.Where(r => r.Item1 <= r.Item2)];

    private static IEnumerable<(int Low, int High)> NotPlain((int Low, int High) range) =>
        new[] { (0, 0x1F), ('"', '"'), ('\\', '\\'), (0x7F, 0x10FFFF) }
            .Select(r => (Low: Math.Max(r.Item1, range.Low), High: Math.Min(r.Item2, range.High)))
            .Where(r => r.Low <= r.High);
}

/// <summary>A decimal number without rounding: an integer divided by a power of ten.</summary>
internal readonly record struct Fraction(BigInteger Unscaled, int Scale)
{
    public static Fraction Parse(string text)
    {
        var exponentAt = text.IndexOfAny(['e', 'E']);
        var exponent =
            exponentAt < 0 ? 0 : int.Parse(text[(exponentAt + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        var mantissa = exponentAt < 0 ? text : text[..exponentAt];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var scale = (point < 0 ? 0 : mantissa.Length - point - 1) - exponent;
        var unscaled = BigInteger.Parse(
            mantissa.Replace(".", "", StringComparison.Ordinal),
            System.Globalization.CultureInfo.InvariantCulture
        );
        if (Math.Abs(scale) > 400)
            throw new NotSupportedException(text);
        return scale >= 0 ? new(unscaled, scale) : new(unscaled * BigInteger.Pow(10, -scale), 0);
    }

    /// <summary>The number times a power of ten; it must come out whole.</summary>
    public BigInteger At(int scale) => Unscaled * BigInteger.Pow(10, scale - Scale);

    public static int Compare(Fraction a, Fraction b)
    {
        var scale = Math.Max(a.Scale, b.Scale);
        return a.At(scale).CompareTo(b.At(scale));
    }
}

/// <summary>What a number must be: between bounds, and a multiple of something.</summary>
internal sealed record NumberRule(Fraction? Low, bool IsLowOpen, Fraction? High, bool IsHighOpen, Fraction? Step)
{
    public static NumberRule Any { get; } = new(null, false, null, false, null);

    public NumberRule AtLeast(Fraction low, bool isOpen) =>
        Low is { } known && Fraction.Compare(known, low) is var order && (order > 0 || order == 0 && IsLowOpen)
            ? this
            : this with
            {
                Low = low,
                IsLowOpen = isOpen,
            };

    public NumberRule Mirrored() =>
        new(
            High is { } high ? new(-high.Unscaled, high.Scale) : null,
            IsHighOpen,
            Low is { } low ? new(-low.Unscaled, low.Scale) : null,
            IsLowOpen,
            Step
        );

    public NumberRule AtMost(Fraction high, bool isOpen) =>
        Mirrored().AtLeast(new(-high.Unscaled, high.Scale), isOpen).Mirrored();

    public NumberRule MultipleOf(Fraction step)
    {
        if (Step is not { } known)
            return this with { Step = step };
        var scale = Math.Max(known.Scale, step.Scale);
        BigInteger a = known.At(scale),
            b = step.At(scale);
        return this with { Step = new(a / BigInteger.GreatestCommonDivisor(a, b) * b, scale) };
    }

    public bool Contains(Fraction value) => Meets(value, false, value, false);

    /// <summary>Whether a number of an interval is right; no upper end means that it has none.</summary>
    public bool Meets(Fraction from, bool isFromOpen, Fraction? to, bool isToOpen)
    {
        var all = AtLeast(from, isFromOpen);
        if (to is { } end)
            all = all.AtMost(end, isToOpen);
        var low = all.Low!.Value;
        if (all.High is { } high)
        {
            var order = Fraction.Compare(low, high);
            if (order > 0 || order == 0 && (all.IsLowOpen || all.IsHighOpen))
                return false;
        }
        if (Step is not { } step)
            return true;
        var scale = Math.Max(step.Scale, Math.Max(low.Scale, all.High?.Scale ?? 0));
        BigInteger width = step.At(scale),
            bottom = low.At(scale);
        // The least multiple that is not below.
        var first = bottom + ((-bottom % width) + width) % width;
        if (all.IsLowOpen && first == bottom)
            first += width;
        return all.High is not { } top || first < top.At(scale) || first == top.At(scale) && !all.IsHighOpen;
    }
}

/// <summary>
/// Inside a number. Exponents are what the engine documents: at most three digits, and only where the number is right whatever they are:
/// upwards where there is no bound on that side and the number is right without one, downwards where it is right, everything
/// between it and zero is, and nothing is divided by.
/// </summary>
internal sealed class NumberLexeme : Lexeme
{
    private const int MostExponentDigits = 3;
    private readonly string _text;
    private readonly NumberRule _rule;

    private NumberLexeme(string text, NumberRule rule) => (_text, _rule) = (text, rule);

    /// <summary>Before the first character of a number.</summary>
    public static NumberLexeme Start(NumberRule rule) => new("", rule);

    public override bool IsEnd =>
        _text.Length > 0
        && char.IsAsciiDigit(_text[^1])
        && (_text.Contains('e', StringComparison.OrdinalIgnoreCase) || _rule.Contains(Fraction.Parse(_text)));

    protected override Lexeme? Find(byte value)
    {
        var text = _text + (char)value;
        return CanGoOn(text) ? new NumberLexeme(text, _rule) : null;
    }

    private bool CanGoOn(string text)
    {
        var isNegative = text[0] == '-';
        var rule = isNegative ? _rule.Mirrored() : _rule;
        var digits = isNegative ? text[1..] : text;
        var zero = new Fraction(0, 0);
        if (digits.Length == 0)
            return rule.Meets(zero, false, null, false);
        var exponentAt = digits.IndexOfAny(['e', 'E']);
        if (exponentAt >= 0)
            return HasExponent(rule, digits[..exponentAt], digits[(exponentAt + 1)..]);
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? digits : digits[..point];
        var part = point < 0 ? "" : digits[(point + 1)..];
        if (
            !whole.All(char.IsAsciiDigit)
            || !part.All(char.IsAsciiDigit)
            || whole.Length == 0
            || whole.Length > 1 && whole[0] == '0'
        )
            return false;
        var low = BigInteger.Parse(whole + part, System.Globalization.CultureInfo.InvariantCulture);
        if (point >= 0 || low.IsZero)
            return rule.Meets(new(low, part.Length), false, new(low + 1, part.Length), true);
        for (var high = low + 1; ; low *= 10, high *= 10)
        {
            if (rule.Meets(new(low, 0), false, new(high, 0), true))
                return true;
            if (rule.High is { } top && Fraction.Compare(new(low, 0), top) > 0)
                return false;
        }
    }

    private static bool HasExponent(NumberRule rule, string mantissa, string exponent)
    {
        if (mantissa.Length == 0 || !char.IsAsciiDigit(mantissa[^1]))
            return false;
        var value = Fraction.Parse(mantissa);
        if (!rule.Contains(value))
            return false;
        var isUp = rule.High is null;
        var isDown = rule.Step is null && (value.Unscaled.IsZero || rule.Low is not { } low || low.Unscaled.Sign <= 0);
        var digits = exponent.TrimStart('+', '-');
        if (digits.Length < exponent.Length - 1 || digits.Length > MostExponentDigits || !digits.All(char.IsAsciiDigit))
            return false;
        return exponent.Length == 0 ? isUp || isDown
            : exponent[0] == '-' ? isDown
            : isUp;
    }
}
