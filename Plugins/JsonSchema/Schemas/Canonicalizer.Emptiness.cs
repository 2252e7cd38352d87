using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Schemas;

internal sealed partial class Canonicalizer
{
    private const int CellLimit = 256;
    private int _depth;

    /// <summary>Whether the current answer rests on a schema whose form is not known yet.</summary>
    private bool _unsure;

    /// <summary>The least depth of an unfinished question that the current answer leans on.</summary>
    private int _leansOn = int.MaxValue;
    private readonly Dictionary<Expression, int> _open = [];

    /// <summary>Whether any value satisfies the expression: the least fixed point over recursive schemas.</summary>
    public bool IsInhabited(Expression expression)
    {
        switch (expression.Emptiness)
        {
            case Emptiness.Inhabited:
                return true;
            case Emptiness.Empty:
                return false;
            case Emptiness.InProgress:
                _leansOn = Math.Min(_leansOn, _open[expression]);
                return false;
        }
        if (expression.InProgress)
        {
            // Its form is being made right now: assume the best and remember nothing that rests on it.
            _unsure = true;
            return true;
        }
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        Fuel.Spend();
        var outer = _leansOn;
        if (_depth == 0)
            _unsure = false;
        _leansOn = int.MaxValue;
        var depth = _depth++;
        _open[expression] = depth;
        expression.Emptiness = Emptiness.InProgress;
        var inhabited = false;
        try
        {
            inhabited = IsInhabited(Normalize(expression));
        }
        finally
        {
            _depth--;
            _open.Remove(expression);
            // "Empty" is only final when it leaned on nothing still open.
            expression.Emptiness =
                _unsure ? Emptiness.Unknown
                : inhabited ? Emptiness.Inhabited
                : _leansOn >= depth ? Emptiness.Empty
                : Emptiness.Unknown;
            _leansOn = Math.Min(outer, _leansOn < depth ? _leansOn : int.MaxValue);
        }
        return inhabited;
    }

    public bool IsInhabited(Node node)
    {
        if (node.Null || node.True || node.False || node.Numbers.Length > 0)
            return true;
        if (Pool.Alive(node.Strings))
            return true;
        foreach (var shape in node.Arrays)
        {
            if (IsInhabited(shape))
                return true;
        }
        foreach (var shape in node.Objects)
        {
            if (IsInhabited(shape))
                return true;
        }
        return false;
    }

    /// <summary>Whether no value satisfies both forms.</summary>
    public bool AreDisjoint(Node a, Node b)
    {
        if (_depth == 0)
            _unsure = false;
        return !IsInhabited(Intersect(a, b));
    }

    /// <summary>The form without the parts that nothing satisfies.</summary>
    public Node Prune(Node node) =>
        node.Objects.Length + node.Arrays.Length <= 1
            ? node
            : new Node
            {
                Null = node.Null,
                True = node.True,
                False = node.False,
                Numbers = node.Numbers,
                Strings = node.Strings,
                Objects = [.. node.Objects.Where(IsInhabited)],
                Arrays = [.. node.Arrays.Where(IsInhabited)],
            };

    public bool IsInhabited(ObjectShape shape)
    {
        if (shape.Emptiness is Emptiness.Inhabited or Emptiness.Empty)
            return shape.Emptiness == Emptiness.Inhabited;
        var outer = _leansOn;
        _leansOn = int.MaxValue;
        var inhabited = Test(shape);
        if (_unsure)
            shape.Emptiness = Emptiness.Unknown;
        else if (inhabited)
            shape.Emptiness = Emptiness.Inhabited;
        else if (_leansOn == int.MaxValue)
            shape.Emptiness = Emptiness.Empty;
        _leansOn = Math.Min(outer, _leansOn);
        return inhabited;
    }

    public bool IsInhabited(ArrayShape shape)
    {
        if (shape.Emptiness is Emptiness.Inhabited or Emptiness.Empty)
            return shape.Emptiness == Emptiness.Inhabited;
        var outer = _leansOn;
        _leansOn = int.MaxValue;
        var inhabited = Test(shape);
        if (_unsure)
            shape.Emptiness = Emptiness.Unknown;
        else if (inhabited)
            shape.Emptiness = Emptiness.Inhabited;
        else if (_leansOn == int.MaxValue)
            shape.Emptiness = Emptiness.Empty;
        _leansOn = Math.Min(outer, _leansOn);
        return inhabited;
    }

    private bool Test(ObjectShape shape)
    {
        var needed = Closure(shape);
        if (needed.Length > shape.Max)
            return false;
        foreach (var name in needed)
        {
            if (!IsInhabited(ValueFor(shape, name)))
                return false;
        }
        if (shape.Min > needed.Length && !HasRoom(shape, needed, shape.Min - needed.Length))
            return false;
        foreach (var (keys, value) in shape.Existences)
        {
            if (!CanExist(shape, needed, keys, value))
                return false;
        }
        return true;
    }

    /// <summary>The names that an object must have, those included that others of them make necessary.</summary>
    public static string[] Closure(ObjectShape shape) =>
        shape.Closure ??= shape.Dependencies.Length == 0 ? shape.Required : FindClosure(shape);

    private static string[] FindClosure(ObjectShape shape)
    {
        var needed = new HashSet<string>(shape.Required);
        for (var grown = true; grown; )
        {
            grown = false;
            foreach (var (trigger, names) in shape.Dependencies)
            {
                if (!needed.Contains(trigger))
                    continue;
                foreach (var name in names)
                    grown |= needed.Add(name);
            }
        }
        return [.. needed];
    }

    private bool HasRoom(ObjectShape shape, string[] needed, int missing)
    {
        if (shape.Layers.Length == 0)
            return true;
        var present = new HashSet<string>(needed);
        foreach (var (name, value) in shape.Properties)
        {
            if (!present.Contains(name) && IsInhabited(value) && --missing == 0)
                return true;
        }
        foreach (var (keys, value) in Cells(shape))
        {
            if (!IsInhabited(value))
                continue;
            if (!LanguagePool.IsFinite(keys))
                return true;
            missing -= CountStrings(keys, missing);
            if (missing <= 0)
                return true;
        }
        return false;
    }

    /// <summary>How many strings a language holds, up to a limit.</summary>
    public int CountStrings(Language language, int limit)
    {
        if (!Pool.Alive(language))
            return 0;
        var count = language.Nullable ? 1 : 0;
        for (var scalar = 0; scalar <= CharSet.Last && count < limit; scalar++)
        {
            var next = Pool.Derive(language, scalar);
            if (next == Pool.None)
                scalar = Pool.NextStart(language, scalar) - 1;
            else
                count += CountStrings(next, limit - count);
        }
        return count;
    }

    private bool CanExist(ObjectShape shape, string[] needed, Language keys, Expression value)
    {
        var full = needed.Length >= shape.Max;
        foreach (var name in needed)
        {
            if (Pool.Matches(keys, name) && IsInhabited(And(ValueFor(shape, name), value)))
                return true;
        }
        if (full)
            return false;
        foreach (var (name, rule) in shape.Properties)
        {
            if (Pool.Matches(keys, name) && IsInhabited(And(rule, value)))
                return true;
        }
        foreach (var (cell, rule) in Cells(shape))
        {
            if (Pool.Alive(Pool.And(cell, keys)) && IsInhabited(And(rule, value)))
                return true;
        }
        return false;
    }

    private List<(Language Keys, Expression Value)> Cells(ObjectShape shape) =>
        Cells(shape.Layers, [.. shape.Properties.Select(p => p.Name).Union(shape.Required)]);

    /// <summary>The keys that none of some names is, cut into cells on which the same rule holds.</summary>
    public List<(Language Keys, Expression Value)> Cells(Layer[] layers, string[] names)
    {
        var cells = new List<(Language Keys, Expression Value)> { (Pool.All, True) };
        foreach (var layer in layers)
        {
            var next = new List<(Language, Expression)>();
            foreach (var (keys, value) in Cells(layer))
            {
                foreach (var (outer, rule) in cells)
                {
                    var (both, all) = (Pool.And(outer, keys), And(rule, value));
                    if (all != False && Pool.Alive(both))
                        next.Add((both, all));
                    if (next.Count > CellLimit)
                        throw new FuelException();
                }
            }
            cells = next;
        }
        // Names are taken out of a cell only where that could empty it: the plainer its language, the better.
        for (var i = cells.Count - 1; i >= 0; i--)
        {
            var keys = cells[i].Keys;
            if (LanguagePool.IsRich(keys))
                continue;
            var named = Array.FindAll(names, name => Pool.Matches(keys, name));
            if (named.Length > 0)
                keys = Pool.And(keys, Pool.Not(Pool.OneOf(named)));
            if (Pool.Alive(keys))
                cells[i] = (keys, cells[i].Value);
            else
                cells.RemoveAt(i);
        }
        return cells;
    }

    /// <summary>The cells of one layer. Patterns that overlap no other are cells as they are.</summary>
    private List<(Language Keys, Expression Value)> Cells(Layer layer)
    {
        var cells = new List<(Language, Expression)>();
        var left = layer.Patterns.ToList();
        while (left.Count > 0)
        {
            var group = new List<(Language Keys, Expression Value)> { left[0] };
            left.RemoveAt(0);
            for (var i = 0; i < group.Count; i++)
            {
                foreach (var other in left.ToArray())
                {
                    Fuel.Spend();
                    if (!Pool.Alive(Pool.And(group[i].Keys, other.Keys)))
                        continue;
                    group.Add(other);
                    left.Remove(other);
                }
            }
            Split(group, 0, Pool.All, True, false, cells);
        }
        var others = Pool.Not(Pool.Or(layer.Patterns.Select(p => p.Keys)));
        if (layer.Additional != False && Pool.Alive(others))
            cells.Add((others, layer.Additional));
        return cells;
    }

    private void Split(
        List<(Language Keys, Expression Value)> patterns,
        int at,
        Language keys,
        Expression value,
        bool matched,
        List<(Language, Expression)> into
    )
    {
        Fuel.Spend();
        if (value == False)
            return;
        if (at == patterns.Count)
        {
            if (matched)
                into.Add((keys, value));
            if (into.Count > CellLimit)
                throw new FuelException();
            return;
        }
        var (language, then) = patterns[at];
        var inside = Pool.And(keys, language);
        if (Pool.Alive(inside))
            Split(patterns, at + 1, inside, And(value, then), true, into);
        // Outside the only pattern, and outside all of them, is no cell of theirs.
        var outside = at + 1 == patterns.Count && !matched ? Pool.None : Pool.And(keys, Pool.Not(language));
        if (Pool.Alive(outside))
            Split(patterns, at + 1, outside, value, matched, into);
    }

    private bool Test(ArrayShape shape)
    {
        if (shape.Min > shape.Max)
            return false;
        var reach = Reach(shape);
        if (shape.Min > reach)
            return false;
        if (shape.Unique && shape.Min > 1 && shape.Min > CountValues(shape, shape.Min))
            return false;
        if (shape.Unique && !CanFill(shape, 0, new int[shape.Contains.Length], (item, limit) => Scalars(Normalize(item), limit)))
            return false;
        if (!shape.HasOneOpenDemand)
            return shape.Contains.Length == 0 || CanFinish(shape, 0, new int[shape.Contains.Length]);
        foreach (var (value, min, _) in shape.Contains)
        {
            var possible = 0L;
            for (var i = 0; i < shape.Prefix.Length && i < reach; i++)
                possible += IsInhabited(And(shape.Prefix[i], value)) ? 1 : 0;
            if (reach > shape.Prefix.Length && IsInhabited(And(shape.Rest ?? True, value)))
                possible += (long)reach - shape.Prefix.Length;
            if (possible < min)
                return false;
        }
        return true;
    }

    /// <summary>Whether an array can be brought to an end: all ways to count its further items are followed side by side.</summary>
    /// <param name="shape">The array.</param>
    /// <param name="index">How many items it has.</param>
    /// <param name="matched">How many of them count for each value that must be contained.</param>
    public bool CanFinish(ArrayShape shape, int index, int[] matched)
    {
        var reach = Reach(shape);
        var settled = Math.Max(shape.Prefix.Length, shape.Min);
        var met = new HashSet<string>();
        var ways = new List<int[]> { matched };
        for (; ways.Count > 0; index++)
        {
            if (index >= shape.Min && ways.Exists(shape.IsContained))
                return true;
            if (index >= reach)
                return false;
            // Where all items are alike, counts that were met before lead nowhere new.
            if (index < settled)
                met.Clear();
            var item = ItemAt(shape, index);
            var next = new List<int[]>();
            foreach (var way in ways)
            {
                foreach (var (_, counts) in Counted(shape, item, way))
                {
                    if (met.Add(string.Join(',', counts)))
                        next.Add(counts);
                }
            }
            ways = next;
        }
        return false;
    }

    /// <summary>The most items an array of this shape can have.</summary>
    public int Reach(ArrayShape shape)
    {
        for (var i = 0; i < shape.Prefix.Length && i < shape.Max; i++)
        {
            if (!IsInhabited(shape.Prefix[i]))
                return i;
        }
        return shape.Max > shape.Prefix.Length && shape.Rest is { } rest && !IsInhabited(rest) ? shape.Prefix.Length : shape.Max;
    }

    private int CountValues(ArrayShape shape, int limit)
    {
        if (shape.Prefix.Length > 0)
            return limit;
        return CountValues(Normalize(shape.Rest ?? True), limit);
    }

    /// <summary>How many different values a form allows, up to a limit; the limit where only a search could tell.</summary>
    public int CountValues(Node node, int limit)
    {
        if (node.Objects.Length > 0 || node.Arrays.Length > 0 || !LanguagePool.IsFinite(node.Strings))
            return limit;
        var count = (node.Null ? 1 : 0) + (node.True ? 1 : 0) + (node.False ? 1 : 0);
        foreach (var set in node.Numbers)
        {
            if (set.Low is not { } low || set.High is not { } high)
                return limit;
            if (low == high)
                count++;
            else if (set.MultipleOf is { } step)
            {
                var scale = Math.Max(step.Scale, Math.Max(low.Scale, high.Scale));
                count = (int)System.Numerics.BigInteger.Min(limit, count + 1 + (high.At(scale) - low.At(scale)) / step.At(scale));
            }
            else
                return limit;
        }
        return count >= limit ? limit : Math.Min(limit, count + CountStrings(node.Strings, limit - count));
    }
}
