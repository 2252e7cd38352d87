namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <content>What the form of a language shows of its members: how long they are, and how many.</content>
internal sealed partial class LanguagePool
{
    private const long Many = 1_000_000;

    /// <summary>
    /// A language with the same prefixes and members up to a length: counts that so short a text cannot exhaust are forgotten.
    /// Only for languages without intersection and complement.
    /// </summary>
    public Language Shrink(Language language, int reach)
    {
        if (language.Shrunk is { } known && language.ShrunkFor == reach)
            return known;
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        var result = language;
        switch (language.Kind)
        {
            case LanguageKind.Concat:
                result = Concat(Shrink(language.Left!, reach), Shrink(language.Right!, reach));
                break;
            case LanguageKind.Or:
                result = Or(Shrink(language.Left!, reach), Shrink(language.Right!, reach));
                break;
            case LanguageKind.Loop:
                var most = reach / Math.Max(1, Lengths(language.Left!).Shortest) + 1;
                result = Loop(
                    Shrink(language.Left!, reach),
                    Math.Min(language.Min, most),
                    language.Max > most ? Language.Unbounded : language.Max
                );
                break;
        }
        (language.Shrunk, language.ShrunkFor) = (result, reach);
        return result;
    }

    /// <summary>Lengths of the members; for languages without intersection and complement.</summary>
    public static MemberLengths Lengths(Language language)
    {
        if (language.Lengths is { } known)
            return known;
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        MemberLengths result;
        switch (language.Kind)
        {
            case LanguageKind.Set:
                result = new(1, 1, true);
                break;
            case LanguageKind.Concat or LanguageKind.Or:
                var (left, right) = (Lengths(language.Left!), Lengths(language.Right!));
                result = language.Kind == LanguageKind.Concat ? Joined(left, right) : United(left, right);
                break;
            case LanguageKind.Loop:
                result = Repeated(Lengths(language.Left!), language.Min, language.Max);
                break;
            default:
                result = new(0, 0, true);
                break;
        }
        return language.Lengths = result;
    }

    private static MemberLengths Joined(MemberLengths a, MemberLengths b) =>
        new(
            Bounded((long)a.Shortest + b.Shortest),
            a.Longest == Language.Unbounded || b.Longest == Language.Unbounded
                ? Language.Unbounded
                : Bounded((long)a.Longest + b.Longest),
            // All lengths from some point on fill the gaps of the other.
            a.Gapless && b.Gapless
                || a is { Gapless: true, Longest: Language.Unbounded }
                || b is { Gapless: true, Longest: Language.Unbounded }
        );

    private static MemberLengths United(MemberLengths a, MemberLengths b)
    {
        var (first, second) = a.Shortest <= b.Shortest ? (a, b) : (b, a);
        var gapless =
            first.Gapless && (first.Longest == Language.Unbounded || second.Gapless && second.Shortest <= first.Longest + 1);
        return new(first.Shortest, Math.Max(a.Longest, b.Longest), gapless);
    }

    private static MemberLengths Repeated(MemberLengths item, int min, int max)
    {
        var longest =
            max == Language.Unbounded || item.Longest == Language.Unbounded
                ? Language.Unbounded
                : Bounded((long)max * item.Longest);
        // The stretch for n+1 repetitions begins where that for n ends, for the fewest repetitions and so for all.
        var gapless =
            item.Gapless
            && (
                min == max
                || item.Shortest <= 1
                || min > 0
                    && (item.Longest == Language.Unbounded || (long)min * (item.Longest - item.Shortest) + 1 >= item.Shortest)
            );
        return new(Bounded((long)min * item.Shortest), longest, gapless);
    }

    private static int Bounded(long length) => (int)Math.Min(1_000_000, length);

    /// <summary>Whether members have every length from the shortest on; true for the language without members.</summary>
    public bool HasEveryLength(Language language) =>
        language == None || Lengths(language) is { Longest: Language.Unbounded, Gapless: true };

    /// <summary>Whether, whatever character comes, the rest has every length from the shortest on.</summary>
    public bool HasEveryLengthAfterOne(Language language)
    {
        foreach (var derivative in Derivatives(language))
        {
            if (!HasEveryLength(derivative.Target))
                return false;
        }
        return true;
    }

    /// <summary>Whether anything may follow, because what is asked for may still come later.</summary>
    public bool IsOpen(Language language) =>
        !language.Boolean
        && language.Kind switch
        {
            LanguageKind.Concat => language.Left == All,
            LanguageKind.Or => IsOpen(language.Left!) || IsOpen(language.Right!),
            _ => false,
        };

    /// <summary>Whether every way on stays infinite, so that leaving out finitely many strings never leads into a dead end.</summary>
    public static bool IsRich(Language language) =>
        language.Kind switch
        {
            LanguageKind.Concat => IsRich(language.Right!),
            LanguageKind.Or => IsRich(language.Left!) && IsRich(language.Right!),
            LanguageKind.Loop => language.Max == Language.Unbounded && !language.Boolean,
            _ => false,
        };

    /// <summary>
    /// Whether, as far as the form shows, more strings than a text can hold go on from a string, and so from each beginning of it: leaving out
    /// this one never leads into a dead end. True as well of a string that does not belong.
    /// </summary>
    public bool IsRichAfter(Language language, string text)
    {
        foreach (var character in text.EnumerateRunes())
            language = Derive(language, character.Value);
        return language == None || LeastCount(language) == Many;
    }

    // How many strings belong at least, counted up to many.
    private static long LeastCount(Language language) =>
        language.Boolean
            ? 0
            : language.Kind switch
            {
                LanguageKind.Empty => 1,
                LanguageKind.Set => Math.Min(Many, language.Set!.Count),
                LanguageKind.Concat or LanguageKind.Or => Math.Max(LeastCount(language.Left!), LeastCount(language.Right!)),
                LanguageKind.Loop => LeastRepeated(language),
                _ => 0,
            };

    private static long LeastRepeated(Language loop)
    {
        var count = LeastCount(loop.Left!);
        if (loop.Max == Language.Unbounded)
            return Lengths(loop.Left!).Longest > 0 ? Many : 1;
        // Texts of one set of characters, all of one length, differ; of other parts only one is counted.
        for (var (i, set) = (1, count); loop.Left!.Kind == LanguageKind.Set && i < loop.Max && count is > 1 and < Many; i++)
            count = Math.Min(Many, count * set);
        return count;
    }

    /// <summary>Whether the language holds finitely many strings, as far as its form shows.</summary>
    public static bool IsFinite(Language language) =>
        language.Kind switch
        {
            LanguageKind.Not or LanguageKind.Recursive => false,
            LanguageKind.Concat or LanguageKind.Or => IsFinite(language.Left!) && IsFinite(language.Right!),
            LanguageKind.And => IsFinite(language.Left!) || IsFinite(language.Right!),
            LanguageKind.Loop => language.Max != Language.Unbounded && IsFinite(language.Left!),
            _ => true,
        };

    /// <summary>An upper bound on the shortest way to an end from anywhere in the language; -1 when the form does not tell.</summary>
    public static int LongestDetour(Language language)
    {
        if (language.Boolean)
            return -1;
        return language.Kind switch
        {
            LanguageKind.Set => 1,
            LanguageKind.Concat => Sum(LongestDetour(language.Left!), LongestDetour(language.Right!)),
            LanguageKind.Or => Math.Max(LongestDetour(language.Left!), LongestDetour(language.Right!)),
            LanguageKind.Loop => (int)Math.Min(1_000_000L, (long)Math.Max(1, language.Min) * LongestDetour(language.Left!)),
            _ => 0,
        };

        static int Sum(int a, int b) => Math.Min(1_000_000, a + b);
    }
}
