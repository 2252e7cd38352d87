using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Regular;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>The shapes that an array may have in some place, read at once; items that must differ are read one shape at a time.</summary>
internal sealed class ArrayRules
{
    private readonly ArrayWay[] _none;
    private ArrayFrame? _lastFrame;

    public ArrayRules(Automaton automaton, ArrayShape[] shapes)
    {
        Automaton = automaton;
        IsUnique = shapes[0].Unique;
        _none = [.. shapes.Select(shape => new ArrayWay(new ArrayCase(automaton, shape), 0, new int[shape.Contains.Length]))];
    }

    public Automaton Automaton { get; }

    /// <summary>Whether items must differ.</summary>
    public bool IsUnique { get; }

    /// <summary>The array right after its opening bracket.</summary>
    public ArrayFrame Begin(Frame? parent)
    {
        var known = _lastFrame;
        if (known is not null && ReferenceEquals(known.Parent, parent))
            return known;
        return _lastFrame = new ArrayFrame(parent, this, _none, null);
    }

    /// <summary>The array right after its opening bracket, in no other.</summary>
    public ArrayFrame Alone() => new(null, this, _none, null);

    /// <summary>The array after an item whose text was captured; null when an equal one came before.</summary>
    public static ArrayFrame? Finish(ArrayFrame frame, Capture? text)
    {
        using var document = JsonDocument.Parse(Capture.Text(frame.Start, text));
        var canonical = CanonicalJson.Write(document.RootElement);
        return frame.Used?.Contains(canonical) == true
            ? null
            : new ArrayFrame(frame.Parent, frame.Rules, frame.Ways, new UsedItems(canonical, frame.Used));
    }
}

/// <summary>One way to take an array: as which of its shapes, and what its items so far count for.</summary>
internal sealed class ArrayWay(ArrayCase shape, int index, int[] matched) : IEquatable<ArrayWay>
{
    private (ArrayWay, NodeEntry)[]? _next;

    public ArrayCase Shape => shape;

    /// <summary>Items begun; stays put once nothing depends on it any more.</summary>
    public int Index => index;

    /// <summary>How many items matched each of the values that must be contained.</summary>
    public int[] Matched => matched;

    public bool CanClose => shape.CanClose(index, matched);

    /// <summary>The ways to begin one more item, and what it must satisfy.</summary>
    public (ArrayWay Way, NodeEntry Item)[] Next(UsedItems? used) =>
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

    public (ArrayWay, NodeEntry)[] Next(ArrayWay way, UsedItems? used)
    {
        if (way.Index >= _reach)
            return [];
        lock (automaton.Gate)
        {
            var item = _canonicalizer.ItemAt(shape, way.Index);
            if (shape.Unique)
                item = WithoutUsed(item, used);
            var index = way.Index + 1;
            // Once past the prefix and the least length of an unlimited array, all places are alike.
            if (_reach == int.MaxValue && way.Index >= shape.Prefix.Length && index > shape.Min && CountsAreSettled(way.Matched))
                index = way.Index;
            var result = new List<(ArrayWay, NodeEntry)>();
            Choose(way, item, index, 0, way.Matched, result);
            return [.. result];
        }
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

    private void Choose(ArrayWay way, Expression item, int index, int demand, int[] matched, List<(ArrayWay, NodeEntry)> result)
    {
        if (item == _canonicalizer.False)
            return;
        if (demand == matched.Length)
        {
            if (!_canonicalizer.IsInhabited(item) || !CanComplete(index, matched))
                return;
            var same = index == way.Index && matched.AsSpan().SequenceEqual(way.Matched);
            result.Add((same ? way : new ArrayWay(this, index, matched), automaton.Entry(item)));
            return;
        }
        var (value, min, max) = shape.Contains[demand];
        var count = matched[demand];
        if (count < max && (count < min || max != int.MaxValue))
        {
            var more = (int[])matched.Clone();
            more[demand]++;
            Choose(way, _canonicalizer.And(item, value), index, demand + 1, more, result);
        }
        // Without an upper bound an item that matches may as well go uncounted.
        var without = max == int.MaxValue ? item : _canonicalizer.And(item, _canonicalizer.Not(value));
        Choose(way, without, index, demand + 1, matched, result);
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

    /// <summary>Where values can run out, the used ones are taken out of what the next item must satisfy.</summary>
    private Expression WithoutUsed(Expression item, UsedItems? used)
    {
        if (used is null)
            return item;
        var node = _canonicalizer.Normalize(item);
        if (node.Objects.Length > 0 || node.Arrays.Length > 0 || LanguagePool.IsRich(node.Strings) && node.Numbers.Length == 0)
            return item;
        if (used.Left is { } known && known.Item == item)
            return known.Left;
        var left = used.Next is null ? item : WithoutUsed(item, used.Next);
        using var value = JsonDocument.Parse(used.Text);
        left = _canonicalizer.Without(left, value.RootElement.Clone());
        used.Left = (item, left);
        return left;
    }
}
