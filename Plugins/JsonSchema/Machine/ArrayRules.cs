using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>The shapes that an array may have in some place, read at once; items that must differ are read one shape at a time.</summary>
internal sealed class ArrayRules
{
    private ArrayFrame? _lastFrame;

    public ArrayRules(Automaton automaton, ArrayShape[] shapes)
    {
        Automaton = automaton;
        IsUnique = shapes[0].Unique;
        None = [.. shapes.Select(shape => new ArrayWay(new ArrayCase(automaton, shape), 0, new int[shape.Contains.Length]))];
    }

    public Automaton Automaton { get; }

    /// <summary>Whether items must differ.</summary>
    public bool IsUnique { get; }

    /// <summary>No items yet.</summary>
    public ArrayWay[] None { get; }

    /// <summary>The array right after its opening bracket.</summary>
    public ArrayFrame Begin(Frame? parent)
    {
        var known = _lastFrame;
        if (known is not null && ReferenceEquals(known.Parent, parent))
            return known;
        return _lastFrame = new ArrayFrame(parent, this, None, null);
    }

    /// <summary>The array right after its opening bracket, in no other.</summary>
    public ArrayFrame Alone() => new(null, this, None, null);

    /// <summary>The array right after its opening bracket, where it must differ from some; null when it cannot.</summary>
    public ArrayFrame? Begin(Frame? parent, Taken? taken)
    {
        if (taken is null)
            return Begin(parent);
        return Completions.CanDiffer(Automaton, None, 0, null, taken)
            ? new ArrayFrame(parent, this, None, null) { Taken = taken }
            : null;
    }
}

/// <summary>One way to take an array: as which of its shapes, and what its items so far count for.</summary>
internal sealed class ArrayWay(ArrayCase shape, int index, int[] matched) : IEquatable<ArrayWay>
{
    private (ArrayWay, NodeEntry, Taken?)[]? _next;

    public ArrayCase Shape => shape;

    /// <summary>Items begun; stays put once nothing depends on it any more.</summary>
    public int Index => index;

    /// <summary>How many items matched each of the values that must be contained.</summary>
    public int[] Matched => matched;

    public bool CanClose => shape.CanClose(index, matched);

    /// <summary>The ways to begin one more item, what it must satisfy, and what it must differ from.</summary>
    public (ArrayWay Way, NodeEntry Item, Taken? Barred)[] Next(Taken? used) =>
        used is null ? _next ??= shape.Next(this, null) : shape.Next(this, used);

    /// <summary>Whether all that another way can still become, this one can.</summary>
    public bool Covers(ArrayWay other) => other.Shape == shape && other.Index == index && shape.Covers(matched, other.Matched);

    public bool Equals(ArrayWay? other) =>
        other is not null && other.Shape == shape && other.Index == index && other.Matched.AsSpan().SequenceEqual(matched);

    public override bool Equals(object? obj) => Equals(obj as ArrayWay);

    public override int GetHashCode() => HashCode.Combine(shape, index, matched.Length == 0 ? 0 : matched[0]);
}

/// <summary>One <see cref="ArrayShape"/> made ready for reading.</summary>
internal sealed class ArrayCase(Automaton automaton, ArrayShape shape)
{
    private readonly Canonicalizer _canonicalizer = automaton.Canonicalizer;
    private readonly int _reach = automaton.Canonicalizer.Reach(shape);

    public bool CanClose(int index, int[] matched) => index >= shape.Min && shape.IsContained(matched);

    /// <summary>Whether some counts are as good as others: no less where there is no upper bound, else the same.</summary>
    public bool Covers(int[] matched, int[] other)
    {
        for (var i = 0; i < matched.Length; i++)
        {
            if (matched[i] != other[i] && (matched[i] < other[i] || shape.Contains[i].Max != int.MaxValue))
                return false;
        }
        return true;
    }

    /// <summary>Whether items must differ.</summary>
    public bool IsUnique => shape.Unique;

    public (ArrayWay, NodeEntry, Taken?)[] Next(ArrayWay way, Taken? used)
    {
        if (way.Index >= _reach)
            return [];
        lock (automaton.Gate)
        {
            var item = _canonicalizer.ItemAt(shape, way.Index);
            var index = way.Index + 1;
            // Once past the prefix and the least length of an unlimited array, all places are alike.
            if (_reach == int.MaxValue && way.Index >= shape.Prefix.Length && index > shape.Min && CountsAreSettled(way.Matched))
                index = way.Index;
            var result = new List<(ArrayWay, NodeEntry, Taken?)>();
            foreach (var (choice, matched) in _canonicalizer.Counted(shape, item, way.Matched))
            {
                if (!CanComplete(index, matched))
                    continue;
                var barred = used;
                if (shape.Unique && !IsLeftOver(index, matched, ref barred))
                    continue;
                var same = index == way.Index && matched.AsSpan().SequenceEqual(way.Matched);
                result.Add((same ? way : new ArrayWay(this, index, matched), automaton.Entry(choice), barred));
            }
            return [.. result];
        }
    }

    /// <summary>Whether the places after an item can be filled; values are barred from the item without which they could not.</summary>
    private bool IsLeftOver(int index, int[] matched, ref Taken? barred)
    {
        var used = barred;
        var options = new HashSet<string>();
        if (!_canonicalizer.CanFill(shape, index, matched, (item, limit) => Unused(item, used, limit), options))
            return false;
        foreach (var value in options)
        {
            var without = new Taken(value, used);
            if (!_canonicalizer.CanFill(shape, index, matched, (item, limit) => Unused(item, without, limit)))
                barred = new Taken(value, barred);
        }
        return true;
    }

    private List<string>? Unused(Expression item, Taken? used, int limit)
    {
        var values = Completions.Values(automaton, automaton.Entry(item), limit + (used?.Count ?? 0));
        return values?.Where(value => used?.Contains(value) != true).ToList() is { } left && left.Count <= limit ? left : null;
    }

    private bool CountsAreSettled(int[] matched)
    {
        for (var i = 0; i < matched.Length; i++)
        {
            if (matched[i] < shape.Contains[i].Min)
                return false;
        }
        return true;
    }

    private bool CanComplete(int index, int[] matched)
    {
        if (!shape.HasOneOpenDemand)
            return matched.Length == 0 || _canonicalizer.CanFinish(shape, index, matched);
        var (value, min, _) = shape.Contains[0];
        var needed = min - matched[0];
        for (var at = index; needed > 0 && at < _reach && at < shape.Prefix.Length; at++)
            needed -= _canonicalizer.IsInhabited(_canonicalizer.And(shape.Prefix[at], value)) ? 1 : 0;
        var left = (long)_reach - Math.Max(index, shape.Prefix.Length);
        return needed <= 0
            || needed <= left && _canonicalizer.IsInhabited(_canonicalizer.And(shape.Rest ?? _canonicalizer.True, value));
    }
}
