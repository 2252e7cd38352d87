using System.Runtime.InteropServices;

namespace Tokenwright.Plugins.JsonSchema.Regular;

internal enum LanguageKind : byte
{
    None,
    Empty,
    Set,
    Concat,
    Or,
    And,
    Not,
    Loop,
    Recursive,
}

/// <summary>A regular language over Unicode scalar values: one hash-consed node of a <see cref="LanguagePool"/>.</summary>
internal sealed class Language
{
    public const int Unbounded = int.MaxValue;

    public required int Id { get; init; }
    public required LanguageKind Kind { get; init; }
    public Language? Left { get; set; }
    public Language? Right { get; init; }
    public CharSet? Set { get; init; }
    public int Min { get; init; }
    public int Max { get; init; }

    /// <summary>Whether the empty string belongs to the language.</summary>
    public bool Nullable { get; set; }

    /// <summary>Whether an intersection, complement or recursion hides inside, so that emptiness takes a search.</summary>
    public bool Boolean { get; init; }

    /// <summary>Derivatives: the languages after one scalar value, by range; null until first needed.</summary>
    internal int[]? Starts;
    internal Language[]? Targets;

    /// <summary>Lengths of the members; null until first needed.</summary>
    internal MemberLengths? Lengths;

    internal Language? Shrunk;
    internal int ShrunkFor;

    /// <summary>0 unknown, 1 some string belongs, 2 none does.</summary>
    internal byte Liveness;
}

/// <summary>How long the members of a language are, in scalar values.</summary>
/// <param name="Shortest">The least length.</param>
/// <param name="Longest">The greatest, or <see cref="Language.Unbounded"/>.</param>
/// <param name="Gapless">Whether the form shows that every length between occurs.</param>
internal sealed record MemberLengths(int Shortest, int Longest, bool Gapless);

/// <summary>
/// Builds languages in normal form and takes their Brzozowski derivatives, lazily. Intersection and complement are ordinary
/// operators (Owens, Reppy and Turon, "Regular-expression derivatives re-examined", 2009). Not safe for concurrent use:
/// callers hold <see cref="Gate"/>.
/// </summary>
internal sealed class LanguagePool
{
    private const int SearchLimit = 20_000;
    private readonly Dictionary<(LanguageKind, int, int, int, int, CharSet?), Language> _nodes = [];
    private int _nextId;

    // Cleared for every use, as the gate lets in one at a time.
    private readonly HashSet<CharSet> _sets = [];
    private readonly HashSet<Language> _seen = [];
    private readonly Dictionary<Language, Language> _done = [];

    public LanguagePool()
    {
        None = Add(LanguageKind.None, null, null, null, 0, 0, false, false);
        None.Liveness = 2;
        Empty = Add(LanguageKind.Empty, null, null, null, 0, 0, true, false);
        AnyScalar = Of(CharSet.Any);
        All = Loop(AnyScalar, 0, Language.Unbounded);
    }

    public Lock Gate { get; } = new();

    /// <summary>Languages of patterns and formats met before, by their text.</summary>
    public Dictionary<string, Language> Named { get; } = [];

    /// <summary>How many nodes the pool may hold before more work is refused.</summary>
    public int NodeLimit { get; set; } = 1_000_000;

    /// <summary>How many nodes the pool holds.</summary>
    public int Count => _nodes.Count;

    /// <summary>No string at all.</summary>
    public Language None { get; }

    /// <summary>Only the empty string.</summary>
    public Language Empty { get; }
    public Language AnyScalar { get; }

    /// <summary>Every string.</summary>
    public Language All { get; }

    public Language Of(CharSet set) => set.IsEmpty ? None : Add(LanguageKind.Set, null, null, set, 0, 0, false, false);

    public Language Of(string text) => Of(text.EnumerateRunes().Select(r => r.Value).ToArray());

    public Language Of(ReadOnlySpan<int> scalars)
    {
        var result = Empty;
        for (var i = scalars.Length - 1; i >= 0; i--)
            result = Concat(Of(CharSet.Range(scalars[i], scalars[i])), result);
        return result;
    }

    /// <summary>A finite set of strings, factored by prefix so that a derivative touches one branch.</summary>
    public Language OneOf(IEnumerable<string> choices)
    {
        var sorted = choices.Select(c => c.EnumerateRunes().Select(r => r.Value).ToArray()).ToList();
        sorted.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
        return Factor(sorted, 0, sorted.Count, 0);
    }

    public Language Concat(Language left, Language right)
    {
        if (left == None || right == None)
            return None;
        if (left == Empty)
            return right;
        if (right == Empty)
            return left;
        if (left.Kind == LanguageKind.Concat)
            return Concat(left.Left!, Concat(left.Right!, right));
        if (left == All && right.Nullable || right == All && left.Nullable)
            return All;
        if (left == All && right is { Kind: LanguageKind.Concat } && right.Left == All)
            return right;
        return Add(LanguageKind.Concat, left, right, null, 0, 0, left.Nullable && right.Nullable, left.Boolean || right.Boolean);
    }

    public Language Or(Language left, Language right) => Combine(LanguageKind.Or, left, right, None, All);

    public Language And(Language left, Language right)
    {
        if (right.Kind == LanguageKind.Not && Word(right.Left!) is { } word && IsList(left))
            return Without(left, word);
        if (left.Kind == LanguageKind.Not && Word(left.Left!) is { } other && IsList(right))
            return Without(right, other);
        return Combine(LanguageKind.And, left, right, All, None);
    }

    /// <summary>Whether the form shows a finite list, without intersection and complement.</summary>
    private static bool IsList(Language language) => !language.Boolean && IsFinite(language);

    /// <summary>The only member, where the form shows it.</summary>
    private int[]? Word(Language language)
    {
        var word = new List<int>();
        for (; language.Kind == LanguageKind.Concat; language = language.Right!)
        {
            if (language.Left is not { Kind: LanguageKind.Set } head || Only(head.Set!) is not { } scalar)
                return null;
            word.Add(scalar);
        }
        if (language.Kind == LanguageKind.Set && Only(language.Set!) is { } last)
            return [.. word, last];
        return language == Empty ? [.. word] : null;

        static int? Only(CharSet set) => set.Ranges is [var low, var high] && low == high ? low : null;
    }

    /// <summary>A language but for one word: rebuilt along the word, and as plain as before.</summary>
    private Language Without(Language language, ReadOnlySpan<int> word)
    {
        if (!Matches(language, word))
            return language;
        if (word.IsEmpty)
            return Or(
                Derivatives(language).Where(d => d.Target != None).Select(d => Concat(Of(CharSet.Range(d.Low, d.High)), d.Target))
            );
        var rest = Without(Derive(language, word[0]), word[1..]);
        var result = language.Nullable ? Empty : None;
        foreach (var (low, high, target) in Derivatives(language))
        {
            var set = CharSet.Range(low, high);
            if (low <= word[0] && word[0] <= high)
                set = set.Intersect(CharSet.Range(word[0], word[0]).Complement());
            if (target != None)
                result = Or(result, Concat(Of(set), target));
        }
        return Or(result, Concat(Of(CharSet.Range(word[0], word[0])), rest));
    }

    private bool Matches(Language language, ReadOnlySpan<int> word)
    {
        foreach (var scalar in word)
            language = Derive(language, scalar);
        return language.Nullable;
    }

    public Language Or(IEnumerable<Language> items) => items.Aggregate(None, Or);

    public Language Not(Language item)
    {
        if (item.Kind == LanguageKind.Not)
            return item.Left!;
        if (item == None)
            return All;
        return item == All ? None : Add(LanguageKind.Not, item, null, null, 0, 0, !item.Nullable, true);
    }

    public Language Loop(Language item, int min, int max)
    {
        if (max == 0 || item == Empty)
            return Empty;
        if (item == None)
            return min == 0 ? Empty : None;
        if (min == 1 && max == 1)
            return item;
        if (item.Nullable)
            min = 0;
        // (x*){0,n} is x*; without this, nested stars breed ever new derivatives.
        if (item.Kind == LanguageKind.Loop && item is { Min: <= 1, Max: Language.Unbounded } && min <= 1)
            return Loop(item.Left!, min == 0 ? 0 : item.Min, Language.Unbounded);
        return Add(LanguageKind.Loop, item, null, null, min, max, min == 0, item.Boolean);
    }

    public Language Length(int min, int max) => Loop(AnyScalar, min, max);

    /// <summary>A language defined by an equation in itself; every use of it in its own body must follow a scalar value.</summary>
    public Language Recursive(Func<Language, Language> body)
    {
        var id = _nextId;
        var self = Add(LanguageKind.Recursive, null, null, null, id, 0, false, true);
        self.Left = body(self);
        self.Nullable = self.Left.Nullable;
        return self;
    }

    /// <summary>The language of what may follow one scalar value.</summary>
    public Language Derive(Language language, int scalar)
    {
        Expand(language);
        var at = Array.BinarySearch(language.Starts!, scalar);
        return language.Targets![at >= 0 ? at : ~at - 1];
    }

    /// <summary>The first scalar value after a given one at which the derivatives may change.</summary>
    public int NextStart(Language language, int scalar)
    {
        Expand(language);
        var at = Array.BinarySearch(language.Starts!, scalar);
        at = (at >= 0 ? at : ~at - 1) + 1;
        return at < language.Starts!.Length ? language.Starts[at] : CharSet.Last + 1;
    }

    /// <summary>The derivative shared by all scalar values of a range, or null when they differ.</summary>
    public Language? OnlyTarget(Language language, int low, int high)
    {
        Expand(language);
        var at = Array.BinarySearch(language.Starts!, low);
        at = at >= 0 ? at : ~at - 1;
        var target = language.Targets![at];
        while (++at < language.Starts!.Length && language.Starts[at] <= high)
        {
            // Surrogates are no characters; that they lead nowhere changes nothing.
            var last = at + 1 < language.Starts.Length ? language.Starts[at + 1] - 1 : CharSet.Last;
            if (language.Targets[at] != target && (language.Starts[at] < 0xD800 || last > 0xDFFF))
                return null;
        }
        return target;
    }

    /// <summary>Whether some scalar value in the range can be followed by something.</summary>
    public bool AnyAlive(Language language, int low, int high)
    {
        Expand(language);
        var at = Array.BinarySearch(language.Starts!, low);
        for (var i = at >= 0 ? at : ~at - 1; i < language.Starts!.Length && language.Starts[i] <= high; i++)
        {
            var from = Math.Max(low, language.Starts[i]);
            var to = Math.Min(high, i + 1 < language.Starts.Length ? language.Starts[i + 1] - 1 : CharSet.Last);
            if (from >= 0xD800 && to <= 0xDFFF)
                continue;
            if (Alive(language.Targets![i]))
                return true;
        }
        return false;
    }

    public bool Matches(Language language, ReadOnlySpan<char> text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            language = Derive(language, rune.Value);
            if (language == None)
                return false;
        }
        return language.Nullable;
    }

    /// <summary>Whether the language holds any string.</summary>
    public bool Alive(Language language)
    {
        if (language.Liveness != 0)
            return language.Liveness == 1;
        if (language.Nullable || !language.Boolean)
        {
            language.Liveness = 1;
            return true;
        }
        var came = new Dictionary<Language, Language?> { [language] = null };
        var queue = new Queue<Language>();
        queue.Enqueue(language);
        while (queue.TryDequeue(out var current))
        {
            if (current.Liveness == 1 || current.Nullable || !current.Boolean && current != None)
            {
                for (Language? step = current; step is not null; step = came[step])
                    step.Liveness = 1;
                return true;
            }
            if (current.Liveness == 2)
                continue;
            Expand(current);
            foreach (var target in current.Targets!)
            {
                if (target.Liveness != 2 && came.TryAdd(target, current))
                    queue.Enqueue(target);
            }
            if (came.Count > SearchLimit)
                throw new FuelException();
        }
        foreach (var dead in came.Keys)
            dead.Liveness = 2;
        return false;
    }

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

    /// <summary>The length of the shortest member after one scalar value out of a range.</summary>
    public int ShortestAfter(Language language, int low, int high)
    {
        var shortest = Language.Unbounded / 2;
        foreach (var (first, last, target) in Derivatives(language))
        {
            if (target != None && first <= high && last >= low && (first < 0xD800 || last > 0xDFFF))
                shortest = Math.Min(shortest, Lengths(target).Shortest);
        }
        return shortest;
    }

    /// <summary>Whether some scalar value of a range leaves a language as it is, and none brings it nearer to its end.</summary>
    public bool StaysWithin(Language language, int low, int high)
    {
        var stays = false;
        foreach (var (first, last, target) in Derivatives(language))
        {
            if (first > high || last < low)
                continue;
            stays |= target == language;
            if (!language.Boolean && target != None && Lengths(target).Shortest < Lengths(language).Shortest)
                return false;
        }
        return stays;
    }

    /// <summary>The different derivatives of a language.</summary>
    public Language[] Targets(Language language)
    {
        Expand(language);
        return language.Targets!;
    }

    /// <summary>The derivatives by range of scalar values, ascending.</summary>
    public IEnumerable<(int Low, int High, Language Target)> Derivatives(Language language)
    {
        Expand(language);
        for (var i = 0; i < language.Starts!.Length; i++)
        {
            var high = i + 1 < language.Starts.Length ? language.Starts[i + 1] - 1 : CharSet.Last;
            yield return (language.Starts[i], high, language.Targets![i]);
        }
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

    private Language Combine(LanguageKind kind, Language left, Language right, Language neutral, Language absorbing)
    {
        if (left == absorbing || right == absorbing)
            return absorbing;
        if (left == neutral || left == right)
            return right;
        if (right == neutral)
            return left;
        if (left.Kind == LanguageKind.Set && right.Kind == LanguageKind.Set)
            return Of(kind == LanguageKind.Or ? left.Set!.Union(right.Set!) : left.Set!.Intersect(right.Set!));
        // Operands form a right-leaning chain, newest first, without repeats.
        if (left.Kind == kind)
            return Combine(kind, left.Left!, Combine(kind, left.Right!, right, neutral, absorbing), neutral, absorbing);
        if (right.Kind == kind)
        {
            if (right.Left == left)
                return right;
            if (IsComplement(left, right.Left!))
                return absorbing;
            if (right.Left!.Id > left.Id)
            {
                var rest = Combine(kind, left, right.Right!, neutral, absorbing);
                if (rest == absorbing || rest == neutral || rest == right.Left)
                    return rest == absorbing ? absorbing : right.Left;
                return rest.Kind == kind && rest.Left!.Id > right.Left.Id
                    ? Combine(kind, right.Left, rest, neutral, absorbing)
                    : Join(kind, right.Left, rest);
            }
            return Join(kind, left, right);
        }
        if (IsComplement(left, right))
            return absorbing;
        if (kind == LanguageKind.And && LoopsOfSets(left, right) is { } loop)
            return loop;
        return left.Id > right.Id ? Join(kind, left, right) : Join(kind, right, left);
    }

    /// <summary>The intersection of two loops over sets is a loop: lengths and alphabets meet without a search.</summary>
    private Language? LoopsOfSets(Language left, Language right)
    {
        if (left is not { Kind: LanguageKind.Loop, Left.Kind: LanguageKind.Set })
            return null;
        if (right is not { Kind: LanguageKind.Loop, Left.Kind: LanguageKind.Set })
            return null;
        int min = Math.Max(left.Min, right.Min),
            max = Math.Min(left.Max, right.Max);
        return min > max ? None : Loop(Of(left.Left!.Set!.Intersect(right.Left!.Set!)), min, max);
    }

    private static bool IsComplement(Language left, Language right) =>
        left.Kind == LanguageKind.Not && left.Left == right || right.Kind == LanguageKind.Not && right.Left == left;

    private Language Join(LanguageKind kind, Language left, Language right) =>
        Add(
            kind,
            left,
            right,
            null,
            0,
            0,
            kind == LanguageKind.Or ? left.Nullable || right.Nullable : left.Nullable && right.Nullable,
            kind == LanguageKind.And || left.Boolean || right.Boolean
        );

    private Language Factor(List<int[]> sorted, int from, int to, int depth)
    {
        var result = None;
        while (from < to && sorted[from].Length == depth)
        {
            result = Empty;
            from++;
        }
        // Every head is newer than all before it, so each join is a single step.
        for (var end = to; end > from; )
        {
            var start = end - 1;
            while (start > from && sorted[start - 1][depth] == sorted[start][depth])
                start--;
            var head = Of(CharSet.Range(sorted[start][depth], sorted[start][depth]));
            result = Or(Concat(head, Factor(sorted, start, end, depth + 1)), result);
            end = start;
        }
        return result;
    }

    private Language Add(
        LanguageKind kind,
        Language? left,
        Language? right,
        CharSet? set,
        int min,
        int max,
        bool nullable,
        bool boolean
    )
    {
        var key = (kind, left?.Id ?? -1, right?.Id ?? -1, min, max, set);
        if (_nodes.TryGetValue(key, out var known))
            return known;
        if (_nodes.Count > NodeLimit)
            throw new FuelException();
        var node = new Language
        {
            Id = _nextId++,
            Kind = kind,
            Left = left,
            Right = right,
            Set = set,
            Min = min,
            Max = max,
            Nullable = nullable,
            Boolean = boolean,
        };
        _nodes.Add(key, node);
        return node;
    }

    /// <summary>Computes the derivatives for all scalar values at once: one per distinct membership in the sets at the front.</summary>
    private void Expand(Language language)
    {
        if (language.Starts is not null)
            return;
        var (sets, seen, done) = (_sets, _seen, _done);
        sets.Clear();
        seen.Clear();
        Front(language, sets, seen);
        Fuel.Spend(1 + sets.Count + seen.Count);
        var bounds = new List<int> { 0, 0xD800, 0xE000 };
        foreach (var set in sets)
        {
            var ranges = set.Ranges;
            for (var i = 0; i < ranges.Length; i += 2)
            {
                bounds.Add(ranges[i]);
                if (ranges[i + 1] < CharSet.Last)
                    bounds.Add(ranges[i + 1] + 1);
            }
        }
        bounds.Sort();
        var cuts = CollectionsMarshal.AsSpan(bounds);
        var count = 0;
        foreach (var bound in cuts)
        {
            if (count == 0 || cuts[count - 1] != bound)
                cuts[count++] = bound;
        }
        cuts = cuts[..count];
        // Stretches between cuts that the same sets hold are of one class, and lead to the same language.
        var classes = new int[count];
        var classCount = 1;
        var refined = new Dictionary<int, int>();
        foreach (var set in sets)
        {
            refined.Clear();
            var ranges = set.Ranges;
            for (var i = 0; i < ranges.Length; i += 2)
            {
                for (var at = cuts.BinarySearch(ranges[i]); at < count && cuts[at] <= ranges[i + 1]; at++)
                {
                    if (!refined.TryGetValue(classes[at], out var inside))
                        refined.Add(classes[at], inside = classCount++);
                    classes[at] = inside;
                }
            }
        }
        var starts = new List<int>(count);
        var targets = new List<Language>(count);
        var byClass = new Language?[classCount];
        for (var at = 0; at < count; at++)
        {
            var target = None;
            // Surrogates are no characters: no set holds them, but what holds none of a set's characters may be alive.
            if (cuts[at] is < 0xD800 or > 0xDFFF)
            {
                done.Clear();
                target = byClass[classes[at]] ??= Step(language, cuts[at], done);
            }
            if (targets.Count > 0 && targets[^1] == target)
                continue;
            starts.Add(cuts[at]);
            targets.Add(target);
        }
        language.Targets = [.. targets];
        language.Starts = [.. starts];
    }

    private static void Front(Language language, HashSet<CharSet> sets, HashSet<Language> seen)
    {
        for (; ; )
        {
            if (!seen.Add(language))
                return;
            switch (language.Kind)
            {
                case LanguageKind.Set:
                    sets.Add(language.Set!);
                    return;
                case LanguageKind.Concat:
                    Front(language.Left!, sets, seen);
                    if (!language.Left!.Nullable)
                        return;
                    language = language.Right!;
                    continue;
                case LanguageKind.Or or LanguageKind.And:
                    Front(language.Left!, sets, seen);
                    language = language.Right!;
                    continue;
                case LanguageKind.Not or LanguageKind.Loop or LanguageKind.Recursive:
                    language = language.Left!;
                    continue;
                default:
                    return;
            }
        }
    }

    private Language Step(Language language, int scalar, Dictionary<Language, Language> done)
    {
        if (done.TryGetValue(language, out var known))
            return known;
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        var result = language.Kind switch
        {
            LanguageKind.Set => language.Set!.Contains(scalar) ? Empty : None,
            LanguageKind.Concat => StepConcat(language, scalar, done),
            LanguageKind.Or => Or(Step(language.Left!, scalar, done), Step(language.Right!, scalar, done)),
            LanguageKind.And => And(Step(language.Left!, scalar, done), Step(language.Right!, scalar, done)),
            LanguageKind.Not => Not(Step(language.Left!, scalar, done)),
            LanguageKind.Loop => Concat(
                Step(language.Left!, scalar, done),
                Loop(
                    language.Left!,
                    Math.Max(0, language.Min - 1),
                    language.Max == Language.Unbounded ? Language.Unbounded : language.Max - 1
                )
            ),
            LanguageKind.Recursive => Step(language.Left!, scalar, done),
            _ => None,
        };
        done[language] = result;
        return result;
    }

    private Language StepConcat(Language language, int scalar, Dictionary<Language, Language> done)
    {
        var first = Concat(Step(language.Left!, scalar, done), language.Right!);
        return language.Left!.Nullable ? Or(first, Step(language.Right!, scalar, done)) : first;
    }
}
