using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

// Values are objects here, whatever a single method happens to return.
#pragma warning disable CA1859

namespace Tokenwright.Models.Chat.Jinja;

/// <summary>Jinja's filters, <c>tojson</c> as transformers replaces it. Here their names, and those of numbers and texts.</summary>
internal static partial class Filters
{
    private delegate object Filter(Interpreter interpreter, object value, Arguments arguments);

    private static readonly Dictionary<string, Filter> All = new(StringComparer.Ordinal)
    {
        ["abs"] = (_, value, _) => Absolute(value),
        ["attr"] = (interpreter, value, arguments) => Attribute(interpreter, value, arguments),
        ["batch"] = Batch,
        ["capitalize"] = (interpreter, value, _) => Text.Capitalize(Str(interpreter, value)),
        ["center"] = (interpreter, value, arguments) =>
            Methods.Pad(interpreter, Str(interpreter, value), Whole(arguments.Bind("center", "width")[0], 80), " ", "center"),
        ["count"] = (_, value, _) => Interpreter.Length(value),
        ["default"] = Default,
        ["d"] = Default,
        ["dictsort"] = DictSort,
        ["e"] = (interpreter, value, _) => Escape(interpreter, value),
        ["escape"] = (interpreter, value, _) => Escape(interpreter, value),
        ["first"] = (interpreter, value, _) =>
            interpreter.Iterate(value) is [var first, ..] ? first : new Undefined("No first item, sequence was empty."),
        ["float"] = ToFloat,
        ["format"] = (interpreter, value, arguments) =>
            Formats.Percent(interpreter, Str(interpreter, value), Sequence.Tuple([.. arguments.Positional])),
        ["groupby"] = GroupBy,
        ["indent"] = Indent,
        ["int"] = ToInt,
        ["items"] = ItemsOf,
        ["join"] = Join,
        ["last"] = Last,
        ["length"] = (_, value, _) => Interpreter.Length(value),
        ["list"] = (interpreter, value, _) => Sequence.List(interpreter.ToList(value)),
        ["lower"] = (interpreter, value, _) => Text.Lower(Str(interpreter, value)),
        ["map"] = Map,
        ["max"] = (interpreter, value, arguments) => Extreme(interpreter, value, arguments, 1),
        ["min"] = (interpreter, value, arguments) => Extreme(interpreter, value, arguments, -1),
        ["reject"] = (interpreter, value, arguments) => Select(interpreter, value, arguments, false, false),
        ["rejectattr"] = (interpreter, value, arguments) => Select(interpreter, value, arguments, true, false),
        ["replace"] = Replace,
        ["reverse"] = Reverse,
        ["round"] = Round,
        ["safe"] = (interpreter, value, _) => Str(interpreter, value),
        ["select"] = (interpreter, value, arguments) => Select(interpreter, value, arguments, false, true),
        ["selectattr"] = (interpreter, value, arguments) => Select(interpreter, value, arguments, true, true),
        ["slice"] = Slice,
        ["sort"] = Sort,
        ["string"] = (interpreter, value, _) => Str(interpreter, value),
        ["sum"] = Sum,
        ["title"] = (interpreter, value, _) => TitleWords(Str(interpreter, value)),
        ["tojson"] = ToJson,
        ["trim"] = (interpreter, value, arguments) =>
            Methods.Strip(Str(interpreter, value), arguments.Bind("trim", "chars")[0], true, true),
        ["truncate"] = Truncate,
        ["unique"] = Unique,
        ["upper"] = (interpreter, value, _) => Text.Upper(Str(interpreter, value)),
        ["urlencode"] = (interpreter, value, _) => UrlEncode(interpreter, value),
        ["wordcount"] = (interpreter, value, _) => (long)Word().Count(Str(interpreter, value)),
    };

    public static bool Exists(string name) => All.ContainsKey(name);

    public static object Apply(Interpreter interpreter, string name, object value, Arguments arguments)
    {
        Filter filter = All.TryGetValue(name, out Filter? known) ? known : throw new TemplateFault($"No filter named '{name}'.");
        interpreter.Enter();
        object result = filter(interpreter, value, arguments);
        interpreter.Leave();
        return result;
    }

    private static string Str(Interpreter interpreter, object value)
    {
        string text = interpreter.Str(value);
        interpreter.Spend(text.Length);
        return text;
    }

    private static long Whole(object? value, long otherwise) => value is null ? otherwise : Types.Int(value);

    private static bool Flag(object? value, bool otherwise = false) => value is null ? otherwise : Types.IsTrue(value);

    private static object Absolute(object value) =>
        value is double number ? (object)Math.Abs(number)
        : Types.Whole(value) is { } whole and > long.MinValue ? (object)Math.Abs(whole)
        : throw new TemplateFault($"bad operand type for abs(): '{Types.Name(value)}'");

    private static object Attribute(Interpreter interpreter, object value, Arguments arguments)
    {
        string name = Types.String(arguments.Bind("attr", "name")[0] ?? throw new TemplateFault("attr needs a name"));
        Interpreter.ThrowIfUndefined(value);
        return Methods.Find(value, name) ?? new Undefined($"'{Types.Describe(value)}' has no attribute '{name}'");
    }

    private static object Default(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("default", "default_value", "boolean");
        return value is Undefined || (Flag(given[1]) && !Types.IsTrue(value)) ? given[0] ?? "" : value;
    }

    private static string Escape(Interpreter interpreter, object value)
    {
        StringBuilder result = new();
        foreach (char c in Str(interpreter, value))
        {
            _ = c switch
            {
                '&' => result.Append("&amp;"),
                '<' => result.Append("&lt;"),
                '>' => result.Append("&gt;"),
                '\'' => result.Append("&#39;"),
                '"' => result.Append("&#34;"),
                _ => result.Append(c),
            };
        }

        return result.ToString();
    }

    private static object ToFloat(Interpreter interpreter, object value, Arguments arguments)
    {
        object otherwise = arguments.Bind("float", "default")[0] ?? 0.0;
        return value is string text ? ParseFloat(text) ?? otherwise
            : Types.Number(value) is { } number ? number
            : otherwise;
    }

    private static double? ParseFloat(string text)
    {
        text = Methods.Strip(text, null, true, true);
        return Text.Lower(text).TrimStart('+', '-') switch
        {
            "inf" or "infinity" => text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
            "nan" => double.NaN,
            _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null,
        };
    }

    private static object ToInt(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("int", "default", "base");
        object otherwise = given[0] ?? 0L;
        if (value is string text)
        {
            text = Methods.Strip(text, null, true, true);
            return ParseWhole(text, (int)Whole(given[1], 10)) is { } whole ? whole
                : ParseFloat(text) is { } parsed && Truncated(parsed) is { } cut ? cut
                : otherwise;
        }

        return Types.Whole(value) ?? (value is double number ? Truncated(number) : null) ?? otherwise;
    }

    private static long? Truncated(double number) => Math.Abs(number) < 9.2e18 ? (long)number : null;

    /// <summary>int(text, base); prefixes 0x, 0o and 0b belong to their bases. Null if it is none.</summary>
    public static long? ParseWhole(string text, int numberBase)
    {
        bool minus = text.StartsWith('-');
        string digits = text.TrimStart('-', '+').Replace("_", "", StringComparison.Ordinal);
        if (text.Length - text.TrimStart('-', '+').Length > 1 || digits.Length == 0)
        {
            return null;
        }

        string prefix = digits.Length > 2 ? digits[..2].ToLowerInvariant() : "";
        int prefixed = prefix switch
        {
            "0x" => 16,
            "0o" => 8,
            "0b" => 2,
            _ => 0,
        };
        if (prefixed != 0 && (numberBase == prefixed || numberBase == 0))
        {
            numberBase = prefixed;
            digits = digits[2..];
        }

        numberBase = numberBase == 0 ? 10 : numberBase;
        Int128 value = 0;
        foreach (char c in digits)
        {
            int digit =
                char.IsAsciiDigit(c) ? c - '0'
                : char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10
                : 99;
            if (digit >= numberBase)
            {
                return null;
            }

            value = value * numberBase + digit;
            if (value > long.MaxValue)
            {
                throw new TemplateFault("a whole number has more than 64 bits");
            }
        }

        return (long)(minus ? -value : value);
    }

    private static object Round(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("round", "precision", "method");
        int precision = (int)Math.Clamp(Whole(given[0], 0), -300, 300);
        double number =
            Types.Number(value) ?? throw new TemplateFault($"type {Types.Name(value)} doesn't define __round__ method");
        double scale = Math.Pow(10, precision);
        double rounded = (given[1] as string ?? "common") switch
        {
            "common" when precision is >= 0 and <= 15 && Math.Abs(number) < 1e15 => RoundHalfEven(number, precision),
            "common" => double.IsFinite(number * scale) ? Math.Round(number * scale) / scale : number,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw new TemplateFault("method must be common, ceil or floor"),
        };
        return Types.Whole(value) is { } whole && precision >= 0 && given[1] is null ? (object)whole : rounded;
    }

    // By the number's exact decimal digits, as Python rounds.
    private static double RoundHalfEven(double number, int digits) =>
        double.Parse(number.ToString("F" + digits, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) is var away
        && digits == 0
            ? Math.Round(number, MidpointRounding.ToEven)
            : away;

    private static object ToJson(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
        string? indent = given[1] switch
        {
            null or None => null,
            string text => text,
            var spaces => new string(' ', (int)Math.Clamp(Whole(spaces, 0), 0, 1000)),
        };
        (string, string)? separators = given[2] is Sequence { Count: 2 } pair
            ? (Types.String(pair[0]), Types.String(pair[1]))
            : null;
        return Json.Write(interpreter, value, indent, Flag(given[0]), Flag(given[3]), separators);
    }

    private static object Indent(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("indent", "width", "first", "blank");
        string indent = given[0] is string text ? text : new string(' ', (int)Math.Clamp(Whole(given[0], 4), 0, 100_000));
        string[] lines = Str(interpreter, value).Split('\n');
        interpreter.Spend((long)lines.Length * indent.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            bool wanted = i == 0 ? Flag(given[1]) : lines[i].Length > 0 || Flag(given[2]);
            lines[i] = wanted ? indent + lines[i] : lines[i];
        }

        return string.Join('\n', lines);
    }

    private static object Replace(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("replace", "old", "new", "count");
        if (given[0] is not { } old || given[1] is not { } fresh)
        {
            throw new TemplateFault("replace needs the old and the new text");
        }

        long most = given[2] is null or None ? -1 : Types.Int(given[2]!);
        return Methods.Replace(interpreter, interpreter.Str(value), interpreter.Str(old), interpreter.Str(fresh), most);
    }

    private static object Truncate(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("truncate", "length", "killwords", "end", "leeway");
        string text = Str(interpreter, value);
        string end = given[2] is { } mark ? Types.String(mark) : "...";
        long length = Whole(given[0], 255);
        long kept = length - Text.Length(end);
        if (kept < 0 || Text.Length(text) <= length + Whole(given[3], 5))
        {
            return kept < 0 ? throw new TemplateFault("truncate needs a length of at least that of its end") : text;
        }

        string cut = Text.Slice(text, new SliceRange(null, (int)kept, null));
        int space = cut.LastIndexOf(' ');
        return (Flag(given[1]) || space < 0 ? cut : cut[..space]) + end;
    }

    private static string UrlEncode(Interpreter interpreter, object value)
    {
        StringBuilder result = new();
        foreach (byte b in Encoding.UTF8.GetBytes(Str(interpreter, value)))
        {
            _ =
                char.IsAsciiLetterOrDigit((char)b) || b is (byte)'_' or (byte)'.' or (byte)'-' or (byte)'~' or (byte)'/'
                    ? result.Append((char)b)
                    : result.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return result.ToString();
    }

    private static string TitleWords(string text) => string.Concat(WordBeginning().Split(text).Select(Text.Capitalize));

    [GeneratedRegex(@"([-\s({\[<]+)")]
    private static partial Regex WordBeginning();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
