namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>
/// Builds languages in normal form and takes their Brzozowski derivatives, lazily. Intersection and complement are ordinary
/// operators (Owens, Reppy and Turon, "Regular-expression derivatives re-examined", 2009). Not safe for concurrent use:
/// callers hold <see cref="Gate"/>.
/// </summary>
internal sealed partial class LanguagePool
{
    private readonly Numbering<Form> _forms = new();
    private readonly Blocks<Language> _nodes = new();
    private readonly Arena<Derivative> _derivatives = new();

    // What a node is made of: the ids of its parts, -1 where there is none.
    private readonly record struct Form(LanguageKind Kind, int Left, int Right, int Min, int Max, CharSet? Set);

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
    public int Count => _forms.Count;

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
                Derivatives(language)
                    .ToArray()
                    .Where(d => d.Target != None)
                    .Select(d => Concat(Of(CharSet.Range(d.Low, d.High)), d.Target))
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

    /// <summary>A union of many: oldest first, as each then joins the chain of those before it in one step.</summary>
    public Language Or(IEnumerable<Language> items)
    {
        var operands = items.SelectMany(Operands).ToList();
        operands.Sort((a, b) => a.Id.CompareTo(b.Id));
        return operands.Aggregate(None, Or);
    }

    /// <summary>The operands of a union; any other language is the only one of its own.</summary>
    private static IEnumerable<Language> Operands(Language language)
    {
        for (; language.Kind == LanguageKind.Or; language = language.Right!)
            yield return language.Left!;
        yield return language;
    }

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
        var id = _forms.Count;
        var self = Add(LanguageKind.Recursive, null, null, null, id, 0, false, true);
        self.Left = body(self);
        self.Nullable = self.Left.Nullable;
        return self;
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
        // Operands form a right-leaning chain, newest first, without repeats. One joins a chain, and not a chain one: that would take it apart.
        if (left.Kind == kind && right.Kind != kind)
            (left, right) = (right, left);
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
        var form = new Form(kind, left?.Id ?? -1, right?.Id ?? -1, min, max, set);
        if (_forms.Find(form) is var known and >= 0)
            return _nodes[known];
        if (Count > NodeLimit)
            throw Fuel.Exhaust();
        var node = new Language
        {
            Id = _forms.Add(form),
            Kind = kind,
            Left = left,
            Right = right,
            Set = set,
            Min = min,
            Max = max,
            Nullable = nullable,
            Boolean = boolean,
        };
        _nodes.Reach(node.Id);
        return _nodes[node.Id] = node;
    }
}
