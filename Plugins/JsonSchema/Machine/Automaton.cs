using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Numbers;
using Tokenwright.Plugins.JsonSchema.Regular;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>
/// The byte-level machine of a schema. Reading is deterministic but where a schema leaves a choice: then the thread splits, and
/// a text belongs when any thread accepts it. No thread ever enters a place from which it cannot be brought to an end.
/// </summary>
internal sealed partial class Automaton
{
    private const long RunFuel = 400_000;
    private const int ThreadLimit = 4_000;
    private const int FewThreads = 12;
    public static readonly byte[][] Literals = ["true"u8.ToArray(), "false"u8.ToArray(), "null"u8.ToArray()];
    private readonly int _maxGap;
    private readonly SharedParts _shared;

    public Automaton(Canonicalizer canonicalizer, SharedParts shared, int maxGap)
    {
        (Canonicalizer, _shared, Strings, _maxGap) = (canonicalizer, shared, shared.Strings, maxGap);
        Gate = canonicalizer.Pool.Gate;
    }

    public Canonicalizer Canonicalizer { get; }
    public StringDfa Strings { get; }

    /// <summary>Reads the inside of keys.</summary>
    public StringDfa Keys => _shared.Keys;

    /// <summary>Held while canonical forms, rules and automata grow.</summary>
    public Lock Gate { get; }
    public int MaxGap => _maxGap;

    /// <summary>Whether keys come in any order.</summary>
    public KeyOrder KeyOrder { get; init; }

    public static Thread Start(NodeEntry root) => new(Phase.Value, 0, 0, root, null, null);

    /// <summary>Renews the work that one mask or one token may cost.</summary>
    public static void Refuel() => Fuel.Refill(RunFuel);

    public NodeEntry Entry(Expression expression)
    {
        lock (Gate)
        {
            var node = Canonicalizer.Normalize(expression);
            return node.Entry ??= node == Canonicalizer.Anything ? _shared.Anything : Prepare(node);
        }
    }

    /// <summary>What a value may be, but for some values; null when that is nothing.</summary>
    /// <remarks>
    /// Scalars are taken out. An object or array is told apart while it is read; so is a string where, whatever of it has been
    /// typed, more others are left than a text can hold.
    /// </remarks>
    public NodeEntry? Without(NodeEntry entry, Taken? barred)
    {
        if (barred is null)
            return entry;
        NodeEntry left;
        lock (Gate)
        {
            var node = Without(entry.Node, barred);
            left = node == entry.Node ? entry : node.Entry ??= Prepare(node);
        }
        return
            left.StringStart != ByteDfa.Dead
            || left.Numbers is not null
            || left.Node.Null
            || left.Node.True
            || left.Node.False
            || left.Objects?.Begin(null, Taken.Of(barred, JsonValueKind.Object)) is not null
            || left.Arrays.Length > 0
                && Array.Exists(left.Arrays, rules => rules.Begin(null, Taken.Of(barred, JsonValueKind.Array)) is not null)
            ? left
            : null;
    }

    private Node Without(Node node, Taken? barred)
    {
        if (barred is null)
            return node;
        for (var known = barred.Left; known is not null; known = known.Next)
        {
            if (known.Of == node)
                return known.Left;
        }
        var left = Without(node, barred.Next);
        if (
            barred.IsScalar && !(barred.Text[0] == '"' && Canonicalizer.Pool.IsRichAfter(node.Strings, barred.Value.GetString()!))
        )
            left = Canonicalizer.Without(left, barred.Value);
        barred.Left = new(node, left, barred.Left);
        return left;
    }

    internal NodeEntry Prepare(Node node)
    {
        var numbers = _shared.Numbers(node.Numbers);
        if (node.Objects.Length == 0 && node.Arrays.Length == 0)
            return _shared.Scalar(node, numbers);
        var objects = Array.FindAll(node.Objects, Canonicalizer.IsInhabited);
        return new()
        {
            Node = node,
            StringStart = Strings.Start(node.Strings),
            Numbers = numbers,
            Objects =
                objects.Length == 0 ? null
                : objects.Length == 1 ? Rules(objects[0])
                : new ObjectRules(this, objects),
            Arrays = Arrays(Array.FindAll(node.Arrays, Canonicalizer.IsInhabited)),
            IsShared = node == Canonicalizer.Anything,
        };
    }

    // Any object and any array are shapes of all schemas: what another automaton made of them holds its states.
    private ObjectRules Rules(ObjectShape shape) =>
        shape.Rules is { } known && known.Automaton == this ? known : shape.Rules = new ObjectRules(this, [shape]);

    private ArrayRules Rules(ArrayShape shape) =>
        shape.Rules is { } known && known.Automaton == this ? known : shape.Rules = new ArrayRules(this, [shape]);

    private ArrayRules[] Arrays(ArrayShape[] shapes)
    {
        if (shapes.Length == 1)
            return [Rules(shapes[0])];
        var rules = new List<ArrayRules>();
        var together = Array.FindAll(shapes, shape => !shape.Unique);
        if (together.Length > 0)
            rules.Add(new ArrayRules(this, together));
        foreach (var shape in shapes)
        {
            if (shape.Unique)
                rules.Add(Rules(shape));
        }
        return [.. rules];
    }

    public static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r';

    /// <summary>Whether the text may end here.</summary>
    public static bool CanEnd(in Thread thread) =>
        thread.Phase == Phase.Done
        || thread is { Phase: Phase.Number or Phase.String, Top: null } && ((ByteDfa)thread.Detail!).IsAccepting(thread.State);

    /// <summary>Reads one byte; adds the threads that result, none when the byte is not allowed.</summary>
    public void Step(in Thread thread, byte value, List<Thread> into)
    {
        if (thread.Text is null)
        {
            Advance(thread, value, into);
            return;
        }
        // The byte may end a number and belong to what follows: then it is not part of the item's text.
        Advance(thread with { Text = thread.Text.With(value) }, value, into);
    }

    private void Advance(in Thread thread, byte value, List<Thread> into)
    {
        switch (thread.Phase)
        {
            case Phase.String:
                var next = ((StringDfa)thread.Detail!).Next(thread.State, value);
                if (next == ByteDfa.Closed)
                    Finish(thread, thread.Text, into);
                else if (next != ByteDfa.Dead)
                    into.Add(thread with { State = next });
                return;
            case Phase.Number:
                var numbers = (NumberDfa)thread.Detail!;
                var digit = numbers.Next(thread.State, value);
                if (digit != ByteDfa.Dead)
                    into.Add(thread with { State = digit });
                else if (numbers.IsAccepting(thread.State) && thread.Top is not null)
                    AfterNumber(thread, value, into);
                return;
            case Phase.Literal:
                var literal = Literals[thread.State];
                if (literal[thread.Gap] != value)
                    return;
                if (thread.Gap + 1 == literal.Length)
                    Finish(thread, thread.Text, into);
                else
                    into.Add(thread with { Gap = (byte)(thread.Gap + 1) });
                return;
            case Phase.Key:
                StepKey(thread, value, into);
                return;
            case Phase.Done or Phase.Hole:
                return;
        }
        if (IsSpace(value))
        {
            if (thread.Gap < _maxGap)
                into.Add(thread with { Gap = (byte)(thread.Gap + 1) });
            return;
        }
        switch (thread.Phase)
        {
            case Phase.Value:
                StepValue(thread, (NodeEntry)thread.Detail!, thread.Top, value, into);
                return;
            case Phase.FirstKey or Phase.NextKey:
                var open = (ObjectFrame)thread.Top!;
                if (value == '"')
                    StartKey(thread, open, into);
                else if (value == '}' && thread.Phase == Phase.FirstKey && open.CanClose)
                    Finish(thread with { Top = open.Parent }, thread.Text, into);
                return;
            case Phase.Colon:
                if (value == ':')
                    into.Add(thread with { Phase = Phase.Value, Gap = 0 });
                return;
            case Phase.AfterProperty:
                var members = (ObjectFrame)thread.Top!;
                if (value == ',' && members.CanAddAny)
                    into.Add(thread with { Phase = Phase.NextKey, Gap = 0 });
                else if (value == '}' && members.CanClose)
                    Finish(thread with { Top = members.Parent }, thread.Text, into);
                return;
            case Phase.FirstItem or Phase.NextItem:
                var array = (ArrayFrame)thread.Top!;
                if (value == ']')
                {
                    if (thread.Phase == Phase.FirstItem && array.CanClose)
                        Finish(thread with { Top = array.Parent }, thread.Text, into);
                    return;
                }
                foreach (var (after, item) in array.Alternatives)
                    StartItem(thread, array, after, item, value, into);
                return;
            case Phase.AfterItem:
                var items = (ArrayFrame)thread.Top!;
                if (value == ',' && items.Alternatives.Length > 0)
                    into.Add(thread with { Phase = Phase.NextItem, Gap = 0 });
                else if (value == ']' && items.CanClose)
                    Finish(thread with { Top = items.Parent }, thread.Text, into);
                return;
        }
    }

    private void StartItem(in Thread thread, ArrayFrame array, ArrayFrame after, NodeEntry item, byte value, List<Thread> into)
    {
        if (!array.IsRead)
        {
            StepValue(thread, item, after, value, into);
            return;
        }
        // Items that must differ are captured from their first byte on.
        var text = thread.Text ?? new Capture(null, value, 1);
        StepValue(thread with { Text = text }, item, after.From(text.Previous), value, into);
    }

    private void StepValue(in Thread thread, NodeEntry entry, Frame? top, byte value, List<Thread> into)
    {
        switch (value)
        {
            case (byte)'"':
                if (entry.StringStart != ByteDfa.Dead)
                    into.Add(new(Phase.String, 0, entry.StringStart, Strings, top, thread.Text));
                return;
            case (byte)'{':
                if (entry.Objects?.Begin(top, Taken.Of(top?.Pending?.Barred, JsonValueKind.Object)) is { } open)
                    into.Add(new(Phase.FirstKey, 0, 0, null, open, thread.Text));
                return;
            case (byte)'[':
                foreach (var rules in entry.Arrays)
                {
                    if (rules.Begin(top, Taken.Of(top?.Pending?.Barred, JsonValueKind.Array)) is { } first)
                        into.Add(new(Phase.FirstItem, 0, 0, null, first, thread.Text));
                }
                return;
            case (byte)'t' when entry.Node.True:
                into.Add(new(Phase.Literal, 1, 0, null, top, thread.Text));
                return;
            case (byte)'f' when entry.Node.False:
                into.Add(new(Phase.Literal, 1, 1, null, top, thread.Text));
                return;
            case (byte)'n' when entry.Node.Null:
                into.Add(new(Phase.Literal, 1, 2, null, top, thread.Text));
                return;
        }
        if (entry.Numbers is { } numbers && numbers.Next(numbers.Start, value) is var state && state != ByteDfa.Dead)
            into.Add(new(Phase.Number, 0, state, numbers, top, thread.Text));
    }

    private void AfterNumber(in Thread thread, byte value, List<Thread> into)
    {
        var at = into.Count;
        Finish(thread, thread.Text?.Previous, into);
        if (into.Count == at)
            return;
        var next = into[at];
        into.RemoveAt(at);
        Advance(next with { Text = next.Text is null ? null : thread.Text }, value, into);
    }

    /// <summary>A value is complete: goes on in what holds it.</summary>
    public static void Finish(in Thread thread, Capture? text, List<Thread> into)
    {
        switch (thread.Top)
        {
            case null:
                into.Add(new(Phase.Done, 0, 0, null, null, null));
                return;
            case Masks.HoleFrame:
                into.Add(new(Phase.Hole, 0, 0, null, thread.Top, null));
                return;
        }
        var after = thread.Top;
        if (after.Pending is { } pending)
        {
            var value = pending.Read(text);
            if (pending.Barred?.Contains(value) == true)
                return;
            after = after.After(value);
        }
        if (after is ObjectFrame)
            into.Add(new(Phase.AfterProperty, 0, 0, null, after, text));
        else
            into.Add(
                new(
                    Phase.AfterItem,
                    0,
                    0,
                    null,
                    after,
                    after is ArrayFrame { Rules.IsUnique: true } && !IsCaptured(after.Parent) ? null : text
                )
            );
    }

    private static bool IsCaptured(Frame? frame)
    {
        for (; frame is not null; frame = frame.Parent)
        {
            if (frame is ArrayFrame { Rules.IsUnique: true })
                return true;
        }
        return false;
    }

    /// <summary>Reads one byte in every thread; the threads that go on, without repeats.</summary>
    public void Step(List<Thread> threads, byte value, List<Thread> into)
    {
        into.Clear();
        if (threads.Count > FewThreads)
        {
            var seen = new HashSet<Thread>(threads.Count);
            var found = new List<Thread>();
            for (var i = 0; i < threads.Count; i++)
            {
                found.Clear();
                Step(threads[i], value, found);
                foreach (var thread in found)
                {
                    if (seen.Add(thread))
                        into.Add(thread);
                }
            }
            Join(into);
            if (into.Count > ThreadLimit)
                throw new FuelException();
            return;
        }
        for (var i = 0; i < threads.Count; i++)
        {
            var from = into.Count;
            Step(threads[i], value, into);
            for (var j = into.Count - 1; j >= from; j--)
            {
                for (var k = 0; k < from; k++)
                {
                    if (into[k].Equals(into[j]))
                    {
                        into.RemoveAt(j);
                        break;
                    }
                }
            }
        }
        Join(into);
        if (into.Count > ThreadLimit)
            throw new FuelException();
    }

    /// <summary>Threads that stand in the same object or array, with the same members or as many items, go on as one: its ways add up.</summary>
    private static void Join(List<Thread> threads)
    {
        for (var i = 1; i < threads.Count; i++)
        {
            if (!IsBetweenValues(threads[i]))
                continue;
            for (var j = 0; j < i; j++)
            {
                if (!IsBetweenValues(threads[j]) || Joined(threads[j], threads[i]) is not { } joined)
                    continue;
                threads[j] = threads[j] with { Top = joined };
                threads.RemoveAt(i--);
                break;
            }
        }
    }

    private static bool IsBetweenValues(in Thread thread) =>
        thread.Phase
            is Phase.FirstKey
                or Phase.NextKey
                or Phase.AfterProperty
                or Phase.FirstItem
                or Phase.NextItem
                or Phase.AfterItem;

    private static Frame? Joined(in Thread a, in Thread b)
    {
        if (
            a.Phase != b.Phase
            || a.Gap != b.Gap
            || !ReferenceEquals(a.Text, b.Text)
            || !ReferenceEquals(a.Top!.Parent, b.Top!.Parent)
        )
            return null;
        return (a.Top, b.Top) switch
        {
            (ObjectFrame { Taken: null } x, ObjectFrame { Taken: null } y) when x.Members.CanJoin(y.Members) => x.With(
                x.Members.Join(y.Members)
            ),
            (ArrayFrame x, ArrayFrame y) when x.Rules == y.Rules && !x.IsRead && !y.IsRead => x.Join(y),
            _ => null,
        };
    }
}
