using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>
/// An ECMA-262 regular expression (flag u, with the tolerated leftovers of Annex B) as a <see cref="Language"/>. Anchors,
/// word boundaries and look-ahead are translated away; back-references and look-behind are refused.
/// </summary>
internal sealed class EcmaPattern
{
    private abstract record Node
    {
        /// <summary>Whether an assertion is inside.</summary>
        public virtual bool Asserts => false;
        public virtual bool HasStart => false;
        public virtual bool HasBoundary => false;
    }

    private sealed record Chars(CharSet Set) : Node;

    private sealed record Start : Node
    {
        public override bool Asserts => true;
        public override bool HasStart => true;
    }

    private sealed record End : Node
    {
        public override bool Asserts => true;
    }

    private sealed record Boundary(bool Negative) : Node
    {
        public override bool Asserts => true;
        public override bool HasBoundary => true;
    }

    private sealed record Look(Node Body, bool Negative) : Node
    {
        public override bool Asserts => true;
        public override bool HasStart => Body.HasStart;
        public override bool HasBoundary => Body.HasBoundary;
    }

    private sealed record Sequence(Node[] Items) : Node
    {
        public override bool Asserts { get; } = Items.Any(i => i.Asserts);
        public override bool HasStart { get; } = Items.Any(i => i.HasStart);
        public override bool HasBoundary { get; } = Items.Any(i => i.HasBoundary);
    }

    private sealed record Choice(Node[] Items) : Node
    {
        public override bool Asserts { get; } = Items.Any(i => i.Asserts);
        public override bool HasStart { get; } = Items.Any(i => i.HasStart);
        public override bool HasBoundary { get; } = Items.Any(i => i.HasBoundary);
    }

    private sealed record Repeat(Node Body, int Min, int Max) : Node
    {
        public override bool Asserts { get; } = Body.Asserts;
        public override bool HasStart { get; } = Body.HasStart;
        public override bool HasBoundary { get; } = Body.HasBoundary;
    }

    /// <summary>What stands before a place in the text.</summary>
    private enum Before
    {
        Start,
        Word,
        Other,
    }

    private const int UnrollLimit = 64;
    private static readonly ConcurrentDictionary<string, CharSet> Properties = new();
    private readonly LanguagePool _pool;
    private readonly int[] _text;
    private int _at;

    private EcmaPattern(LanguagePool pool, string pattern)
    {
        _pool = pool;
        _text = [.. pattern.EnumerateRunes().Select(r => r.Value)];
    }

    /// <summary>All strings in which the pattern is found somewhere.</summary>
    /// <exception cref="FormatException">The pattern is not valid, or asks for more than a regular language can say.</exception>
    public static Language Search(LanguagePool pool, string pattern)
    {
        var parser = new EcmaPattern(pool, pattern);
        var node = parser.ParseAll();
        var atStart = parser.Translate(node, pool.All, Before.Start);
        // Most patterns begin with an anchor: nothing can be found later.
        var afterWord = parser.Translate(node, pool.All, Before.Word);
        if (!node.HasBoundary)
        {
            return node.HasStart
                ? pool.Or(atStart, pool.Concat(pool.Length(1, Language.Unbounded), afterWord))
                : pool.Concat(pool.All, afterWord);
        }
        var afterOther = parser.Translate(node, pool.All, Before.Other);
        return pool.Or([
            atStart,
            pool.Concat(pool.All, pool.Concat(pool.Of(CharSet.Word), afterWord)),
            pool.Concat(pool.All, pool.Concat(pool.Of(CharSet.Word.Complement()), afterOther)),
        ]);
    }

    /// <summary>All strings that the pattern matches from end to end.</summary>
    /// <exception cref="FormatException">As for <see cref="Search"/>.</exception>
    public static Language Whole(LanguagePool pool, string pattern)
    {
        var parser = new EcmaPattern(pool, pattern);
        return parser.Translate(parser.ParseAll(), pool.Empty, Before.Start);
    }

    private Language Translate(Node node, Language rest, Before before)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (!node.Asserts)
            return _pool.Concat(Plain(node), rest);
        switch (node)
        {
            case Start:
                return before == Before.Start ? rest : _pool.None;
            case End:
                return rest.Nullable ? _pool.Empty : _pool.None;
            case Boundary boundary:
                // A boundary lies where exactly one side is a word character.
                var next = _pool.Concat(_pool.Of(CharSet.Word), _pool.All);
                return _pool.And((before == Before.Word) ^ boundary.Negative ? _pool.Not(next) : next, rest);
            case Look look:
                var ahead = Translate(look.Body, _pool.All, before);
                return _pool.And(look.Negative ? _pool.Not(ahead) : ahead, rest);
            case Choice choice:
                return _pool.Or(choice.Items.Select(i => Translate(i, rest, before)));
            case Sequence sequence:
                return TranslateFrom(sequence.Items, 0, rest, before);
            case Repeat repeat:
                return TranslateRepeat(repeat, rest, before);
            default:
                throw new FormatException("this construct is not supported");
        }
    }

    private Language TranslateFrom(Node[] items, int from, Language rest, Before before)
    {
        if (from == items.Length)
            return rest;
        var item = items[from];
        if (item.Asserts && IsZeroWidth(item))
            return Translate(item, TranslateFrom(items, from + 1, rest, before), before);
        bool start = items.Skip(from + 1).Any(i => i.HasStart),
            boundary = items.Skip(from + 1).Any(i => i.HasBoundary);
        if (!start && !boundary)
            return Translate(item, TranslateFrom(items, from + 1, rest, Before.Other), before);
        if (item.Asserts)
            throw new FormatException("an anchor or word boundary after another assertion is not supported");
        var plain = Plain(item);
        var result = plain.Nullable ? TranslateFrom(items, from + 1, rest, before) : _pool.None;
        if (!boundary)
            return _pool.Or(
                result,
                _pool.Concat(
                    _pool.And(plain, _pool.Length(1, Language.Unbounded)),
                    TranslateFrom(items, from + 1, rest, Before.Other)
                )
            );
        foreach (var (last, then) in new[] { (CharSet.Word, Before.Word), (CharSet.Word.Complement(), Before.Other) })
        {
            var ending = _pool.And(plain, _pool.Concat(_pool.All, _pool.Of(last)));
            result = _pool.Or(result, _pool.Concat(ending, TranslateFrom(items, from + 1, rest, then)));
        }
        return result;
    }

    private Language TranslateRepeat(Repeat repeat, Language rest, Before before)
    {
        if (repeat.HasBoundary || repeat.HasStart && repeat.Max > 1)
            throw new FormatException("an anchor or word boundary inside a repetition is not supported");
        if (repeat.Min > UnrollLimit || repeat.Max != Language.Unbounded && repeat.Max > UnrollLimit)
            throw new FormatException("look-ahead inside a long repetition is not supported");
        if (repeat.Max == Language.Unbounded)
        {
            if (IsNullable(repeat.Body))
                throw new FormatException(
                    "an unbounded repetition of something that may be empty is not supported with look-ahead"
                );
            var loop = _pool.Recursive(self => _pool.Or(rest, Translate(repeat.Body, self, before)));
            for (var i = 0; i < repeat.Min; i++)
                loop = Translate(repeat.Body, loop, before);
            return loop;
        }
        var result = rest;
        for (var i = repeat.Max; i > 0; i--)
        {
            var more = Translate(repeat.Body, result, before);
            result = i > repeat.Min ? _pool.Or(rest, more) : more;
        }
        return result;
    }

    private static bool IsZeroWidth(Node node) =>
        node switch
        {
            Start or End or Boundary or Look => true,
            Sequence s => s.Items.All(IsZeroWidth),
            Choice c => c.Items.All(IsZeroWidth),
            Repeat r => IsZeroWidth(r.Body),
            _ => false,
        };

    private static bool IsNullable(Node node) =>
        node switch
        {
            Chars => false,
            Sequence s => s.Items.All(IsNullable),
            Choice c => c.Items.Any(IsNullable),
            Repeat r => r.Min == 0 || IsNullable(r.Body),
            _ => true,
        };

    private Language Plain(Node node)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (node)
        {
            case Chars chars:
                return _pool.Of(chars.Set);
            case Choice choice:
                return _pool.Or(choice.Items.Select(Plain));
            case Repeat repeat:
                return _pool.Loop(Plain(repeat.Body), repeat.Min, repeat.Max);
            case Sequence sequence:
                var result = _pool.Empty;
                for (var i = sequence.Items.Length - 1; i >= 0; i--)
                    result = _pool.Concat(Plain(sequence.Items[i]), result);
                return result;
            default:
                throw new FormatException("this construct is not supported");
        }
    }

    private Node ParseAll()
    {
        var node = ParseChoice();
        return _at == _text.Length ? node : throw Bad("an unmatched ')'");
    }

    private FormatException Bad(string what) => new($"{what} at character {_at} of the pattern");

    private int Peek => _at < _text.Length ? _text[_at] : -1;

    private bool Take(char c)
    {
        if (Peek != c)
            return false;
        _at++;
        return true;
    }

    private bool Take(string s)
    {
        for (var i = 0; i < s.Length; i++)
        {
            if (_at + i >= _text.Length || _text[_at + i] != s[i])
                return false;
        }
        _at += s.Length;
        return true;
    }

    private Node ParseChoice()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var items = new List<Node> { ParseSequence() };
        while (Take('|'))
            items.Add(ParseSequence());
        return items.Count == 1 ? items[0] : new Choice([.. items]);
    }

    private Node ParseSequence()
    {
        var items = new List<Node>();
        while (_at < _text.Length && Peek != '|' && Peek != ')')
            items.Add(ParseQuantified());
        return items.Count == 1 ? items[0] : new Sequence([.. items]);
    }

    private Node ParseQuantified()
    {
        var item = ParseAtom();
        if (!TryQuantifier(out var min, out var max))
            return item;
        if (item is Start or End or Boundary)
            throw Bad("a quantifier after an anchor");
        Take('?');
        return Peek is '*' or '+' or '?' ? throw Bad("nothing to repeat") : new Repeat(item, min, max);
    }

    private bool TryQuantifier(out int min, out int max)
    {
        (min, max) = (0, Language.Unbounded);
        if (Take('*'))
            return true;
        if (Take('+'))
        {
            min = 1;
            return true;
        }
        if (Take('?'))
        {
            max = 1;
            return true;
        }
        var mark = _at;
        if (!Take('{'))
            return false;
        if (TryNumber(out min))
        {
            max = min;
            if (Take(',') && !TryNumber(out max))
                max = Language.Unbounded;
            if (Take('}'))
                return max < min ? throw Bad("a quantifier whose bounds are out of order") : true;
        }
        _at = mark;
        return false;
    }

    private bool TryNumber(out int value)
    {
        value = 0;
        var mark = _at;
        while (Peek is >= '0' and <= '9')
        {
            value = (int)Math.Min(1_000_000_000L, value * 10L + (Peek - '0'));
            _at++;
        }
        return _at > mark;
    }

    private Node ParseAtom()
    {
        var c = _text[_at++];
        switch (c)
        {
            case '^':
                return new Start();
            case '$':
                return new End();
            case '.':
                return new Chars(CharSet.Dot);
            case '(':
                return ParseGroup();
            case '[':
                return new Chars(ParseClass());
            case '\\':
                if (Take('b'))
                    return new Boundary(false);
                if (Take('B'))
                    return new Boundary(true);
                return new Chars(ParseEscape(false));
            case '*' or '+' or '?':
                throw Bad("nothing to repeat");
            default:
                return new Chars(CharSet.Range(c, c));
        }
    }

    private Node ParseGroup()
    {
        bool? negative = null;
        if (Take("?="))
            negative = false;
        else if (Take("?!"))
            negative = true;
        else if (Take("?<=") || Take("?<!"))
            throw Bad("look-behind, which is not supported,");
        else if (Take("?<"))
        {
            while (Peek != '>' && _at < _text.Length)
                _at++;
            Take('>');
        }
        else if (!Take("?:") && Peek == '?')
            throw Bad("a group of unknown kind");
        var body = ParseChoice();
        if (!Take(')'))
            throw Bad("a missing ')'");
        return negative is { } n ? new Look(body, n) : body;
    }

    private CharSet ParseClass()
    {
        var negated = Take('^');
        var ranges = new List<(int, int)>();
        while (true)
        {
            if (_at >= _text.Length)
                throw Bad("a missing ']'");
            if (Take(']'))
                break;
            var first = ParseClassAtom();
            if (Peek == '-' && _at + 1 < _text.Length && _text[_at + 1] != ']')
            {
                var mark = _at++;
                var last = ParseClassAtom();
                if (Single(first) is { } low && Single(last) is { } high)
                {
                    if (low > high)
                        throw Bad("a range out of order");
                    ranges.Add((low, high));
                    continue;
                }
                // A class beside a dash: the dash is itself (Annex B).
                _at = mark + 1;
                ranges.Add(('-', '-'));
            }
            ranges.AddRange(first.Pairs());
        }
        var set = CharSet.Of(ranges);
        return negated ? set.Complement() : set;
    }

    private static int? Single(CharSet set) => set.Ranges.Length == 2 && set.Ranges[0] == set.Ranges[1] ? set.Ranges[0] : null;

    private CharSet ParseClassAtom()
    {
        var c = _text[_at++];
        return c == '\\' ? ParseEscape(true) : CharSet.Range(c, c);
    }

    private CharSet ParseEscape(bool inClass)
    {
        if (_at >= _text.Length)
            throw Bad("a lone '\\'");
        var c = _text[_at++];
        switch (c)
        {
            case 'd':
                return CharSet.Digit;
            case 'D':
                return CharSet.Digit.Complement();
            case 'w':
                return CharSet.Word;
            case 'W':
                return CharSet.Word.Complement();
            case 's':
                return CharSet.Space;
            case 'S':
                return CharSet.Space.Complement();
            case 'p' or 'P':
                var property = Property();
                return c == 'P' ? property.Complement() : property;
            case 't':
                return One('\t');
            case 'n':
                return One('\n');
            case 'v':
                return One('\v');
            case 'f':
                return One('\f');
            case 'r':
                return One('\r');
            case 'b' when inClass:
                return One('\b');
            case '0' when Peek is not (>= '0' and <= '9'):
                return One(0);
            case 'c' when Peek is >= 'a' and <= 'z' or >= 'A' and <= 'Z':
                return One(_text[_at++] & 31);
            case 'x':
                return One(Hex(2));
            case 'u':
                return One(UnicodeEscape());
            case >= '1' and <= '9' when !inClass:
                throw Bad("a back-reference, which is not supported,");
            case >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9':
                throw Bad($"an unknown escape '\\{(char)c}'");
            default:
                return One(c);
        }

        static CharSet One(int scalar) => CharSet.Range(scalar, scalar);
    }

    private int UnicodeEscape()
    {
        if (Take('{'))
        {
            var value = 0;
            while (!Take('}'))
            {
                var digit = _at < _text.Length && _text[_at] < 128 ? StringDfa.HexDigit((byte)_text[_at]) : -1;
                if (digit < 0 || (value = value << 4 | digit) > CharSet.Last)
                    throw Bad("a malformed \\u{…}");
                _at++;
            }
            return value;
        }
        var code = Hex(4);
        if (code is >= 0xD800 and <= 0xDBFF && Take("\\u"))
        {
            var low = Hex(4);
            if (low is >= 0xDC00 and <= 0xDFFF)
                return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            throw Bad("half of a surrogate pair");
        }
        return code;
    }

    private int Hex(int count)
    {
        var value = 0;
        for (var i = 0; i < count; i++, _at++)
        {
            var digit = _at < _text.Length && _text[_at] < 128 ? StringDfa.HexDigit((byte)_text[_at]) : -1;
            if (digit < 0)
                throw Bad("a malformed escape");
            value = value << 4 | digit;
        }
        return value;
    }

    private CharSet Property()
    {
        var name = new StringBuilder();
        if (!Take('{'))
            throw Bad("a \\p without braces");
        while (!Take('}'))
        {
            if (_at >= _text.Length)
                throw Bad("a missing '}'");
            name.Append(new Rune(_text[_at++]).ToString());
        }
        var key = name.ToString();
        foreach (var prefix in (string[])["General_Category=", "gc="])
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal))
                key = key[prefix.Length..];
        }
        return Properties.GetOrAdd(key, FindProperty) is { IsEmpty: false } set
            ? set
            : throw Bad($"the character property '{key}', which is not supported,");
    }

    private static CharSet FindProperty(string name)
    {
        if (name == "Any")
            return CharSet.Any;
        if (name == "ASCII")
            return CharSet.Range(0, 127);
        foreach (var (aliases, test) in Categories)
        {
            if (aliases.Split(' ').Contains(name))
                return CharSet.Where(c => test.Contains(CharSet.Category(c)));
        }
        return CharSet.Empty;
    }

    private static readonly (string Aliases, UnicodeCategory[] Test)[] Categories =
    [
        (
            "L Letter",
            [
                UnicodeCategory.UppercaseLetter,
                UnicodeCategory.LowercaseLetter,
                UnicodeCategory.TitlecaseLetter,
                UnicodeCategory.ModifierLetter,
                UnicodeCategory.OtherLetter,
            ]
        ),
        ("LC Cased_Letter", [UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter, UnicodeCategory.TitlecaseLetter]),
        ("Lu Uppercase_Letter", [UnicodeCategory.UppercaseLetter]),
        ("Ll Lowercase_Letter", [UnicodeCategory.LowercaseLetter]),
        ("Lt Titlecase_Letter", [UnicodeCategory.TitlecaseLetter]),
        ("Lm Modifier_Letter", [UnicodeCategory.ModifierLetter]),
        ("Lo Other_Letter", [UnicodeCategory.OtherLetter]),
        (
            "M Mark Combining_Mark",
            [UnicodeCategory.NonSpacingMark, UnicodeCategory.SpacingCombiningMark, UnicodeCategory.EnclosingMark]
        ),
        ("Mn Nonspacing_Mark", [UnicodeCategory.NonSpacingMark]),
        ("Mc Spacing_Mark", [UnicodeCategory.SpacingCombiningMark]),
        ("Me Enclosing_Mark", [UnicodeCategory.EnclosingMark]),
        ("N Number", [UnicodeCategory.DecimalDigitNumber, UnicodeCategory.LetterNumber, UnicodeCategory.OtherNumber]),
        ("Nd Decimal_Number digit", [UnicodeCategory.DecimalDigitNumber]),
        ("Nl Letter_Number", [UnicodeCategory.LetterNumber]),
        ("No Other_Number", [UnicodeCategory.OtherNumber]),
        (
            "P Punctuation punct",
            [
                UnicodeCategory.ConnectorPunctuation,
                UnicodeCategory.DashPunctuation,
                UnicodeCategory.OpenPunctuation,
                UnicodeCategory.ClosePunctuation,
                UnicodeCategory.InitialQuotePunctuation,
                UnicodeCategory.FinalQuotePunctuation,
                UnicodeCategory.OtherPunctuation,
            ]
        ),
        ("Pc Connector_Punctuation", [UnicodeCategory.ConnectorPunctuation]),
        ("Pd Dash_Punctuation", [UnicodeCategory.DashPunctuation]),
        ("Ps Open_Punctuation", [UnicodeCategory.OpenPunctuation]),
        ("Pe Close_Punctuation", [UnicodeCategory.ClosePunctuation]),
        ("Pi Initial_Punctuation", [UnicodeCategory.InitialQuotePunctuation]),
        ("Pf Final_Punctuation", [UnicodeCategory.FinalQuotePunctuation]),
        ("Po Other_Punctuation", [UnicodeCategory.OtherPunctuation]),
        (
            "S Symbol",
            [
                UnicodeCategory.MathSymbol,
                UnicodeCategory.CurrencySymbol,
                UnicodeCategory.ModifierSymbol,
                UnicodeCategory.OtherSymbol,
            ]
        ),
        ("Sm Math_Symbol", [UnicodeCategory.MathSymbol]),
        ("Sc Currency_Symbol", [UnicodeCategory.CurrencySymbol]),
        ("Sk Modifier_Symbol", [UnicodeCategory.ModifierSymbol]),
        ("So Other_Symbol", [UnicodeCategory.OtherSymbol]),
        ("Z Separator", [UnicodeCategory.SpaceSeparator, UnicodeCategory.LineSeparator, UnicodeCategory.ParagraphSeparator]),
        ("Zs Space_Separator", [UnicodeCategory.SpaceSeparator]),
        ("Cc Control cntrl", [UnicodeCategory.Control]),
        ("Cf Format", [UnicodeCategory.Format]),
    ];
}
