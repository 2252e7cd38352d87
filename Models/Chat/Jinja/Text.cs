using System.Globalization;
using System.Text;

namespace Tokenwright.Models.Chat.Jinja;

/// <summary>Python's strings: sequences of code points, printed and changed as Python does it.</summary>
internal static class Text
{
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    public static ReadOnlySpan<char> TrimStart(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty && IsSpace(text[0]))
        {
            text = text[1..];
        }

        return text;
    }

    public static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty && IsSpace(text[^1]))
        {
            text = text[..^1];
        }

        return text;
    }

    private static bool HasPairs(ReadOnlySpan<char> text) => text.ContainsAnyInRange('\uD800', '\uDBFF');

    public static int Length(string text)
    {
        int pairs = 0;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i], text[i + 1]))
            {
                pairs++;
                i++;
            }
        }

        return text.Length - pairs;
    }

    /// <summary>The characters, each as a string.</summary>
    public static List<string> Characters(string text)
    {
        List<string> characters = new(text.Length);
        for (int i = 0; i < text.Length; )
        {
            int length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            characters.Add(length == 1 ? One(text[i]) : text.Substring(i, 2));
            i += length;
        }

        return characters;
    }

    private static readonly string[] Ascii = [.. Enumerable.Range(0, 128).Select(c => ((char)c).ToString())];

    private static string One(char c) => c < 128 ? Ascii[c] : c.ToString();

    /// <summary>Characters of a text with a step, as Python slices.</summary>
    public static string Slice(string text, in SliceRange range)
    {
        (int start, int step, int count) = range.Over(Length(text));
        if (!HasPairs(text))
        {
            return step == 1
                ? text.Substring(start, count)
                : string.Create(
                    count,
                    (text, start, step),
                    static (span, from) =>
                    {
                        for (int i = 0; i < span.Length; i++)
                        {
                            span[i] = from.text[from.start + i * from.step];
                        }
                    }
                );
        }

        List<string> characters = Characters(text);
        StringBuilder result = new();
        for (int i = 0; i < count; i++)
        {
            result.Append(characters[start + i * step]);
        }

        return result.ToString();
    }

    /// <summary>The character at an index, or null beyond the end.</summary>
    public static string? At(string text, long index)
    {
        int length = Length(text);
        index = index < 0 ? index + length : index;
        return index < 0 || index >= length ? null
            : HasPairs(text) ? Characters(text)[(int)index]
            : One(text[(int)index]);
    }

    /// <summary>How many characters lie before an index in UTF-16 units.</summary>
    public static int IndexOf(string text, int unit) => unit < 0 ? unit : Length(text[..unit]);

    /// <summary>By code point, which is not the order of UTF-16 units.</summary>
    public static int Compare(string a, string b)
    {
        int same = a.AsSpan().CommonPrefixLength(b);
        if (same == a.Length || same == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        (char x, char y) = (a[same], b[same]);
        return char.IsSurrogate(x) == char.IsSurrogate(y) ? x.CompareTo(y)
            : char.IsSurrogate(x) ? 1
            : -1;
    }

    public static string Upper(string text)
    {
        text = text.ToUpperInvariant();
        return text.Contains('ß', StringComparison.Ordinal) ? text.Replace("ß", "SS", StringComparison.Ordinal) : text;
    }

    public static string Lower(string text)
    {
        if (!text.Contains('Σ', StringComparison.Ordinal))
        {
            return text.ToLowerInvariant();
        }

        // A sigma that ends a word has a form of its own.
        char[] lower = text.ToLowerInvariant().ToCharArray();
        for (int i = 1; i < text.Length; i++)
        {
            bool ends = text[i] == 'Σ' && char.IsLetter(text[i - 1]) && (i + 1 == text.Length || !char.IsLetter(text[i + 1]));
            lower[i] = ends ? 'ς' : lower[i];
        }

        return new string(lower);
    }

    public static string Capitalize(string text)
    {
        int first = text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : Math.Min(1, text.Length);
        return Upper(text[..first]) + Lower(text[first..]);
    }

    /// <summary>str.title: a letter is upper case where none stands before it.</summary>
    public static string Title(string text)
    {
        StringBuilder result = new(text.Length);
        bool inWord = false;
        foreach (char c in text)
        {
            result.Append(inWord ? Lower(One(c)) : Upper(One(c)));
            inWord = char.IsLetter(c);
        }

        return result.ToString();
    }

    /// <summary>float.__repr__: the shortest digits that read back as the same number.</summary>
    public static string Float(double number)
    {
        if (double.IsNaN(number))
        {
            return "nan";
        }

        if (double.IsInfinity(number))
        {
            return number > 0 ? "inf" : "-inf";
        }

        string round = number.ToString("R", CultureInfo.InvariantCulture);
        string sign = double.IsNegative(number) ? "-" : "";
        int mark = round.IndexOf('E', StringComparison.Ordinal);
        int exponent =
            mark >= 0
                ? int.Parse(round.AsSpan(mark + 1), provider: CultureInfo.InvariantCulture)
                : Exponent(round.TrimStart('-'));
        string digits = (mark < 0 ? round : round[..mark]).Replace(".", "", StringComparison.Ordinal).Trim('-').TrimStart('0');
        digits = digits.TrimEnd('0');
        if (digits.Length == 0)
        {
            return sign + "0.0";
        }

        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            string power = Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{power}";
        }

        return exponent < 0 ? sign + "0." + new string('0', -exponent - 1) + digits
            : digits.Length <= exponent + 1 ? sign + digits.PadRight(exponent + 1, '0') + ".0"
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    // The power of ten of the first digit that is not zero.
    private static int Exponent(string plain)
    {
        int point = plain.IndexOf('.', StringComparison.Ordinal);
        point = point < 0 ? plain.Length : point;
        int first = plain.AsSpan().IndexOfAnyExcept('0', '.');
        return first < point ? point - first - 1 : point - first;
    }

    /// <summary>str.__repr__: in quotes, with escapes for what does not print.</summary>
    public static void WriteQuoted(string text, StringBuilder output)
    {
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        output.Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == quote || c == '\\')
            {
                output.Append('\\').Append(c);
            }
            else if (c is '\n' or '\r' or '\t')
            {
                output
                    .Append('\\')
                    .Append(
                        c == '\n' ? 'n'
                        : c == '\r' ? 'r'
                        : 't'
                    );
            }
            else if (i + 1 < text.Length && char.IsSurrogatePair(c, text[i + 1]))
            {
                int code = char.ConvertToUtf32(c, text[++i]);
                _ = Prints(CharUnicodeInfo.GetUnicodeCategory(code))
                    ? output.Append(c).Append(text[i])
                    : output.Append(CultureInfo.InvariantCulture, $"\\U{code:x8}");
            }
            else if (c == ' ' || Prints(CharUnicodeInfo.GetUnicodeCategory(c)))
            {
                output.Append(c);
            }
            else
            {
                _ =
                    c < 0x100
                        ? output.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}")
                        : output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
        }

        output.Append(quote);
    }

    private static bool Prints(UnicodeCategory category) =>
        category
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.SpaceSeparator
            );
}

/// <summary>Python's [start:stop:step], each part None or a number.</summary>
internal readonly record struct SliceRange(int? Start, int? Stop, int? Step)
{
    public static SliceRange Of(object start, object stop, object step) => new(Part(start), Part(stop), Part(step));

    /// <summary>The elements it takes of so many.</summary>
    public (int Start, int Step, int Count) Over(int length)
    {
        long step = Step ?? 1;
        if (step == 0)
        {
            throw new TemplateFault("slice step cannot be zero");
        }

        (long least, long most) = step > 0 ? (0, length) : (-1, length - 1);
        long start = Bound(Start, step > 0 ? 0 : length - 1);
        long stop = Bound(Stop, step > 0 ? length : -1);
        long count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        return count <= 0 ? (0, 1, 0) : ((int)start, (int)(count == 1 ? 1 : step), (int)count);

        long Bound(int? given, int otherwise) =>
            given is not { } value ? otherwise : Math.Clamp(value < 0 ? (long)value + length : value, least, most);
    }

    private static int? Part(object value) =>
        value is None ? null
        : Types.Whole(value) is null ? throw new TemplateFault("slice indices must be integers or None")
        : Types.Int(value);
}
