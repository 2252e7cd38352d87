using System.Globalization;
using System.Numerics;

namespace Tokenwright.Plugins.JsonSchema.Numbers;

/// <summary>A decimal number without rounding: Unscaled · 10^-Scale, Scale ≥ 0 and as small as it can be.</summary>
internal readonly record struct ExactDecimal : IComparable<ExactDecimal>
{
    private const int ExponentLimit = 2_000;

    public ExactDecimal(BigInteger unscaled, int scale)
    {
        while (scale > 0 && unscaled % 10 == 0)
        {
            unscaled /= 10;
            scale--;
        }
        if (scale < 0)
        {
            unscaled *= BigInteger.Pow(10, -scale);
            scale = 0;
        }
        (Unscaled, Scale) = (unscaled, scale);
    }

    public BigInteger Unscaled { get; }
    public int Scale { get; }
    public bool IsInteger => Scale == 0;
    public int Sign => Unscaled.Sign;

    public static ExactDecimal Zero => default;

    /// <summary>Reads a JSON number.</summary>
    public static ExactDecimal Parse(string text)
    {
        var e = text.IndexOfAny(['e', 'E']);
        long exponent = 0;
        if (
            e >= 0
            && !long.TryParse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
        )
            throw new FormatException("the exponent is out of range");
        var mantissa = e >= 0 ? text[..e] : text;
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = dot >= 0 ? mantissa.Remove(dot, 1) : mantissa;
        var scale = (dot >= 0 ? mantissa.Length - dot - 1 : 0) - exponent;
        if (Math.Abs(scale) > ExponentLimit || digits.Length > ExponentLimit)
            throw new FormatException($"a number with more than {ExponentLimit} digits is not supported");
        return new(BigInteger.Parse(digits, CultureInfo.InvariantCulture), (int)scale);
    }

    public static ExactDecimal operator -(ExactDecimal value) => new(-value.Unscaled, value.Scale);

    public int CompareTo(ExactDecimal other)
    {
        var scale = Math.Max(Scale, other.Scale);
        return At(scale).CompareTo(other.At(scale));
    }

    public static bool operator <(ExactDecimal a, ExactDecimal b) => a.CompareTo(b) < 0;

    public static bool operator >(ExactDecimal a, ExactDecimal b) => a.CompareTo(b) > 0;

    public static bool operator <=(ExactDecimal a, ExactDecimal b) => a.CompareTo(b) <= 0;

    public static bool operator >=(ExactDecimal a, ExactDecimal b) => a.CompareTo(b) >= 0;

    /// <summary>The value times 10^scale, for a scale at least its own.</summary>
    public BigInteger At(int scale) => scale == Scale ? Unscaled : Unscaled * BigInteger.Pow(10, scale - Scale);

    public bool IsMultipleOf(ExactDecimal divisor)
    {
        var scale = Math.Max(Scale, divisor.Scale);
        return (At(scale) % divisor.At(scale)).IsZero;
    }

    public static ExactDecimal LeastCommonMultiple(ExactDecimal a, ExactDecimal b)
    {
        var scale = Math.Max(a.Scale, b.Scale);
        BigInteger x = BigInteger.Abs(a.At(scale)),
            y = BigInteger.Abs(b.At(scale));
        return new(x / BigInteger.GreatestCommonDivisor(x, y) * y, scale);
    }

    public override string ToString()
    {
        if (Scale == 0)
            return Unscaled.ToString(CultureInfo.InvariantCulture);
        var digits = BigInteger.Abs(Unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(Scale + 1, '0');
        return (Unscaled.Sign < 0 ? "-" : "") + digits[..^Scale] + "." + digits[^Scale..];
    }
}
