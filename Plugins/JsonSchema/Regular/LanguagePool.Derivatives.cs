using System.Runtime.InteropServices;

namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <content>Derivatives: what may follow a character, and whether anything can.</content>
internal sealed partial class LanguagePool
{
    private const int SearchLimit = 20_000;

    private Expansion? _expansion;

    /// <summary>What is gathered while the derivatives of one language are found.</summary>
    private sealed class Expansion
    {
        public readonly HashSet<CharSet> Sets = [];
        public readonly HashSet<Language> Seen = [];
        public readonly List<int> Bounds = [];
        public readonly List<int> Classes = [];
        public readonly Dictionary<int, int> Refined = [];
        public readonly List<Language?> ByClass = [];
        public readonly Dictionary<Language, Language> Done = [];
        public readonly List<Derivative> Found = [];
    }

    // Taken while in use: what is met on the way may ask for derivatives in turn.
    private Expansion Rent()
    {
        var expansion = _expansion ?? new();
        _expansion = null;
        expansion.Sets.Clear();
        expansion.Seen.Clear();
        expansion.Bounds.Clear();
        expansion.Found.Clear();
        return expansion;
    }

    private void Keep(Language language, Expansion expansion)
    {
        language.Derivatives = _derivatives.Keep(CollectionsMarshal.AsSpan(expansion.Found));
        _expansion = expansion;
    }

    /// <summary>The language of what may follow one scalar value.</summary>
    public Language Derive(Language language, int scalar)
    {
        var derivatives = Derivatives(language);
        return derivatives[At(derivatives, scalar)].Target;
    }

    /// <summary>The first scalar value after a given one at which the derivatives may change.</summary>
    public int NextStart(Language language, int scalar)
    {
        var derivatives = Derivatives(language);
        return derivatives[At(derivatives, scalar)].High + 1;
    }

    /// <summary>The derivative shared by all scalar values of a range, or null when they differ.</summary>
    public Language? OnlyTarget(Language language, int low, int high)
    {
        var derivatives = Derivatives(language);
        var at = At(derivatives, low);
        var target = derivatives[at].Target;
        while (++at < derivatives.Length && derivatives[at].Low <= high)
        {
            // Surrogates are no characters; that they lead nowhere changes nothing.
            if (derivatives[at].Target != target && !IsSurrogates(derivatives[at].Low, derivatives[at].High))
                return null;
        }
        return target;
    }

    /// <summary>Whether some scalar value in the range can be followed by something.</summary>
    public bool AnyAlive(Language language, int low, int high)
    {
        var derivatives = Derivatives(language);
        for (var at = At(derivatives, low); at < derivatives.Length && derivatives[at].Low <= high; at++)
        {
            var (from, to, target) = derivatives[at];
            if (!IsSurrogates(Math.Max(low, from), Math.Min(high, to)) && Alive(target))
                return true;
        }
        return false;
    }

    private static bool IsSurrogates(int low, int high) => low >= 0xD800 && high <= 0xDFFF;

    /// <summary>The range that a scalar value lies in.</summary>
    private static int At(ReadOnlySpan<Derivative> derivatives, int scalar)
    {
        int low = 0,
            high = derivatives.Length - 1;
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (scalar > derivatives[middle].High)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
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
        // Where no character can come last, or one is needed that cannot come, no search need show it.
        if (LastOf(language).IsEmpty || !CanBeOf(CharSet.Any, language, []))
        {
            language.Liveness = 2;
            return false;
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
            if (current.Liveness == 2 || LastOf(current).IsEmpty)
                continue;
            foreach (var (_, _, target) in Derivatives(current))
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

    /// <summary>Whether some member may be made of some characters only; a no is certain.</summary>
    private static bool CanBeOf(CharSet characters, Language language, Dictionary<(CharSet, Language), bool> known)
    {
        if (known.TryGetValue((characters, language), out var can))
            return can;
        can = language.Kind switch
        {
            LanguageKind.None => false,
            LanguageKind.Set => !language.Set!.Intersect(characters).IsEmpty,
            LanguageKind.Concat => CanBeOf(characters, language.Left!, known) && CanBeOf(characters, language.Right!, known),
            LanguageKind.Or => CanBeOf(characters, language.Left!, known) || CanBeOf(characters, language.Right!, known),
            LanguageKind.And => characters.Intersect(CharactersOf(language)) is var both
                && CanBeOf(both, language.Left!, known)
                && CanBeOf(both, language.Right!, known),
            LanguageKind.Loop => language.Min == 0 || CanBeOf(characters, language.Left!, known),
            _ => true,
        };
        known.Add((characters, language), can);
        return can;
    }

    /// <summary>Characters among which are all that members are made of.</summary>
    private static CharSet CharactersOf(Language language) =>
        language.Characters ??= language.Kind switch
        {
            LanguageKind.None or LanguageKind.Empty => CharSet.Empty,
            LanguageKind.Set => language.Set!,
            LanguageKind.Concat or LanguageKind.Or => CharactersOf(language.Left!).Union(CharactersOf(language.Right!)),
            LanguageKind.And => CharactersOf(language.Left!).Intersect(CharactersOf(language.Right!)),
            LanguageKind.Loop => CharactersOf(language.Left!),
            _ => CharSet.Any,
        };

    /// <summary>Characters among which are all that a member, not being empty, can end in.</summary>
    private static CharSet LastOf(Language language) =>
        language.Last ??= language.Kind switch
        {
            LanguageKind.None or LanguageKind.Empty => CharSet.Empty,
            LanguageKind.Set => language.Set!,
            LanguageKind.Concat => language.Right!.Nullable
                ? LastOf(language.Right).Union(LastOf(language.Left!))
                : LastOf(language.Right),
            LanguageKind.Or => LastOf(language.Left!).Union(LastOf(language.Right!)),
            LanguageKind.And => LastOf(language.Left!).Intersect(LastOf(language.Right!)),
            LanguageKind.Loop => LastOf(language.Left!),
            _ => CharSet.Any,
        };

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

    /// <summary>Whether some scalar value leads from one language to another.</summary>
    public bool LeadsTo(Language language, Language to)
    {
        foreach (var derivative in Derivatives(language))
        {
            if (derivative.Target == to)
                return true;
        }
        return false;
    }

    /// <summary>Whether some scalar value of a range leads from one language to another, and none brings it nearer to its end.</summary>
    public bool LeadsWithin(Language language, Language to, int low, int high)
    {
        var leads = false;
        foreach (var (first, last, target) in Derivatives(language))
        {
            if (first > high || last < low)
                continue;
            leads |= target == to;
            if (!language.Boolean && target != None && Lengths(target).Shortest < Lengths(language).Shortest)
                return false;
        }
        return leads;
    }

    /// <summary>The derivatives by range of scalar values, ascending.</summary>
    public ReadOnlySpan<Derivative> Derivatives(Language language)
    {
        Expand(language);
        return language.Derivatives.Span;
    }

    /// <summary>Computes the derivatives for all scalar values at once: one per distinct membership in the sets at the front.</summary>
    private void Expand(Language language)
    {
        if (!language.Derivatives.IsEmpty)
            return;
        if (language.Kind is LanguageKind.And or LanguageKind.Not)
        {
            Combine(language);
            return;
        }
        var expansion = Rent();
        var (sets, seen, done) = (expansion.Sets, expansion.Seen, expansion.Done);
        Front(language, sets, seen);
        Fuel.Spend(1 + sets.Count + seen.Count);
        var bounds = expansion.Bounds;
        bounds.Add(0);
        bounds.Add(0xD800);
        bounds.Add(0xE000);
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
        CollectionsMarshal.SetCount(expansion.Classes, count);
        var classes = CollectionsMarshal.AsSpan(expansion.Classes);
        classes.Clear();
        var classCount = 1;
        var refined = expansion.Refined;
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
        CollectionsMarshal.SetCount(expansion.ByClass, classCount);
        var byClass = CollectionsMarshal.AsSpan(expansion.ByClass);
        byClass.Clear();
        for (var at = 0; at < count; at++)
        {
            var target = None;
            // Surrogates are no characters: no set holds them, but what holds none of a set's characters may be alive.
            if (cuts[at] is < 0xD800 or > 0xDFFF)
            {
                done.Clear();
                target = byClass[classes[at]] ??= Step(language, cuts[at], done);
            }
            Add(expansion.Found, cuts[at], target);
        }
        Keep(language, expansion);
    }

    /// <summary>Adds the derivative from some scalar value on: the one before ends there, or is the same.</summary>
    private static void Add(List<Derivative> derivatives, int low, Language target)
    {
        if (derivatives.Count > 0)
        {
            if (derivatives[^1].Target == target)
                return;
            derivatives[^1] = derivatives[^1] with { High = low - 1 };
        }
        derivatives.Add(new(low, CharSet.Last, target));
    }

    /// <summary>
    /// The derivatives of an intersection or a complement, out of those of its parts: few parts are behind many intersections, and each is
    /// taken apart once.
    /// </summary>
    private void Combine(Language language)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        var isNot = language.Kind == LanguageKind.Not;
        var parts = new List<Language>();
        // The complement of what nothing of a character leads to is alive, but for surrogates: any text tells where these are.
        if (isNot)
            parts.AddRange([language.Left!, All]);
        else
        {
            var rest = language;
            for (; rest.Kind == LanguageKind.And; rest = rest.Right!)
                parts.Add(rest.Left!);
            parts.Add(rest);
        }
        foreach (var part in parts)
            Expand(part);
        var expansion = Rent();
        var bounds = expansion.Bounds;
        foreach (var part in parts)
        {
            foreach (var derivative in part.Derivatives.Span)
                bounds.Add(derivative.Low);
        }
        Fuel.Spend(1 + bounds.Count + bounds.Count * parts.Count / 16);
        bounds.Sort();
        Span<int> at = parts.Count <= 64 ? stackalloc int[parts.Count] : new int[parts.Count];
        at.Clear();
        var last = -1;
        foreach (var bound in bounds)
        {
            if (bound == last)
                continue;
            last = bound;
            var target = All;
            for (var i = parts.Count - 1; i >= 0; i--)
            {
                var part = parts[i].Derivatives.Span;
                while (part[at[i]].High < bound)
                    at[i]++;
                target = And(isNot && i == 0 ? Not(part[at[i]].Target) : part[at[i]].Target, target);
            }
            Add(expansion.Found, bound, target);
        }
        Keep(language, expansion);
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
