using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tokenwright.Models.Tokenizers;

/// <summary>A token that is looked for in the text itself, before any splitting or merging.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">Whether it steers and adds nothing to the text.</param>
/// <param name="TakesLeft">Swallows white space before it (Hugging Face's lstrip).</param>
/// <param name="TakesRight">Swallows white space after it (rstrip).</param>
/// <param name="WholeWord">Counts only where no word character touches it (single_word).</param>
/// <param name="Normalized">Is looked for in the normalised text, with its own content normalised alike.</param>
internal sealed record AddedToken(
    int Id,
    string Content,
    bool IsSpecial,
    bool TakesLeft = false,
    bool TakesRight = false,
    bool WholeWord = false,
    bool Normalized = false
);

/// <summary>
/// Cuts text at added tokens: leftmost match, the longest of those, with the rules of Hugging Face's tokenizers for white space
/// and word boundaries. The library's own special-token splitting is one alternation without those rules, so it is not used.
/// </summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<char, List<(string Content, AddedToken Token)>> byFirst = [];
    private readonly SearchValues<string> _any;

    /// <param name="tokens">The tokens; those with an empty content are never found.</param>
    /// <param name="normalize">Applied to every content first.</param>
    public AddedTokens(IEnumerable<AddedToken> tokens, Func<string, string> normalize)
    {
        var contents = new List<string>();
        foreach (var token in tokens)
        {
            var content = normalize(token.Content);
            if (content.Length == 0)
                continue;
            contents.Add(content);
            if (!byFirst.TryGetValue(content[0], out var list))
                byFirst[content[0]] = list = [];
            list.Add((content, token));
        }
        foreach (var list in byFirst.Values)
            list.Sort((a, b) => b.Content.Length.CompareTo(a.Content.Length));
        _any = SearchValues.Create([.. contents], StringComparison.Ordinal);
    }

    /// <summary>A stretch of text: an added token, or (Token null) what lies between two of them.</summary>
    public readonly record struct Part(int Start, int End, AddedToken? Token);

    /// <summary>Cuts the whole text into parts, in order.</summary>
    /// <param name="text">The text.</param>
    /// <param name="allowSpecial">Whether special tokens are recognised; others always are.</param>
    public List<Part> Split(string text, bool allowSpecial)
    {
        var parts = new List<Part>();
        var done = 0;
        for (var at = 0; at < text.Length; )
        {
            var step = byFirst.Count == 0 ? -1 : text.AsSpan(at).IndexOfAny(_any);
            if (step < 0)
                break;
            var start = at + step;
            var (content, token) = Longest(text, start);
            var end = at = start + content.Length;
            if (token.IsSpecial && !allowSpecial || token.WholeWord && TouchesWord(text, start, end))
                continue;
            if (token.TakesLeft)
                while (start > done && char.IsWhiteSpace(text[start - 1]))
                    start--;
            if (token.TakesRight)
                while (end < text.Length && char.IsWhiteSpace(text[end]))
                    end++;
            if (start < done)
                start = done; // the token before swallowed the white space this one begins with
            if (done < start)
                parts.Add(new(done, start, null));
            parts.Add(new(start, end, token));
            done = end;
        }
        if (done < text.Length)
            parts.Add(new(done, text.Length, null));
        return parts;
    }

    /// <summary>The text with a mark inside every special token in it, overlapping ones included, so that none is found any more.</summary>
    public string Break(string text, char mark)
    {
        StringBuilder? broken = null;
        var done = 0;
        for (var at = 0; at < text.Length && byFirst.Count > 0; at++)
        {
            var step = text.AsSpan(at).IndexOfAny(_any);
            if (step < 0)
                break;
            at += step;
            if (!HasSpecial(text, at))
                continue;
            Rune.DecodeFromUtf16(text.AsSpan(at), out _, out var length);
            (broken ??= new()).Append(text, done, at + length - done).Append(mark);
            done = at + length;
        }
        return broken is null ? text : broken.Append(text, done, text.Length - done).ToString();
    }

    private bool HasSpecial(string text, int start)
    {
        foreach (var (content, token) in byFirst[text[start]])
            if (token.IsSpecial && string.CompareOrdinal(text, start, content, 0, content.Length) == 0)
                return true;
        return false;
    }

    private (string Content, AddedToken Token) Longest(string text, int start)
    {
        foreach (var candidate in byFirst[text[start]])
            if (string.CompareOrdinal(text, start, candidate.Content, 0, candidate.Content.Length) == 0)
                return candidate;
        throw new InvalidOperationException("A token was found but none begins here.");
    }

    private static bool TouchesWord(string text, int start, int end)
    {
        Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out var before, out _);
        Rune.DecodeFromUtf16(text.AsSpan(end), out var after, out _);
        return start > 0 && IsWord(before) || end < text.Length && IsWord(after);
    }

    /// <summary>Unicode's word characters: letters, marks, decimal digits and letter numbers, connectors, joiners.</summary>
    private static bool IsWord(Rune rune) =>
        rune.Value is 0x200C or 0x200D
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.UppercaseLetter
                or UnicodeCategory.LowercaseLetter
                or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter
                or UnicodeCategory.OtherLetter
                or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.EnclosingMark
                or UnicodeCategory.DecimalDigitNumber
                or UnicodeCategory.LetterNumber
                or UnicodeCategory.ConnectorPunctuation;
}
