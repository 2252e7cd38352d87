using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Tokenwright;

/// <summary>How many nodes a draft may have: a number, or <see cref="Auto"/>, which leaves it to a <see cref="NodeBudget"/>. The type of the option "nodes".</summary>
public readonly record struct NodeCount
{
    /// <summary>The most nodes that can be asked for.</summary>
    public const int Max = 1024;

    // One more than the number, so that the default is auto.
    private readonly int _numberPlusOne;

    /// <summary>A fixed number.</summary>
    /// <param name="number">0, which drafts nothing, to <see cref="Max"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number lies outside.</exception>
    public NodeCount(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, Max);
        _numberPlusOne = number + 1;
    }

    /// <summary>The number that pays most, by measured costs and past acceptance.</summary>
    public static NodeCount Auto => default;

    /// <summary>The fixed number; null for <see cref="Auto"/>.</summary>
    public int? Number => _numberPlusOne == 0 ? null : _numberPlusOne - 1;

    /// <summary>Reads "auto" or a whole number from 0 to <see cref="Max"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NodeCount count)
    {
        count = default;
        if (string.Equals(text?.Trim(), "auto", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (!int.TryParse(text, CultureInfo.InvariantCulture, out int number) || number is < 0 or > Max)
        {
            return false;
        }

        count = new NodeCount(number);
        return true;
    }

    /// <summary>"auto" or the number.</summary>
    public override string ToString() => Number?.ToString(CultureInfo.InvariantCulture) ?? "auto";

    /// <summary>A fixed number.</summary>
    public static implicit operator NodeCount(int number) => new(number);

    /// <summary>The same as the conversion, for languages without it.</summary>
    public static NodeCount FromInt32(int number) => new(number);
}
