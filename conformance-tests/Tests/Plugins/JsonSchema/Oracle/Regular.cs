namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>A regular language over Unicode characters, read by derivatives. Those of one store are one object where their form is the same.</summary>
internal sealed class Regular
{
    private enum Form
    {
        Nothing,
        Empty,
        Set,
        Length,
        Sequence,
        Either,
        Both,
        Not,
        Star,
    }

    private const int Last = 0x10FFFF;

    private readonly Store _store;
    private readonly Form _form;
    private readonly int _id;
    private readonly (int Low, int High)[] _set = [];
    private readonly int _min;
    private readonly int _max;
    private readonly Regular? _left;
    private readonly Regular? _right;
    private readonly Dictionary<int, Regular> _derived = [];
    private int[]? _examples;
    private bool? _isAlive;

    private Regular(Store store, Form form, int id, (int, int)[] set, int min, int max, Regular? left, Regular? right)
    {
        (_store, _form, _id, _set, _min, _max, _left, _right) = (store, form, id, set, min, max, left, right);
        IsNullable = form switch
        {
            Form.Empty or Form.Star => true,
            Form.Length => min == 0,
            Form.Sequence or Form.Both => left!.IsNullable && right!.IsNullable,
            Form.Either => left!.IsNullable || right!.IsNullable,
            Form.Not => !left!.IsNullable,
            _ => false,
        };
    }

    /// <summary>Whether the empty text belongs.</summary>
    public bool IsNullable { get; }

    /// <summary>Whether any text belongs.</summary>
    public bool IsAlive => _isAlive ??= FindAlive();

    /// <summary>What may follow a character.</summary>
    public Regular After(int character)
    {
        if (_derived.TryGetValue(character, out var known))
            return known;
        var store = _store;
        var after = _form switch
        {
            Form.Set => Array.Exists(_set, r => r.Low <= character && character <= r.High) ? store.Empty : store.Nothing,
            Form.Length => _max == 0
                ? store.Nothing
                : store.Length(Math.Max(0, _min - 1), _max == int.MaxValue ? _max : _max - 1),
            Form.Sequence => _left!.IsNullable
                ? store.Either(store.Sequence(_left.After(character), _right!), _right!.After(character))
                : store.Sequence(_left.After(character), _right!),
            Form.Either => store.Either(_left!.After(character), _right!.After(character)),
            Form.Both => store.Both(_left!.After(character), _right!.After(character)),
            Form.Not => store.Not(_left!.After(character)),
            Form.Star => store.Sequence(_left!.After(character), this),
            _ => store.Nothing,
        };
        _derived.Add(character, after);
        return after;
    }

    /// <summary>One character of every kind that the language tells apart, surrogates left out.</summary>
    public int[] Examples => _examples ??= [.. Bounds().Where(c => c <= Last && c is < 0xD800 or > 0xDFFF).Order()];

    /// <summary>Whether some character of a range can come first.</summary>
    public bool CanBegin(int low, int high)
    {
        if (low > high)
            return false;
        // The kinds change only where an example stands, so those inside the range and its own first character show all of them.
        return After(low).IsAlive || Array.Exists(Examples, c => c > low && c <= high && After(c).IsAlive);
    }

    private HashSet<int> Bounds()
    {
        var bounds = new HashSet<int> { 0, 0xE000 };
        foreach (var (low, high) in _set)
        {
            bounds.Add(low);
            bounds.Add(high + 1);
        }
        foreach (var part in new[] { _left, _right })
        {
            if (part is not null)
                bounds.UnionWith(part.Examples);
        }
        return bounds;
    }

    private bool FindAlive()
    {
        var seen = new HashSet<Regular> { this };
        var queue = new Queue<Regular>(seen);
        while (queue.TryDequeue(out var next))
        {
            if (next.IsNullable || next._isAlive == true)
                return true;
            foreach (var character in next.Examples)
            {
                var after = next.After(character);
                if (after._isAlive != false && seen.Add(after))
                    queue.Enqueue(after);
            }
        }
        foreach (var dead in seen)
            dead._isAlive = false;
        return false;
    }

    /// <summary>Makes languages.</summary>
    internal sealed class Store
    {
        private readonly Dictionary<string, Regular> _known = [];

        public Store()
        {
            Nothing = Make(Form.Nothing, [], 0, 0, null, null);
            Empty = Make(Form.Empty, [], 0, 0, null, null);
            Any = Length(0, int.MaxValue);
        }

        /// <summary>No text.</summary>
        public Regular Nothing { get; }

        /// <summary>The empty text.</summary>
        public Regular Empty { get; }

        /// <summary>Every text.</summary>
        public Regular Any { get; }

        /// <summary>One character out of some ranges.</summary>
        public Regular Set(params (int Low, int High)[] ranges) =>
            ranges.Length == 0 ? Nothing : Make(Form.Set, ranges, 0, 0, null, null);

        /// <summary>One character outside of some ranges.</summary>
        public Regular Outside((int Low, int High)[] ranges)
        {
            var outside = new List<(int, int)>();
            var from = 0;
            foreach (var (low, high) in ranges.OrderBy(r => r.Low))
            {
                if (from < low)
                    outside.Add((from, low - 1));
                from = Math.Max(from, high + 1);
            }
            if (from <= Last)
                outside.Add((from, Last));
            return Set([.. outside]);
        }

        /// <summary>Every text of so many characters.</summary>
        public Regular Length(int min, int max) => min > max ? Nothing : Make(Form.Length, [], min, max, null, null);

        /// <summary>One text.</summary>
        public Regular Text(string text)
        {
            var all = Empty;
            foreach (var character in text.EnumerateRunes().Reverse())
                all = Sequence(Set((character.Value, character.Value)), all);
            return all;
        }

        public Regular Sequence(Regular first, Regular second) =>
            first == Nothing || second == Nothing ? Nothing
            : first == Empty ? second
            : second == Empty ? first
            : first._form == Form.Sequence ? Sequence(first._left!, Sequence(first._right!, second))
            : Make(Form.Sequence, [], 0, 0, first, second);

        public Regular Either(Regular one, Regular other) =>
            one == other || other == Nothing ? one
            : one == Nothing ? other
            : one == Any || other == Any ? Any
            : Sorted(Form.Either, one, other);

        public Regular Both(Regular one, Regular other) =>
            one == other || other == Any ? one
            : one == Any ? other
            : one == Nothing || other == Nothing ? Nothing
            : Sorted(Form.Both, one, other);

        public Regular Not(Regular one) =>
            one == Nothing ? Any
            : one == Any ? Nothing
            : one._form == Form.Not ? one._left!
            : Make(Form.Not, [], 0, 0, one, null);

        public Regular Star(Regular one) =>
            one == Nothing || one == Empty ? Empty
            : one._form == Form.Star ? one
            : Make(Form.Star, [], 0, 0, one, null);

        /// <summary>Unions and intersections as lists in one order and without repeats, so that derivatives come round again.</summary>
        private Regular Sorted(Form form, Regular one, Regular other)
        {
            var parts = new SortedDictionary<int, Regular>();
            Gather(one);
            Gather(other);
            Regular? all = null;
            foreach (var part in parts.Values.Reverse())
                all = all is null ? part : Make(form, [], 0, 0, part, all);
            return all!;

            void Gather(Regular part)
            {
                if (part._form == form)
                {
                    Gather(part._left!);
                    Gather(part._right!);
                }
                else
                    parts[part._id] = part;
            }
        }

        private Regular Make(Form form, (int, int)[] set, int min, int max, Regular? left, Regular? right)
        {
            var key = $"{form} {string.Join(',', set)} {min} {max} {left?._id} {right?._id}";
            if (!_known.TryGetValue(key, out var known))
                _known.Add(key, known = new Regular(this, form, _known.Count, set, min, max, left, right));
            return known;
        }
    }
}
