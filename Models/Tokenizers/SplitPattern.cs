using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tokenwright.Models.Tokenizers;

/// <summary>
/// A regular expression of a tokenizer file, run with the meaning it has there: over whole characters, not UTF-16 units.
/// </summary>
/// <remarks>
/// .NET's engine sees a character outside the basic plane as two surrogates, which are no letters, so "a𝐀" would be cut in two.
/// Such characters are therefore replaced, for matching only, by one character of the basic plane with the same general
/// category. That is exact as long as a pattern tells characters apart by category or names them one by one, which is all
/// that tokenizers do; a pattern with anything on which the two dialects differ is refused.
/// </remarks>
internal sealed class SplitPattern
{
    /// <summary>GPT-2's pattern, which Hugging Face's ByteLevel applies unless use_regex is false.</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>cl100k_base's pattern.</summary>
    public const string Cl100k =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>o200k_base's pattern.</summary>
    public const string O200k =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly string[] Groups = ["(?:", "(?i:", "(?!", "(?="];

    private readonly Regex _regex;
    private readonly bool ignoresCase;

    private SplitPattern(string pattern)
    {
        _regex = new Regex(pattern, RegexOptions.CultureInvariant);
        ignoresCase = pattern.Contains("(?i", StringComparison.Ordinal);
    }

    /// <summary>A pattern that matches one string.</summary>
    /// <exception cref="NotSupportedException">The string holds something other than ASCII and SentencePiece's mark.</exception>
    public static SplitPattern Exactly(string text) =>
        text.All(c => c is < '\u0080' or '▁')
            ? new(Regex.Escape(text))
            : throw new NotSupportedException($"the literal pattern '{text}'");

    /// <summary>A pattern in the dialect of tokenizer files.</summary>
    /// <exception cref="NotSupportedException">It uses something whose meaning differs here; the message says what.</exception>
    public static SplitPattern Parse(string pattern)
    {
        if (Unsupported(pattern) is { } what)
            throw new NotSupportedException($"{what} in the pattern {pattern}");
        try
        {
            return new(pattern);
        }
        catch (ArgumentException error)
        {
            throw new NotSupportedException($"the pattern {pattern} ({error.Message})", error);
        }
    }

    /// <summary>The non-empty matches, in order, as ranges of the text.</summary>
    public List<(int Start, int End)> Matches(string text)
    {
        var matches = new List<(int, int)>();
        var (projected, offsets) = Project(text);
        foreach (var match in _regex.EnumerateMatches(projected))
        {
            var end = match.Index + match.Length;
            if (match.Length > 0)
                matches.Add(offsets is null ? (match.Index, end) : (offsets[match.Index], offsets[end]));
        }
        return matches;
    }

    /// <summary>The text with one UTF-16 unit per character, and where each unit lies in the text (null: the same place).</summary>
    private (string Projected, int[]? Offsets) Project(string text)
    {
        // Under case folding the long s is an s, which .NET leaves out.
        if (ignoresCase)
            text = text.Replace('ſ', 's');
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return (text, null);

        var projected = new StringBuilder(text.Length);
        var offsets = new int[text.Length + 1];
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            offsets[projected.Length] = at;
            projected.Append(rune.IsBmp ? (char)rune.Value : Stand(Rune.GetUnicodeCategory(rune)));
            at += rune.Utf16SequenceLength;
        }
        offsets[projected.Length] = at;
        return (projected.ToString(), offsets);
    }

    /// <summary>A character of the basic plane with the given category; none may be named in a pattern (see Unsupported).</summary>
    private static char Stand(UnicodeCategory category) =>
        category switch
        {
            UnicodeCategory.UppercaseLetter => 'À',
            UnicodeCategory.LowercaseLetter => 'à',
            UnicodeCategory.TitlecaseLetter => 'ǅ',
            UnicodeCategory.ModifierLetter => 'ʰ',
            UnicodeCategory.OtherLetter => 'ª',
            UnicodeCategory.NonSpacingMark => '\u0300',
            UnicodeCategory.SpacingCombiningMark => '\u0903',
            UnicodeCategory.EnclosingMark => '\u0488',
            UnicodeCategory.DecimalDigitNumber => '\u0660',
            UnicodeCategory.LetterNumber => '\u16EE',
            UnicodeCategory.OtherNumber => '²',
            UnicodeCategory.SpaceSeparator => '\u00A0',
            UnicodeCategory.LineSeparator => '\u2028',
            UnicodeCategory.ParagraphSeparator => '\u2029',
            UnicodeCategory.Control => '\u0080',
            UnicodeCategory.Format => '\u00AD',
            UnicodeCategory.PrivateUse => '\uE000',
            UnicodeCategory.ConnectorPunctuation => '\u203F',
            UnicodeCategory.DashPunctuation => '\u2010',
            UnicodeCategory.OpenPunctuation => '\u0F3A',
            UnicodeCategory.ClosePunctuation => '\u0F3B',
            UnicodeCategory.InitialQuotePunctuation => '«',
            UnicodeCategory.FinalQuotePunctuation => '»',
            UnicodeCategory.OtherPunctuation => '¡',
            UnicodeCategory.MathSymbol => '¬',
            UnicodeCategory.CurrencySymbol => '¢',
            UnicodeCategory.ModifierSymbol => '¨',
            UnicodeCategory.OtherSymbol => '¦',
            _ => '\u0378', // not assigned
        };

    /// <summary>The first construct outside the common ground of the two dialects, or null.</summary>
    private static string? Unsupported(string pattern)
    {
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            var following = i + 1 < pattern.Length ? pattern[i + 1] : '\0';
            switch (c)
            {
                case '\\' when following is 'p' or 'P':
                    if (i + 2 >= pattern.Length || pattern[i + 2] != '{')
                        return @"\p without braces";
                    i = pattern.IndexOf('}', i);
                    if (i < 0)
                        return @"\p without a closing brace";
                    break;
                case '\\'
                    when following is 's' or 'S' or 'd' or 'D' or 'r' or 'n' or 't'
                        || char.IsAsciiDigit(following) is false
                            && char.IsAsciiLetter(following) is false
                            && following is not '\0':
                    i++;
                    break;
                case '\\':
                    return $@"the escape \{following}";
                case '[' when inClass:
                    return "a class inside a class";
                case '[':
                    inClass = true;
                    if (following == '^')
                        i++;
                    if (i + 1 < pattern.Length && pattern[i + 1] == ']')
                        return "an empty class";
                    break;
                case ']' when inClass:
                    inClass = false;
                    break;
                case '&' when inClass && following == '&':
                    return "an intersection of classes";
                case '-' when inClass && following is not ']' && pattern[i - 1] < 0x80 != following < 0x80:
                    return "a range from ASCII to beyond";
                case '.' or '^' or '$' when !inClass:
                    return $"'{c}' outside a class";
                case '(' when !inClass && following == '?':
                    if (!Groups.Any(group => string.CompareOrdinal(pattern, i, group, 0, group.Length) == 0))
                        return "a group other than (?: (?i: (?! (?=";
                    i = pattern.IndexOfAny([':', '!', '='], i);
                    break;
                case '*' or '+' or '?' or '}' when !inClass && following == '+':
                    return "a possessive quantifier";
                case >= '\u0080' and (< '\u2E80' or > '\uD7FF'):
                    return $"the character U+{(int)c:X4}";
            }
        }
        return inClass ? "a class without an end" : null;
    }
}
