using System.Globalization;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>
/// Reads a plain subset of ECMA-262 regular expressions: characters, classes, groups, alternatives, repetition, anchors at the ends of an
/// expression. Anything else is a <see cref="NotSupportedException"/>.
/// </summary>
internal sealed class Pattern
{
    private const int MostCopies = 64;
    private static readonly (int Low, int High)[] Digits = [('0', '9')];
    private static readonly (int Low, int High)[] Word = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
    private static readonly (int Low, int High)[] Ends = [('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)];
    private static readonly (int Low, int High)[] Spaces =
    [
        ('\t', '\r'),
        (' ', ' '),
        (0xA0, 0xA0),
        (0x1680, 0x1680),
        (0x2000, 0x200A),
        (0x2028, 0x2029),
        (0x202F, 0x202F),
        (0x205F, 0x205F),
        (0x3000, 0x3000),
        (0xFEFF, 0xFEFF),
    ];
    private readonly Regular.Store _store;
    private readonly string _text;
    private int _at;

    private Pattern(Regular.Store store, string text) => (_store, _text) = (store, text);

    /// <summary>The texts in which an expression is found.</summary>
    public static Regular Found(Regular.Store store, string text)
    {
        if (text.Any(char.IsSurrogate))
            throw new NotSupportedException("characters beyond the basic plane in a pattern");
        var reader = new Pattern(store, text);
        var all = store.Nothing;
        do
        {
            var isAtStart = reader.Take('^');
            var body = reader.Sequence();
            var isAtEnd = reader.Take('$');
            if (!isAtStart)
                body = store.Sequence(store.Any, body);
            all = store.Either(all, isAtEnd ? body : store.Sequence(body, store.Any));
        } while (reader.Take('|'));
        return reader._at == text.Length ? all : throw reader.Unsupported();
    }

    private NotSupportedException Unsupported() => new($"{_text} at {_at}");

    private char Now => _at < _text.Length ? _text[_at] : '\0';

    private bool Take(char one)
    {
        if (_at == _text.Length || _text[_at] != one)
            return false;
        _at++;
        return true;
    }

    private Regular Alternatives()
    {
        var all = Sequence();
        while (Take('|'))
            all = _store.Either(all, Sequence());
        return all;
    }

    private Regular Sequence()
    {
        var parts = new List<Regular>();
        while (_at < _text.Length && Now is not ('|' or ')' or '$'))
            parts.Add(Repeated());
        var all = _store.Empty;
        for (var i = parts.Count - 1; i >= 0; i--)
            all = _store.Sequence(parts[i], all);
        return all;
    }

    private Regular Repeated()
    {
        var one = Atom();
        while (true)
        {
            int min,
                max;
            if (Take('*'))
                (min, max) = (0, int.MaxValue);
            else if (Take('+'))
                (min, max) = (1, int.MaxValue);
            else if (Take('?'))
                (min, max) = (0, 1);
            else if (Now == '{')
                (min, max) = Bounds();
            else
                return one;
            // A lazy repetition finds the same texts.
            Take('?');
            if (min > MostCopies || max != int.MaxValue && max > MostCopies || min > max)
                throw Unsupported();
            var all = max == int.MaxValue ? _store.Star(one) : _store.Empty;
            for (var i = max == int.MaxValue ? min : max; i > 0; i--)
                all = i > min ? _store.Either(_store.Empty, _store.Sequence(one, all)) : _store.Sequence(one, all);
            one = all;
        }
    }

    private (int Min, int Max) Bounds()
    {
        var end = _text.IndexOf('}', _at);
        if (end < 0)
            throw Unsupported();
        var parts = _text[(_at + 1)..end].Split(',');
        if (parts.Length > 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var min))
            throw Unsupported();
        _at = end + 1;
        var max = min;
        if (parts is [_, ""])
            max = int.MaxValue;
        else if (parts is [_, var most] && !int.TryParse(most, NumberStyles.None, CultureInfo.InvariantCulture, out max))
            throw Unsupported();
        return (min, max);
    }

    private Regular Atom()
    {
        if (Take('('))
        {
            if (Take('?') && !Take(':'))
                throw Unsupported();
            var inner = Alternatives();
            return Take(')') ? inner : throw Unsupported();
        }
        if (Take('['))
            return Class();
        if (Take('.'))
            return _store.Outside(Ends);
        if (Now is '^' or '$' or '*' or '+' or '?' or '{' or '}' or ')' or ']')
            throw Unsupported();
        return _store.Set(Now == '\\' ? Escape() : Single(_text[_at++]));
    }

    private static (int, int)[] Single(char one) => [(one, one)];

    private Regular Class()
    {
        var isOutside = Take('^');
        var ranges = new List<(int Low, int High)>();
        while (!Take(']'))
        {
            if (_at == _text.Length)
                throw Unsupported();
            var first = Now == '\\' ? Escape() : Single(_text[_at++]);
            if (Now == '-' && _at + 1 < _text.Length && _text[_at + 1] != ']')
            {
                _at++;
                var last = Now == '\\' ? Escape() : Single(_text[_at++]);
                if (
                    first is not [var (low, same)]
                    || low != same
                    || last is not [var (high, alike)]
                    || high != alike
                    || low > high
                )
                    throw Unsupported();
                ranges.Add((low, high));
            }
            else
                ranges.AddRange(first);
        }
        return isOutside ? _store.Outside([.. ranges]) : _store.Set([.. ranges]);
    }

    private (int Low, int High)[] Escape()
    {
        _at++;
        var kind = Now;
        _at++;
        switch (kind)
        {
            case 'd':
                return Digits;
            case 'w':
                return Word;
            case 's':
                return Spaces;
            case 'D':
                return Complement(Digits);
            case 'W':
                return Complement(Word);
            case 'S':
                return Complement(Spaces);
            case 'n':
                return Single('\n');
            case 'r':
                return Single('\r');
            case 't':
                return Single('\t');
            case 'u' or 'x':
                var length = kind == 'u' ? 4 : 2;
                if (
                    _at + length > _text.Length
                    || !int.TryParse(
                        _text.AsSpan(_at, length),
                        NumberStyles.HexNumber,
                        CultureInfo.InvariantCulture,
                        out var code
                    )
                    || code is >= 0xD800 and <= 0xDFFF
                )
                    throw Unsupported();
                _at += length;
                return [(code, code)];
            default:
                return kind is > ' ' and < (char)0x7F && !char.IsLetterOrDigit(kind) ? Single(kind) : throw Unsupported();
        }
    }

    private static (int, int)[] Complement((int Low, int High)[] ranges)
    {
        var outside = new List<(int, int)>();
        var from = 0;
        foreach (var (low, high) in ranges)
        {
            outside.Add((from, low - 1));
            from = high + 1;
        }
        outside.Add((from, 0x10FFFF));
        return [.. outside];
    }
}
