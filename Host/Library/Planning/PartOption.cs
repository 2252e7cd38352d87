using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Tokenwright.Host;

/// <summary>An option as the property that holds it.</summary>
internal sealed record PartOption(OptionAttribute Declared, PropertyInfo Property)
{
    public string Name => Declared.Name;

    /// <summary>The options of a class, in the order of declaration, those of base classes first.</summary>
    public static IReadOnlyList<PartOption> Of(Type type) =>
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .OrderBy(property => Depth(property.DeclaringType))
                .ThenBy(property => property.MetadataToken)
                .Select(property => (property.GetCustomAttribute<OptionAttribute>(), property))
                .Where(option => option.Item1 is not null)
                .Select(option => new PartOption(option.Item1!, option.property)),
        ];

    /// <summary>What it looks like to a user.</summary>
    public OptionInfo Describe() => new(Name, Declared.Description, OptionText.Describe(Property.PropertyType)!, RangeInWords());

    /// <summary>The first check of the property's annotations that its value does not pass; null when it passes all.</summary>
    /// <param name="part">The part that has the option.</param>
    /// <param name="source">Where the value comes from, as it stands behind the value in a message; may be empty.</param>
    /// <returns>What follows the name of the option in a message, the author's own words where there are any.</returns>
    public string? Violation(IPart part, string source)
    {
        object? value = Property.GetValue(part);
        var context = new ValidationContext(part) { MemberName = Property.Name, DisplayName = Name };
        foreach (var check in Property.GetCustomAttributes<ValidationAttribute>())
        {
            if (check.GetValidationResult(value, context) is { } failed)
            {
                return check is RangeAttribute { ErrorMessage: null, ErrorMessageResourceName: null } range
                    ? $"must be {InWords(range)}; it is {OptionText.Format(value)}{source}."
                    : $"cannot be {OptionText.Format(value)}{source}: {failed.ErrorMessage}";
            }
        }

        return null;
    }

    private string? RangeInWords() => Property.GetCustomAttribute<RangeAttribute>() is { } range ? InWords(range) : null;

    private static string InWords(RangeAttribute range)
    {
        string low = (range.MinimumIsExclusive ? "greater than " : "at least ") + OptionText.Format(range.Minimum);
        string high = (range.MaximumIsExclusive ? "less than " : "at most ") + OptionText.Format(range.Maximum);
        return (IsOpen(range.Minimum), IsOpen(range.Maximum)) switch
        {
            (false, true) => low,
            (true, false) => high,
            _ when range.Minimum.Equals(range.Maximum) => OptionText.Format(range.Minimum),
            _ when !range.MinimumIsExclusive && !range.MaximumIsExclusive =>
                $"from {OptionText.Format(range.Minimum)} to {OptionText.Format(range.Maximum)}",
            _ => $"{low} and {high}",
        };
    }

    private static bool IsOpen(object bound) =>
        bound is int.MaxValue or int.MinValue or double.MaxValue or double.MinValue
        || (bound is double number && double.IsInfinity(number));

    private static int Depth(Type? type)
    {
        int depth = 0;
        for (; type is not null; type = type.BaseType)
        {
            depth++;
        }

        return depth;
    }
}
