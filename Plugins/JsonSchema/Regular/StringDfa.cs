using System.Runtime.InteropServices;

namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>
/// Reads text as bytes and follows a <see cref="Language"/>: either the inside of a JSON string, escapes decoded, up to and
/// with the closing quote, or plain UTF-8 text without any envelope.
/// </summary>
/// <remarks>One automaton serves every language of its pool: a state is a language and a place inside a character.</remarks>
/// <param name="pool">Where the languages come from.</param>
/// <param name="quoted">Whether it is the inside of a JSON string.</param>
/// <param name="isKey">Whether the string is a key: then printable ASCII is spelled as it is, but for quotes and backslashes.</param>
internal sealed class StringDfa(LanguagePool pool, bool quoted, bool isKey = false) : ByteDfa(EachByte)
{
    private const byte Text = 0,
        Utf8 = 1,
        Escape = 2,
        Hex = 3,
        LowEscape = 4,
        LowHex = 5,
        Rest = 6;

    private readonly record struct Place(Language Language, byte Mode, byte Left, int Value, int High = 0)
    {
        public override int GetHashCode() => HashCode.Combine(Language?.Id, Mode << 8 | Left, Value, High);
    }

    private enum Longest : byte
    {
        Unknown,
        None,
        Some,
    }

    /// <summary>What was found of a state.</summary>
    private struct Facts
    {
        /// <summary>Which state stands for it (low half), and for tokens of which length plus one (high half).</summary>
        public long Canonical;

        /// <summary>One more than the fewest characters that finish it.</summary>
        public int Fewest;

        /// <summary>Whether there is a longest string to finish it, or to finish one of those a character on.</summary>
        public Longest Longest;
        public SteadyCharacters? Steady;
    }

    // States are numbers of places; those of a lexeme that cannot end or is over stand for none.
    private readonly Numbering<Place> _places = Number(default, default);

    // Read without the lock.
    private readonly Blocks<Facts> _facts = new();

    public LanguagePool Pool => pool;
    protected override Lock Gate => pool.Gate;

    /// <summary>The state at the start of a language, or dead when it is empty.</summary>
    public int Start(Language language)
    {
        lock (pool.Gate)
            return Enter(language);
    }

    /// <summary>The state from which any text may follow.</summary>
    public int Everything => Start(pool.All);

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

    /// <summary>
    /// Whether a state, between two characters, bounds the number of characters of what another state reads, whose lengths can be told.
    /// </summary>
    public bool IsBounded(int state, out int unbounded, out int min, out int max)
    {
        var place = _places[state];
        var language = place.Language;
        (unbounded, min, max) = (Dead, 0, Language.Unbounded);
        if (place.Mode != Text || language is null)
            return false;
        Language rest;
        if (language.Kind == LanguageKind.Loop && language.Left!.Kind == LanguageKind.Set)
        {
            (min, max) = (language.Min, language.Max);
            rest = language;
        }
        else if (language.Kind == LanguageKind.And)
        {
            var (length, other) = IsLength(language.Left!)
                ? (language.Left!, language.Right!)
                : (language.Right!, language.Left!);
            if (!IsLength(length) || other.Boolean)
                return false;
            (min, max) = (length.Min, length.Max);
            rest = other;
        }
        else
            return false;
        if (min <= 1 && max == Language.Unbounded)
            return false;
        lock (pool.Gate)
            unbounded = Enter(rest == language ? pool.Loop(language.Left!, 0, Language.Unbounded) : rest);
        return true;
    }

    /// <summary>Whether a state reads any number of characters out of one set.</summary>
    public bool IsLoop(int state) =>
        _places[state]
            is {
                Mode: Text,
                Language: { Kind: LanguageKind.Loop, Min: 0, Max: Language.Unbounded, Left.Kind: LanguageKind.Set }
            };

    /// <summary>
    /// The fewest characters that finish the string from a state, one half read included; for languages without intersection and complement.
    /// </summary>
    public int Fewest(int state)
    {
        var known = _facts[state].Fewest;
        return known > 0 ? known - 1 : FindFewest(state);
    }

    // Apart from the above, which is asked at every node of a walk and must make no closure.
    private int FindFewest(int state)
    {
        lock (pool.Gate)
        {
            var place = _places[state];
            var fewest = place.Mode switch
            {
                Text => LanguagePool.Lengths(place.Language).Shortest,
                Rest => 1 + LanguagePool.Lengths(place.Language).Shortest,
                _ => 1 + Ranges(place).Min(r => pool.ShortestAfter(place.Language, r.Low, r.High)),
            };
            _facts[state].Fewest = fewest + 1;
            return fewest;
        }
    }

    /// <summary>Whether from a state, and from those one character on, strings of every length from the shortest on are read.</summary>
    public bool HasNoLongest(int state)
    {
        var known = _facts[state].Longest;
        return (known != Longest.Unknown ? known : FindLongest(state)) == Longest.None;
    }

    private Longest FindLongest(int state)
    {
        lock (pool.Gate)
        {
            var place = _places[state];
            var hasNone =
                place.Mode != Text || pool.HasEveryLength(place.Language) && pool.HasEveryLengthAfterOne(place.Language);
            return _facts[state].Longest = hasNone ? Longest.None : Longest.Some;
        }
    }

    /// <summary>Which characters the one half read can become.</summary>
    private (int Low, int High)[] Ranges(Place place)
    {
        var left = place.Left;
        int low,
            high;
        switch (place.Mode)
        {
            case Utf8:
                low = place.Value << 6 * left;
                return [(Math.Max(low, Smallest(place.High)), Math.Min(low | (1 << 6 * left) - 1, CharSet.Last))];
            case Hex:
                (low, high) = (place.Value << 4 * left, (place.Value + 1 << 4 * left) - 1);
                int first = Math.Max(low, 0xD800),
                    last = Math.Min(high, 0xDBFF);
                return first > last ? Escapable(low, high) : [.. Escapable(low, high), (Pair(first, 0xDC00), Pair(last, 0xDFFF))];
            case LowHex:
                (low, high) = (place.Value << 4 * left, (place.Value + 1 << 4 * left) - 1);
                return [(Pair(place.High, Math.Max(low, 0xDC00)), Pair(place.High, Math.Min(high, 0xDFFF)))];
            case LowEscape:
                return [(Pair(place.High, 0xDC00), Pair(place.High, 0xDFFF))];
            default:
                return Escapable(0, CharSet.Last);
        }
    }

    /// <summary>What of a range may be spelled with an escape.</summary>
    private (int Low, int High)[] Escapable(int low, int high)
    {
        if (!isKey)
            return [(low, high)];
        var ranges = new List<(int, int)>();
        foreach (var (first, last) in ((int, int)[])[(0, 0x1F), ('"', '"'), ('\\', '\\'), (0x7F, CharSet.Last)])
        {
            if (first <= high && last >= low)
                ranges.Add((Math.Max(low, first), Math.Min(high, last)));
        }
        return [.. ranges];
    }

    /// <summary>Whether a character is spelled as it is in a key, and never with an escape.</summary>
    public static bool IsPlainInKey(int scalar) => scalar is >= 0x20 and < 0x7F and not ('"' or '\\');

    /// <summary>Whether all characters of a key, in UTF-8, are such.</summary>
    public static bool IsPlainKey(ReadOnlySpan<byte> key)
    {
        foreach (var value in key)
        {
            if (!IsPlainInKey(value))
                return false;
        }
        return true;
    }

    private bool AnyEscapable(Language language, int low, int high) =>
        Array.Exists(Escapable(low, high), range => pool.AnyAlive(language, range.Low, range.High));

    /// <summary>The first character whose encoding takes so many bytes.</summary>
    private static int Smallest(int bytes) =>
        bytes switch
        {
            2 => 0x80,
            3 => 0x800,
            _ => 0x10000,
        };

    /// <summary>
    /// The characters that leave a state where it is, as a set of the alphabet; inside a character whose every end leads to the same
    /// state, those of that state.
    /// </summary>
    public ulong[] Idle(int state, Masks.Alphabet alphabet) =>
        Steady(state, alphabet) is { Room: Language.Unbounded } steady ? steady.Characters : alphabet.None;

    /// <summary>Characters of which a state reads any, at least so many in a row, and can still be brought to an end.</summary>
    public SteadyCharacters Steady(int state, Masks.Alphabet alphabet)
    {
        if (Volatile.Read(ref _facts[state].Steady) is { } steady && steady.Alphabet == alphabet)
            return steady;
        lock (pool.Gate)
        {
            steady = FindSteady(state, alphabet);
            Volatile.Write(ref _facts[state].Steady, steady);
            return steady;
        }
    }

    /// <param name="Alphabet">What the characters are a set of.</param>
    /// <param name="Characters">The characters.</param>
    /// <param name="Room">How many may follow one another; <see cref="Language.Unbounded"/> where they leave the state where it is.</param>
    public sealed record SteadyCharacters(Masks.Alphabet Alphabet, ulong[] Characters, int Room);

    private readonly Dictionary<int, ulong[]> _sets = [];

    private SteadyCharacters FindSteady(int state, Masks.Alphabet alphabet)
    {
        var place = _places[state];
        var language = place.Language;
        if (state > Closed && place.Mode == Rest)
            return Steady(Enter(language), alphabet);
        if (state <= Closed || place.Mode != Text)
            return new(alphabet, alphabet.None, Language.Unbounded);
        if (pool.LeadsTo(language, language))
            return new(alphabet, Leading(language, language, alphabet), Language.Unbounded);
        // A loop that is counted down by each of its characters.
        var head = language.Kind == LanguageKind.Concat ? language.Left! : language;
        return head is { Kind: LanguageKind.Loop, Min: 0, Left: { Kind: LanguageKind.Set, Set.IsEmpty: false } looped }
            ? new(alphabet, Leading(language, pool.Derive(language, looped.Set!.Ranges[0]), alphabet), head.Max)
            : new(alphabet, alphabet.None, Language.Unbounded);
    }

    /// <summary>The characters that lead from one language to another.</summary>
    private ulong[] Leading(Language language, Language to, Masks.Alphabet alphabet)
    {
        var set = new ulong[alphabet.Words];
        var blocks = alphabet.Blocks;
        for (var block = 0; block < blocks.Length; block++)
            Set(set, Masks.Alphabet.BlockBit(block));
        foreach (var (low, high, target) in pool.Derivatives(language))
        {
            if (target == to)
            {
                for (var value = low; value <= Math.Min(high, 0x7F); value++)
                {
                    if (!quoted || value >= 0x20 && value is not ('"' or '\\'))
                        Set(set, value);
                }
                continue;
            }
            var at = blocks.BinarySearch(low & ~63);
            for (at = at >= 0 ? at : ~at; at < blocks.Length && blocks[at] <= high; at++)
                set[Masks.Alphabet.BlockBit(at) >> 6] &= ~(1ul << Masks.Alphabet.BlockBit(at));
        }
        for (var i = 0; i < alphabet.Broken.Length; i++)
        {
            var (low, high) = alphabet.Broken[i];
            if (pool.LeadsWithin(language, to, low, high))
                Set(set, alphabet.BrokenBit(i));
        }
        // The states of one loop have the same characters.
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(set.AsSpan()));
        var known = CollectionsMarshal.GetValueRefOrAddDefault(_sets, hash.ToHashCode(), out _) ??= set;
        return known.AsSpan().SequenceEqual(set) ? known : set;

        static void Set(ulong[] set, int bit) => set[bit >> 6] |= 1ul << bit;
    }

    /// <summary>The state that allows the same tokens, tokens being at most so many characters long: lengths beyond reach are forgotten.</summary>
    public int Canonical(int state, int reach)
    {
        if (state <= Closed)
            return state;
        if (Volatile.Read(ref _facts[state].Canonical) is var found && (int)(found >> 32) == reach + 1)
            return (int)found;
        lock (pool.Gate)
        {
            var place = _places[state];
            var canonical = Forget(place.Language, reach);
            var result = canonical == place.Language ? state : Intern(place with { Language = canonical });
            Volatile.Write(ref _facts[state].Canonical, (long)(reach + 1) << 32 | (uint)result);
            return result;
        }
    }

    protected override int Compute(int state, byte value)
    {
        var place = _places[state];
        return place.Mode switch
        {
            Text => InText(state, place.Language, value),
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

    /// <summary>Fills in all of ASCII at once: finding the derivatives is the work, and it finds them all.</summary>
    private void FillAscii(int state, Language language)
    {
        var row = Row(state);
        foreach (var (low, high, target) in pool.Derivatives(language))
        {
            if (low >= 0x80)
                return;
            var next = (ushort)Enter(target);
            for (var value = low; value <= Math.Min(high, 0x7F); value++)
            {
                if (!quoted || value >= 0x20 && value is not ('"' or '\\'))
                    Volatile.Write(ref row[value], next);
            }
        }
    }

    private int InText(int state, Language language, byte value)
    {
        if (quoted)
        {
            if (value == '"')
                return language.Nullable ? Closed : Dead;
            if (value == '\\')
                return AnyEscapable(language, 0, CharSet.Last) ? Intern(new(language, Escape, 0, 0)) : Dead;
            if (value < 0x20)
                return Dead;
        }
        if (value < 0x80)
        {
            FillAscii(state, language);
            return Row(state)[value];
        }
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
        low = Math.Max(low, Smallest(total));
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
            return isKey && IsPlainInKey(scalar) ? Dead : Enter(pool.Derive(language, scalar));
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
            if (code is >= 0xDC00 and <= 0xDFFF || isKey && IsPlainInKey(code))
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
            AnyEscapable(place.Language, low, high)
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
        if (_places.Find(place) is var known and >= 0)
            return known;
        var state = AddState();
        _facts.Reach(state);
        return _places.Add(place);
    }

    private static Numbering<Place> Number(params ReadOnlySpan<Place> places)
    {
        var numbering = new Numbering<Place>();
        foreach (var place in places)
            numbering.Add(place);
        return numbering;
    }
}
