using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Regular;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>An <see cref="ArrayShape"/> made ready for reading.</summary>
internal sealed class ArrayRules(Automaton automaton, ArrayShape shape)
{
    private const int LookAhead = 64;
    private readonly Canonicalizer _canonicalizer = automaton.Canonicalizer;
    private readonly int _reach = automaton.Canonicalizer.Reach(shape);

    public ArrayShape Shape => shape;

    private ArrayFrame? _lastFrame;

    /// <summary>The array right after its opening bracket.</summary>
    public ArrayFrame Begin(Frame? parent)
    {
        var known = _lastFrame;
        if (known is not null && ReferenceEquals(known.Parent, parent))
            return known;
        return _lastFrame = new ArrayFrame(parent, this, 0, new int[shape.Contains.Length], null);
    }

    /// <summary>The array right after its opening bracket, in no other.</summary>
    public ArrayFrame Alone() => new(null, this, 0, new int[shape.Contains.Length], null);

    public bool ContainsEnough(int[] matched)
    {
        for (var i = 0; i < matched.Length; i++)
        {
            if (matched[i] < shape.Contains[i].Min || matched[i] > shape.Contains[i].Max)
                return false;
        }
        return true;
    }

    public (ArrayFrame, NodeEntry)[] Next(ArrayFrame frame)
    {
        if (frame.Index >= _reach)
            return [];
        lock (automaton.Gate)
        {
            var item = _canonicalizer.ItemAt(shape, frame.Index);
            if (shape.Unique)
                item = WithoutUsed(item, frame.Used);
            var index = frame.Index + 1;
            // Once past the prefix and the least length of an unlimited array, all places are alike.
            if (
                _reach == int.MaxValue
                && frame.Index >= shape.Prefix.Length
                && index > shape.Min
                && CountsAreSettled(frame.Matched)
            )
                index = frame.Index;
            var result = new List<(ArrayFrame, NodeEntry)>();
            Choose(frame, item, index, 0, frame.Matched, result);
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

    private void Choose(
        ArrayFrame frame,
        Expression item,
        int index,
        int demand,
        int[] matched,
        List<(ArrayFrame, NodeEntry)> result
    )
    {
        if (item == _canonicalizer.False)
            return;
        if (demand == matched.Length)
        {
            if (!_canonicalizer.IsInhabited(item) || !CanComplete(index, matched))
                return;
            var same = index == frame.Index && matched.AsSpan().SequenceEqual(frame.Matched) && !shape.Unique;
            var next = same ? frame : new ArrayFrame(frame.Parent, this, index, matched, frame.Used);
            result.Add((next, automaton.Entry(item)));
            return;
        }
        var (value, min, max) = shape.Contains[demand];
        var count = matched[demand];
        if (count < max && (count < min || max != int.MaxValue))
        {
            var more = (int[])matched.Clone();
            more[demand]++;
            Choose(frame, _canonicalizer.And(item, value), index, demand + 1, more, result);
        }
        // Without an upper bound an item that matches may as well go uncounted.
        var without = max == int.MaxValue ? item : _canonicalizer.And(item, _canonicalizer.Not(value));
        Choose(frame, without, index, demand + 1, matched, result);
    }

    private bool CanComplete(int index, int[] matched)
    {
        for (var i = 0; i < matched.Length; i++)
        {
            var (value, min, max) = shape.Contains[i];
            var needed = min - matched[i];
            for (var at = index; needed > 0 && at < _reach && at < shape.Prefix.Length; at++)
                needed -= _canonicalizer.IsInhabited(_canonicalizer.And(shape.Prefix[at], value)) ? 1 : 0;
            if (needed > 0 && _reach > Math.Max(index, shape.Prefix.Length))
            {
                var left = (long)_reach - Math.Max(index, shape.Prefix.Length);
                if (_canonicalizer.IsInhabited(_canonicalizer.And(shape.Rest ?? _canonicalizer.True, value)))
                    needed -= (int)Math.Min(int.MaxValue / 2, left);
            }
            if (needed > 0)
                return false;
            if (max == int.MaxValue)
                continue;
            var room = max - matched[i];
            for (var at = index; at < Math.Min(shape.Min, index + LookAhead); at++)
            {
                if (
                    !_canonicalizer.IsInhabited(_canonicalizer.And(_canonicalizer.ItemAt(shape, at), _canonicalizer.Not(value)))
                    && --room < 0
                )
                    return false;
            }
        }
        return true;
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

    /// <summary>The array after an item whose text was captured; null when an equal one came before.</summary>
    public static ArrayFrame? Finish(ArrayFrame frame, Capture? text)
    {
        using var document = JsonDocument.Parse(Capture.Text(frame.Start, text));
        var canonical = CanonicalJson.Write(document.RootElement);
        return frame.Used?.Contains(canonical) == true
            ? null
            : new ArrayFrame(frame.Parent, frame.Rules, frame.Index, frame.Matched, new UsedItems(canonical, frame.Used));
    }
}
