namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>
/// Reads text as bytes and follows a <see cref="Language"/>: either the inside of a JSON string, escapes decoded, up to and
/// with the closing quote, or plain UTF-8 text without any envelope.
/// </summary>
/// <remarks>One automaton serves every language of its pool: a state is a language and a place inside a character.</remarks>
internal sealed class StringDfa(LanguagePool pool, bool quoted) : ByteDfa(EachByte)
{
    private const byte Text = 0,
        Utf8 = 1,
        Escape = 2,
        Hex = 3,
        LowEscape = 4,
        LowHex = 5,
        Rest = 6;

    private readonly record struct Place(Language Language, byte Mode, byte Left, int Value, int High = 0);

    private readonly Dictionary<Place, int> _ids = [];
    private readonly List<Place> _places = [default, default];

    // Which state stands for each, and for tokens of which length (plus one) that was found.
    private (int State, int Reach)[] _canonical = [];

    public LanguagePool Pool => pool;
    protected override Lock Gate => pool.Gate;

    /// <summary>The state at the start of a language, or dead when it is empty.</summary>
    public int Start(Language language)
    {
        lock (pool.Gate)
            return Enter(language);
    }

    /// <summary>The language still to be read; meaningful between characters.</summary>
    public Language LanguageOf(int state) => _places[state].Language;

    /// <summary>Whether the state lies between two characters.</summary>
    public bool IsBetweenCharacters(int state) => _places[state].Mode == Text;

    public override bool IsAccepting(int state) =>
        !quoted && state > Closed && _places[state] is { Mode: Text } place && place.Language.Nullable;

    /// <summary>Whether a closing quote may follow.</summary>
    public bool CanClose(int state) => state > Closed && _places[state] is { Mode: Text } place && place.Language.Nullable;

    /// <summary>Whether any text may follow a state, so that only where the string may close is to be found.</summary>
    public bool IsOpen(int state)
    {
        var place = _places[state];
        return quoted && place.Mode == Text && place.Language is not null && pool.IsOpen(place.Language);
    }

    /// <summary>Whether a state, between two characters, asks only for a number of characters out of one set.</summary>
    public bool IsLength(int state, out Language set, out int min, out int max)
    {
        var place = _places[state];
        (set, min, max) = (place.Language.Left ?? pool.None, place.Language.Min, place.Language.Max);
        return place.Mode == Text && place.Language.Kind == LanguageKind.Loop && set.Kind == LanguageKind.Set;
    }

    /// <summary>The bytes that leave a state where it is: ASCII as bits, and whether all other characters do too.</summary>
    public (ulong Low, ulong High, bool Others) Idle(int state)
    {
        var known = _idle;
        if (state < known.Length && known[state] is { } idle)
            return (idle.Low, idle.High, idle.Others);
        lock (pool.Gate)
        {
            if (state >= _idle.Length)
                Array.Resize(ref _idle, Math.Max(StateCount, state * 2));
            var (low, high, others) = FindIdle(state);
            _idle[state] = new(low, high, others);
            return (low, high, others);
        }
    }

    private sealed record IdleBytes(ulong Low, ulong High, bool Others);

    private IdleBytes?[] _idle = [];

    private (ulong, ulong, bool) FindIdle(int state)
    {
        var place = _places[state];
        if (state <= Closed || place.Mode != Text)
            return default;
        ulong low = 0,
            high = 0;
        for (var value = 0x20; value < 0x80; value++)
        {
            if (quoted && value is '"' or '\\' || pool.Derive(place.Language, value) != place.Language)
                continue;
            if (value < 64)
                low |= 1ul << value;
            else
                high |= 1ul << value;
        }
        return (low, high, pool.OnlyTarget(place.Language, 0x80, CharSet.Last) == place.Language);
    }

    /// <summary>The state that allows the same tokens, tokens being at most so many characters long: lengths beyond reach are forgotten.</summary>
    public int Canonical(int state, int reach)
    {
        if (state <= Closed)
            return state;
        var known = _canonical;
        if (state < known.Length && known[state] is var (id, forReach) && forReach == reach + 1)
            return id;
        lock (pool.Gate)
        {
            var place = _places[state];
            var canonical = Forget(place.Language, reach);
            var result = canonical == place.Language ? state : Intern(place with { Language = canonical });
            if (state >= _canonical.Length)
                Array.Resize(ref _canonical, Math.Max(StateCount, state * 2));
            _canonical[state] = (result, reach + 1);
            return result;
        }
    }

    protected override int Compute(int state, byte value)
    {
        var place = _places[state];
        return place.Mode switch
        {
            Text => InText(place.Language, value),
            Utf8 => InUtf8(place, value),
            Rest => (value & 0xC0) != 0x80 ? Dead
            : place.Left == 1 ? Enter(place.Language)
            : Intern(place with { Left = (byte)(place.Left - 1) }),
            Escape => InEscape(place.Language, value),
            LowEscape => place.Left == 2
                ? value == '\\'
                    ? Intern(place with { Left = 1 })
                    : Dead
                : value == 'u'
                    ? Intern(place with { Mode = LowHex, Left = 4, Value = 0 })
                    : Dead,
            _ => InHex(place, value),
        };
    }

    private Language Forget(Language language, int reach)
    {
        if (!language.Boolean)
            return pool.Shrink(language, reach);
        if (language.Kind != LanguageKind.And)
            return language;
        // Length bounds meet at most one other language: A & B, in either order.
        var (length, other) = IsLength(language.Left!) ? (language.Left!, language.Right!) : (language.Right!, language.Left!);
        if (!IsLength(length) || length.Max == Language.Unbounded || length.Min > 1)
            return language;
        var detour = LanguagePool.LongestDetour(other);
        return detour < 0 || length.Max <= reach + detour + 1
            ? language
            : pool.And(pool.Length(length.Min, Language.Unbounded), other);
    }

    private bool IsLength(Language language) => language.Kind == LanguageKind.Loop && language.Left == pool.AnyScalar;

    private int InText(Language language, byte value)
    {
        if (quoted)
        {
            if (value == '"')
                return language.Nullable ? Closed : Dead;
            if (value == '\\')
                return pool.AnyAlive(language, 0, CharSet.Last) ? Intern(new(language, Escape, 0, 0)) : Dead;
            if (value < 0x20)
                return Dead;
        }
        if (value < 0x80)
            return Enter(pool.Derive(language, value));
        return value switch
        {
            >= 0xC2 and <= 0xDF => Partial(language, 1, value & 0x1F),
            >= 0xE0 and <= 0xEF => Partial(language, 2, value & 0x0F),
            >= 0xF0 and <= 0xF4 => Partial(language, 3, value & 0x07),
            _ => Dead,
        };
    }

    private int InUtf8(Place place, byte value)
    {
        if ((value & 0xC0) != 0x80)
            return Dead;
        var scalar = place.Value << 6 | value & 0x3F;
        if (place.Left == 1)
            return Enter(pool.Derive(place.Language, scalar));
        return Partial(place.Language, (byte)(place.Left - 1), scalar, place.High);
    }

    /// <summary>In the middle of a character: alive when a well-formed character that starts so can be followed by something.</summary>
    private int Partial(Language language, byte left, int prefix, int total = 0)
    {
        if (total == 0)
            total = left + 1;
        int low = prefix << 6 * left,
            high = low | (1 << 6 * left) - 1;
        low = Math.Max(
            low,
            total switch
            {
                2 => 0x80,
                3 => 0x800,
                _ => 0x10000,
            }
        );
        high = Math.Min(high, CharSet.Last);
        // Where every way to finish the character leads to the same language, only their number of bytes matters.
        var whole = high - low + 1 == 1 << 6 * left && (high < 0xD800 || low > 0xDFFF);
        if (whole && pool.OnlyTarget(language, low, high) is { } target)
            return pool.Alive(target) ? Intern(new(target, Rest, left, 0)) : Dead;
        return low <= high && pool.AnyAlive(language, low, high) ? Intern(new(language, Utf8, left, prefix, total)) : Dead;
    }

    private int InEscape(Language language, byte value)
    {
        var scalar = value switch
        {
            (byte)'"' or (byte)'\\' or (byte)'/' => value,
            (byte)'b' => '\b',
            (byte)'f' => '\f',
            (byte)'n' => '\n',
            (byte)'r' => '\r',
            (byte)'t' => '\t',
            _ => -1,
        };
        if (scalar >= 0)
            return Enter(pool.Derive(language, scalar));
        return value == 'u' ? Intern(new(language, Hex, 4, 0)) : Dead;
    }

    private int InHex(Place place, byte value)
    {
        var digit = HexDigit(value);
        if (digit < 0)
            return Dead;
        var code = place.Value << 4 | digit;
        var left = (byte)(place.Left - 1);
        int low = code << 4 * left,
            high = low | (1 << 4 * left) - 1;
        if (place.Mode == LowHex)
        {
            low = Math.Max(low, 0xDC00);
            high = Math.Min(high, 0xDFFF);
            if (low > high || !pool.AnyAlive(place.Language, Pair(place.High, low), Pair(place.High, high)))
                return Dead;
            return left == 0
                ? Enter(pool.Derive(place.Language, Pair(place.High, low)))
                : Intern(place with { Left = left, Value = code });
        }
        if (left == 0)
        {
            if (code is >= 0xDC00 and <= 0xDFFF)
                return Dead;
            if (code is < 0xD800 or > 0xDBFF)
                return Enter(pool.Derive(place.Language, code));
            return pool.AnyAlive(place.Language, Pair(code, 0xDC00), Pair(code, 0xDFFF))
                ? Intern(new(place.Language, LowEscape, 2, 0, code))
                : Dead;
        }
        int highStart = Math.Max(low, 0xD800),
            highEnd = Math.Min(high, 0xDBFF);
        var alive =
            pool.AnyAlive(place.Language, low, high)
            || highStart <= highEnd && pool.AnyAlive(place.Language, Pair(highStart, 0xDC00), Pair(highEnd, 0xDFFF));
        return alive ? Intern(place with { Left = left, Value = code }) : Dead;
    }

    public static int HexDigit(byte value) =>
        value switch
        {
            >= (byte)'0' and <= (byte)'9' => value - '0',
            >= (byte)'a' and <= (byte)'f' => value - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => value - 'A' + 10,
            _ => -1,
        };

    private static int Pair(int high, int low) => 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);

    private int Enter(Language language) => pool.Alive(language) ? Intern(new(language, Text, 0, 0)) : Dead;

    private int Intern(Place place)
    {
        if (_ids.TryGetValue(place, out var id))
            return id;
        id = AddState();
        _places.Add(place);
        _ids.Add(place, id);
        return id;
    }
}
