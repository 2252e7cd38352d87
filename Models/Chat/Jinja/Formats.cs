using System.Globalization;
using System.Text;

namespace Tokenwright.Models.Chat.Jinja;

/// <summary>Python's two ways of filling values into a text, without the rarer specifications, and its dates.</summary>
internal static class Formats
{
    /// <summary><c>format % values</c> with %s %r %d %i %f %x and %%, a width and a precision.</summary>
    public static string Percent(Interpreter interpreter, string format, object values)
    {
        IReadOnlyList<object> arguments = values is Sequence { Kind: SequenceKind.Tuple } tuple ? tuple.Take() : [values];
        StringBuilder result = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                result.Append(format[i]);
                continue;
            }

            if (++i < format.Length && format[i] == '%')
            {
                result.Append('%');
                continue;
            }

            object? named = null;
            if (i < format.Length && format[i] == '(' && format.IndexOf(')', i) is var close && close > 0)
            {
                string name = format[(i + 1)..close];
                named =
                    values is Mapping map && map.TryGetValue(name, out object? found)
                        ? found
                        : throw new TemplateFault($"the format needs a value '{name}'");
                i = close + 1;
            }

            int start = i;
            while (i < format.Length && (char.IsAsciiDigit(format[i]) || format[i] is '-' or '.'))
            {
                i++;
            }

            if (i >= format.Length)
            {
                throw new TemplateFault("incomplete format");
            }

            object value =
                named
                ?? (
                    next < arguments.Count ? arguments[next++] : throw new TemplateFault("not enough arguments for format string")
                );
            Append(interpreter, result, Printed(interpreter, format[i], format[start..i], value), format[start..i]);
        }

        if (next < arguments.Count && values is not Mapping)
        {
            throw new TemplateFault("not all arguments converted during string formatting");
        }

        interpreter.Spend(result.Length);
        return result.ToString();
    }

    private static string Printed(Interpreter interpreter, char type, string size, object value)
    {
        int point = size.IndexOf('.', StringComparison.Ordinal);
        int? precision = point < 0 ? null : Size(size[(point + 1)..]);
        switch (type)
        {
            case 's' or 'r':
                string text = type == 's' ? interpreter.Str(value) : interpreter.Repr(value);
                return precision is { } most ? Text.Slice(text, new SliceRange(null, most, null)) : text;
            case 'd' or 'i' when Types.Number(value) is { } number:
                return Types.Whole(value)?.ToString(CultureInfo.InvariantCulture)
                    ?? Math.Truncate(number).ToString("F0", CultureInfo.InvariantCulture);
            case 'f' when Types.Number(value) is { } number:
                return Fixed(number, precision ?? 6);
            case 'x' when Types.Whole(value) is { } whole:
                return whole < 0
                    ? "-" + (-(Int128)whole).ToString("x", CultureInfo.InvariantCulture)
                    : whole.ToString("x", CultureInfo.InvariantCulture);
            default:
                throw new TemplateFault(
                    $"the format %{size}{type} does not fit a value of type '{Types.Name(value)}', or is not supported"
                );
        }
    }

    private static string Fixed(double number, int digits) =>
        double.IsFinite(number) ? number.ToString("F" + Math.Min(digits, 99), CultureInfo.InvariantCulture) : Text.Float(number);

    private static int Size(string digits) =>
        digits.Length == 0 ? 0
        : int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && size <= 100_000 ? size
        : throw new TemplateFault($"the size '{digits}' in a format is not supported");

    private static void Append(Interpreter interpreter, StringBuilder result, string text, string size)
    {
        string width = size.Split('.')[0];
        bool left = width.StartsWith('-');
        int wanted = Size(width.TrimStart('-'));
        interpreter.Spend(Math.Max(wanted, text.Length));
        bool zeros = width.Length > 1 && width[0] == '0';
        result.Append(left ? text.PadRight(wanted) : text.PadLeft(wanted, zeros ? '0' : ' '));
    }

    /// <summary><c>format.format(…)</c> with {}, {0}, {name} and {{ }}; a specification may only be a precision like .2f.</summary>
    public static string Braces(Interpreter interpreter, string format, Arguments arguments)
    {
        StringBuilder result = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            char c = format[i];
            if (c is '{' or '}' && i + 1 < format.Length && format[i + 1] == c)
            {
                result.Append(c);
                i++;
            }
            else if (c == '{')
            {
                int close = format.IndexOf('}', i);
                if (close < 0)
                {
                    throw new TemplateFault("expected '}' before end of string");
                }

                string[] parts = format[(i + 1)..close].Split(':', 2);
                object value = Field(parts[0], arguments, ref next);
                string text =
                    parts.Length == 1 || parts[1].Length == 0 ? interpreter.Str(value)
                    : parts[1] is ['.', .. var digits, 'f'] && Types.Number(value) is { } number ? Fixed(number, Size(digits))
                    : throw new TemplateFault($"the format specification '{parts[1]}' is not supported");
                interpreter.Spend(text.Length);
                result.Append(text);
                i = close;
            }
            else
            {
                result.Append(c != '}' ? c : throw new TemplateFault("single '}' encountered in format string"));
            }
        }

        return result.ToString();
    }

    private static object Field(string name, Arguments arguments, ref int next)
    {
        if (name.Length == 0 || name.All(char.IsAsciiDigit))
        {
            int index = name.Length == 0 ? next++ : Size(name);
            return index < arguments.Positional.Count
                ? arguments.Positional[index]
                : throw new TemplateFault($"the format needs an argument {index}");
        }

        return arguments.Named.TryGetValue(name, out object? value)
            ? value
            : throw new TemplateFault($"the format needs an argument '{name}'");
    }

    /// <summary>datetime.strftime in the C locale.</summary>
    public static string Date(DateTimeOffset time, string format)
    {
        StringBuilder result = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                result.Append(format[i]);
                continue;
            }

            bool bare = format[i + 1] is '-' or '#' && i + 2 < format.Length;
            i += bare ? 2 : 1;
            string part = DatePart(time, format[i]);
            result.Append(
                bare && part.Length > 1
                    ? part.TrimStart('0', ' ') is { Length: > 0 } rest
                        ? rest
                        : "0"
                    : part
            );
        }

        return result.ToString();
    }

    private static string DatePart(DateTimeOffset time, char code)
    {
        string? standard = code switch
        {
            'Y' => "yyyy",
            'm' => "MM",
            'd' => "dd",
            'b' or 'h' => "MMM",
            'B' => "MMMM",
            'a' => "ddd",
            'A' => "dddd",
            'H' => "HH",
            'I' => "hh",
            'M' => "mm",
            'S' => "ss",
            'p' => "tt",
            'y' => "yy",
            'f' => "ffffff",
            'F' => "yyyy-MM-dd",
            'T' or 'X' => "HH:mm:ss",
            'R' => "HH:mm",
            'D' or 'x' => "MM/dd/yy",
            _ => null,
        };
        if (standard is not null)
        {
            return time.ToString(standard, CultureInfo.InvariantCulture);
        }

        return code switch
        {
            'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'u' => (((int)time.DayOfWeek + 6) % 7 + 1).ToString(CultureInfo.InvariantCulture),
            'c' => Date(time, "%a %b %e %H:%M:%S %Y"),
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            'z' or 'Z' => "", // the clock gives a time without a zone, as datetime.now() does
            _ => "%" + code,
        };
    }
}
