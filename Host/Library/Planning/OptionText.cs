using System.Collections;
using System.Globalization;
using System.Text;

namespace Tokenwright.Host;

/// <summary>Values of options as text, the same in every culture.</summary>
/// <remarks>
/// Lists are comma-separated; a backslash takes the next character as it is, so that an element may hold a comma. "none" and the empty text
/// are null where the option may be null.
/// </remarks>
public static class OptionText
{
    /// <summary>What a type takes, in words; null for a type that no option can have.</summary>
    public static string? Describe(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Describe(underlying) is { } value ? $"{value}, or none" : null;
        }

        if (ElementOf(type) is { } element)
        {
            return DescribeOne(element) is { } each ? $"a list, separated by commas, each {each}" : null;
        }

        return DescribeOne(type);
    }

    /// <summary>Reads a value.</summary>
    /// <param name="type">The type of the option.</param>
    /// <param name="text">What the user gave.</param>
    /// <param name="value">The value; null only where the type allows it.</param>
    /// <returns>Whether the text is such a value.</returns>
    public static bool TryParse(Type type, string text, out object? value)
    {
        value = null;
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return text.Length == 0
                || text.Equals("none", StringComparison.OrdinalIgnoreCase)
                || TryParseOne(underlying, text, out value);
        }

        if (ElementOf(type) is not { } element)
        {
            return TryParseOne(type, text, out value);
        }

        var parts = Split(text);
        var list = Array.CreateInstance(element, parts.Count);
        for (int i = 0; i < parts.Count; i++)
        {
            if (!TryParseOne(element, parts[i], out object? item))
            {
                return false;
            }

            list.SetValue(item, i);
        }

        value = list;
        return true;
    }

    /// <summary>A value as text that reads back as itself.</summary>
    public static string Format(object? value) =>
        value switch
        {
            null => "none",
            bool flag => flag ? "true" : "false",
            string text => text,
            IEnumerable list => Join(list.Cast<object?>().Select(Format)),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };

    /// <summary>Elements as one list.</summary>
    public static string Join(IEnumerable<string> elements) =>
        string.Join(
            ',',
            elements.Select(element =>
                element.Replace(@"\", @"\\", StringComparison.Ordinal).Replace(",", @"\,", StringComparison.Ordinal)
            )
        );

    private static string? DescribeOne(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(int) || type == typeof(long) ? "a whole number"
        : type == typeof(float) || type == typeof(double) ? "a number"
        : type == typeof(string) ? "a text"
        : type == typeof(NodeCount) ? $"auto or a whole number up to {NodeCount.Max}"
        : type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type).Select(Hyphenated))
        : null;

    private static bool TryParseOne(Type type, string text, out object? value)
    {
        const NumberStyles Whole =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite;
        const NumberStyles Real = Whole | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        var culture = CultureInfo.InvariantCulture;
        value =
            type == typeof(string) ? text
            : type == typeof(bool) ? (bool.TryParse(text, out bool flag) ? flag : null)
            : type == typeof(int) ? (int.TryParse(text, Whole, culture, out int number) ? number : null)
            : type == typeof(long) ? (long.TryParse(text, Whole, culture, out long large) ? large : null)
            : type == typeof(float)
                ? (float.TryParse(text, Real, culture, out float single) && !float.IsNaN(single) ? single : null)
            : type == typeof(double)
                ? (double.TryParse(text, Real, culture, out double real) && !double.IsNaN(real) ? real : null)
            : type == typeof(NodeCount) ? (NodeCount.TryParse(text, out var count) ? count : null)
            : type.IsEnum ? EnumValue(type, text)
            : null;
        return value is not null;
    }

    private static object? EnumValue(Type type, string text) =>
        Enum.GetNames(type)
            .Where(name =>
                name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase)
                || Hyphenated(name).Equals(text.Trim(), StringComparison.OrdinalIgnoreCase)
            )
            .Select(name => Enum.Parse(type, name))
            .FirstOrDefault();

    // IReadOnlyList<T> is what an option should be declared as; whatever else an array can be assigned to serves as well.
    private static Type? ElementOf(Type type)
    {
        if (type.IsArray)
        {
            return type.GetElementType();
        }

        return
            type is { IsInterface: true, IsGenericType: true }
            && type.GetGenericArguments() is [var element]
            && element.MakeArrayType().IsAssignableTo(type)
            ? element
            : null;
    }

    private static List<string> Split(string text)
    {
        var parts = new List<string>();
        if (text.Length == 0)
        {
            return parts;
        }

        var part = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == ',')
            {
                parts.Add(part.ToString());
                part.Clear();
                continue;
            }

            if (text[i] == '\\' && i + 1 < text.Length)
            {
                i++;
            }

            part.Append(text[i]);
        }

        parts.Add(part.ToString());
        return parts;
    }

    private static string Hyphenated(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        for (int i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsUpper(name[i]) && !char.IsUpper(name[i - 1]))
            {
                text.Append('-');
            }

            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }
}
