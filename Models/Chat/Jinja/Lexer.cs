using System.Globalization;
using System.Text;

namespace Tokenwright.Models.Chat.Jinja;

internal enum TokenKind
{
    /// <summary>Text outside tags.</summary>
    Data,
    BlockBegin,
    BlockEnd,
    VariableBegin,
    VariableEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <summary>A token and where it begins in the source.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Position);

/// <summary>
/// Cuts a template into tokens as Jinja does with <c>trim_blocks</c> and <c>lstrip_blocks</c>: the first newline after a block is
/// dropped, and so is white space between the beginning of a line and a block; <c>-</c> and <c>+</c> in a tag overrule that.
/// </summary>
/// <param name="source">The template with <c>\n</c> as its only line end and without the last of them.</param>
internal sealed class Lexer(string source)
{
    private static readonly string[] Operators =
    [
        "//",
        "**",
        "==",
        "!=",
        ">=",
        "<=",
        "+",
        "-",
        "/",
        "*",
        "%",
        "~",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ">",
        "<",
        "=",
        ".",
        ":",
        "|",
        ",",
        ";",
    ];

    private readonly List<Token> _tokens = [];
    private int _at;

    // Whether what was read last ends a line, so that the text that follows begins one.
    private bool _lineStarts = true;

    /// <summary>Where the lexer is, for errors.</summary>
    public int Position => _at;

    public List<Token> Run()
    {
        while (_at < source.Length)
        {
            int tag = FindTag(_at);
            if (tag < 0)
            {
                AddData(_at, source.Length);
                _at = source.Length;
                break;
            }

            ReadTag(tag);
        }

        _tokens.Add(new Token(TokenKind.End, "", source.Length));
        return _tokens;
    }

    private int FindTag(int from)
    {
        for (int i = source.IndexOf('{', from); i >= 0 && i + 1 < source.Length; i = source.IndexOf('{', i + 1))
        {
            if (source[i + 1] is '%' or '{' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    private void ReadTag(int tag)
    {
        char kind = source[tag + 1];
        char sign = SignAt(tag + 2);
        AddData(_at, EndOfText(_at, tag, kind, sign));
        int begin = tag + (sign == ' ' ? 2 : 3);
        _at = tag;
        if (kind == '#')
        {
            int end = source.IndexOf("#}", begin, StringComparison.Ordinal);
            if (end < 0)
            {
                throw new TemplateFault("a comment has no end '#}'");
            }

            // Of "-#}" the sign is the comment's last character, unless it opened the comment as well.
            EndTag(end, end > begin && source[end - 1] is '-' or '+' ? source[end - 1] : ' ', trims: true);
        }
        else if (kind == '%' && RawBegin(begin) is int raw)
        {
            ReadRaw(raw);
        }
        else
        {
            ReadExpression(kind == '%', tag, begin);
        }
    }

    private char SignAt(int index) => index < source.Length && source[index] is '-' or '+' ? source[index] : ' ';

    private int EndOfText(int start, int end, char kind, char sign)
    {
        ReadOnlySpan<char> text = source.AsSpan(start, end - start);
        if (sign == '-')
        {
            return start + Text.TrimEnd(text).Length;
        }

        if (sign == '+' || kind == '{')
        {
            return end;
        }

        int line = text.LastIndexOf('\n') + 1;
        bool blank = (line > 0 || _lineStarts) && Text.TrimEnd(text[line..]).IsEmpty;
        return blank ? start + line : end;
    }

    private void AddData(int start, int end)
    {
        if (start < end)
        {
            _tokens.Add(new Token(TokenKind.Data, source[start..end], start));
        }
    }

    // Behind a tag's end (two characters at the given index).
    private void EndTag(int end, char sign, bool trims)
    {
        int at = end + 2;
        if (sign == '-')
        {
            while (at < source.Length && Text.IsSpace(source[at]))
            {
                at++;
            }
        }
        else if (trims && sign != '+' && at < source.Length && source[at] == '\n')
        {
            at++;
        }

        _lineStarts = source[at - 1] == '\n';
        _at = at;
    }

    // The index behind "raw" and the tag's end, if the block is {% raw %}.
    private int? RawBegin(int at)
    {
        at = SkipSpace(at);
        if (string.CompareOrdinal(source, at, "raw", 0, 3) != 0)
        {
            return null;
        }

        at = SkipSpace(at + 3);
        bool strips = at < source.Length && source[at] == '-';
        at += strips ? 1 : 0;
        if (string.CompareOrdinal(source, at, "%}", 0, 2) != 0)
        {
            return null;
        }

        return strips ? SkipSpace(at + 2) : at + 2;
    }

    private void ReadRaw(int start)
    {
        for (int i = source.IndexOf("{%", start, StringComparison.Ordinal); i >= 0; i = Next(i))
        {
            char sign = SignAt(i + 2);
            int at = SkipSpace(i + (sign == ' ' ? 2 : 3));
            if (string.CompareOrdinal(source, at, "endraw", 0, 6) != 0)
            {
                continue;
            }

            at = SkipSpace(at + 6);
            char last = SignAt(at);
            at += last == ' ' ? 0 : 1;
            if (string.CompareOrdinal(source, at, "%}", 0, 2) == 0)
            {
                _lineStarts = source[start - 1] == '\n';
                AddData(start, EndOfText(start, i, '%', sign));
                EndTag(at, last, trims: true);
                return;
            }
        }

        throw new TemplateFault("a 'raw' block has no 'endraw'");

        int Next(int i) => source.IndexOf("{%", i + 2, StringComparison.Ordinal);
    }

    private void ReadExpression(bool block, int tag, int begin)
    {
        _tokens.Add(new Token(block ? TokenKind.BlockBegin : TokenKind.VariableBegin, source[tag..begin], tag));
        string end = block ? "%}" : "}}";
        Stack<char> open = [];
        _at = begin;
        while (true)
        {
            _at = SkipSpace(_at);
            if (_at >= source.Length)
            {
                _at = tag;
                throw new TemplateFault($"a tag has no end '{end}'");
            }

            if (open.Count == 0)
            {
                char sign = SignAt(_at);
                int at = sign == '-' || (sign == '+' && block) ? _at + 1 : _at;
                if (string.CompareOrdinal(source, at, end, 0, 2) == 0)
                {
                    _tokens.Add(new Token(block ? TokenKind.BlockEnd : TokenKind.VariableEnd, end, _at));
                    EndTag(at, at == _at ? ' ' : sign, trims: block);
                    return;
                }
            }

            ReadToken(open);
        }
    }

    private void ReadToken(Stack<char> open)
    {
        char c = source[_at];
        if (c is '\'' or '"')
        {
            ReadString(c);
        }
        else if (char.IsAsciiDigit(c))
        {
            ReadNumber();
        }
        else if (IsNameCharacter(_at))
        {
            int end = _at;
            while (end < source.Length && IsNameCharacter(end))
            {
                end++;
            }

            Add(TokenKind.Name, end);
        }
        else
        {
            string text =
                Array.Find(Operators, one => string.CompareOrdinal(source, _at, one, 0, one.Length) == 0)
                ?? throw new TemplateFault($"unexpected character '{Rune(_at)}'");
            if (text is "(" or "[" or "{")
            {
                open.Push(text[0]);
            }
            else if (text is ")" or "]" or "}" && (!open.TryPop(out char opened) || !Matches(opened, text[0])))
            {
                throw new TemplateFault($"unexpected '{text}'");
            }

            Add(TokenKind.Operator, _at + text.Length);
        }
    }

    private static bool Matches(char open, char close) => (open, close) is ('(', ')') or ('[', ']') or ('{', '}');

    private string Rune(int at) => System.Text.Rune.TryGetRuneAt(source, at, out Rune rune) ? rune.ToString() : "\uFFFD";

    private bool IsNameCharacter(int at) => source[at] == '_' || char.IsLetterOrDigit(source, at);

    private void Add(TokenKind kind, int end)
    {
        _tokens.Add(new Token(kind, source[_at..end], _at));
        _at = end;
    }

    private int SkipSpace(int at)
    {
        while (at < source.Length && Text.IsSpace(source[at]))
        {
            at++;
        }

        return at;
    }

    private void ReadNumber()
    {
        int end = _at;
        bool prefixed =
            source[end] == '0' && end + 1 < source.Length && char.ToLowerInvariant(source[end + 1]) is 'x' or 'o' or 'b';
        if (prefixed)
        {
            end += 2;
            while (end < source.Length && (char.IsAsciiHexDigit(source[end]) || source[end] == '_'))
            {
                end++;
            }

            Add(TokenKind.Integer, end);
            return;
        }

        end = Digits(end);
        bool isFloat = false;
        if (end + 1 < source.Length && source[end] == '.' && char.IsAsciiDigit(source[end + 1]))
        {
            isFloat = true;
            end = Digits(end + 1);
        }

        if (end < source.Length && source[end] is 'e' or 'E')
        {
            int exponent = end + 1 < source.Length && source[end + 1] is '+' or '-' ? end + 2 : end + 1;
            if (exponent < source.Length && char.IsAsciiDigit(source[exponent]))
            {
                isFloat = true;
                end = Digits(exponent);
            }
        }

        Add(isFloat ? TokenKind.Float : TokenKind.Integer, end);

        int Digits(int at)
        {
            while (at < source.Length && (char.IsAsciiDigit(source[at]) || source[at] == '_'))
            {
                at++;
            }

            return at;
        }
    }

    private void ReadString(char quote)
    {
        int start = _at;
        StringBuilder text = new();
        int at = _at + 1;
        while (true)
        {
            if (at >= source.Length)
            {
                throw new TemplateFault("a string has no end");
            }

            char c = source[at++];
            if (c == quote)
            {
                break;
            }

            if (c != '\\')
            {
                text.Append(c);
            }
            else if (at < source.Length)
            {
                at = ReadEscape(at, text);
            }
        }

        _tokens.Add(new Token(TokenKind.String, text.ToString(), start));
        _at = at;
    }

    // Python's escapes; an unknown one stands for itself, backslash included.
    private int ReadEscape(int at, StringBuilder text)
    {
        char c = source[at++];
        switch (c)
        {
            case '\n':
                return at;
            case 'x':
                return ReadCode(at, 2, text);
            case 'u':
                return ReadCode(at, 4, text);
            case 'U':
                return ReadCode(at, 8, text);
            case 'N':
                throw new TemplateFault("the escape \\N is not supported; write the character itself");
            case >= '0' and <= '7':
                int value = c - '0';
                for (int i = 0; i < 2 && at < source.Length && source[at] is >= '0' and <= '7'; i++)
                {
                    value = value * 8 + source[at++] - '0';
                }

                text.Append((char)value);
                return at;
        }

        int known = "\\'\"abfnrtv".IndexOf(c, StringComparison.Ordinal);
        if (known >= 0)
        {
            text.Append("\\'\"\a\b\f\n\r\t\v"[known]);
        }
        else
        {
            text.Append('\\').Append(c);
        }

        return at;
    }

    private int ReadCode(int at, int digits, StringBuilder text)
    {
        if (
            at + digits > source.Length
            || !int.TryParse(
                source.AsSpan(at, digits),
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                out int code
            )
            || code is < 0 or > 0x10FFFF
        )
        {
            throw new TemplateFault("a string has a malformed escape");
        }

        if (code <= 0xFFFF)
        {
            text.Append((char)code); // half a pair too, as in Python
        }
        else
        {
            text.Append(char.ConvertFromUtf32(code));
        }

        return at + digits;
    }
}
