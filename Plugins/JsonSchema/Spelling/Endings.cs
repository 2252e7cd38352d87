using System.Numerics;
using System.Text;
using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Machine;
using Tokenwright.Plugins.JsonSchema.Numbers;
using Tokenwright.Plugins.JsonSchema.Regular;
using Tokenwright.Plugins.JsonSchema.Schemas;
using Thread = Tokenwright.Plugins.JsonSchema.Machine.Thread;

namespace Tokenwright.Plugins.JsonSchema.Spelling;

/// <summary>Finds the shortest text, in bytes, that brings a document to its end.</summary>
/// <remarks>
/// What is found always is an ending. It is the shortest one but where a schema demands that some property exists, or a number of
/// properties or contained items: there the cheapest next step is taken, one after another; and where a string must satisfy several patterns
/// at once: there it is the shortest out of few characters. Where no ending is found (an escape of a
/// property's name half typed, demands that take too much work) the answer is null. Safe for concurrent use.
/// </remarks>
internal sealed class Endings(Automaton automaton)
{
    private const int WorkLimit = 20_000;
    private const int OtherValues = 1_000;
    private readonly Suffixes _suffixes = new();
    private readonly Dictionary<NodeEntry, byte[]> _values = [];
    private readonly HashSet<NodeEntry> _open = [];
    private readonly Lock _gate = new();
    private int _work;
    private bool _isCut;
    private bool _hasChosenKey;

    /// <summary>The shortest ending of a state; null where none is found.</summary>
    public byte[]? From(in SchemaState state) => From(state, out _);

    /// <summary>The shortest ending of a state; null where none is found.</summary>
    /// <param name="state">Where the document stands.</param>
    /// <param name="hasChosenKey">Whether a key was chosen that no property names: which one depends on the keys so far.</param>
    public byte[]? From(in SchemaState state, out bool hasChosenKey)
    {
        lock (_gate)
        {
            _hasChosenKey = false;
            var best = From(state.First);
            foreach (var thread in state.Others)
            {
                if (From(thread) is { } other && (best is null || other.Length < best.Length))
                    best = other;
            }
            hasChosenKey = _hasChosenKey;
            return best;
        }
    }

    private byte[]? From(in Thread thread)
    {
        _work = 0;
        _open.Clear();
        _isCut = false;
        Automaton.Refuel();
        try
        {
            if (Inside(thread) is not { } text)
                return null;
            var ending = new List<byte>(text);
            if (!After(thread.Phase is Phase.Done ? null : Outer(thread), thread.Text, ending))
                return null;
            // Of objects and arrays that must differ only what is chosen here is looked at.
            return !IsUnlike(thread.Top) || Reads(thread, ending) ? [.. ending] : null;
        }
        catch (FuelException)
        {
            return null;
        }
    }

    // What remains open once the lexeme, or the object or array on top, is closed.
    private static Frame? Outer(in Thread thread) =>
        thread.Phase is Phase.Value or Phase.Literal or Phase.Number or Phase.String or Phase.AfterProperty or Phase.AfterItem
            ? thread.Top
            : thread.Top!.Parent;

    private byte[]? Inside(in Thread thread)
    {
        switch (thread.Phase)
        {
            case Phase.Value:
                return Value((NodeEntry)thread.Detail!);
            case Phase.Literal:
                return Automaton.Literals[thread.State][thread.Gap..];
            case Phase.Number:
                return _suffixes.Of((NumberDfa)thread.Detail!, thread.State);
            case Phase.String:
                return Rest((StringDfa)thread.Detail!, thread);
            case Phase.AfterProperty or Phase.AfterItem or Phase.Done:
                return [];
        }
        var into = new List<byte>();
        var found = thread.Phase switch
        {
            Phase.FirstKey => Close((ObjectFrame)thread.Top!, true, into),
            Phase.NextKey => CloseAfterNext((ObjectFrame)thread.Top!, into),
            Phase.Key => CloseKey(thread, into),
            Phase.Colon => Member((NodeEntry)thread.Detail!, (ObjectFrame)thread.Top!, into),
            Phase.FirstItem => Close((ArrayFrame)thread.Top!, true, into),
            Phase.NextItem => CloseAfterNext((ArrayFrame)thread.Top!, into),
            _ => false,
        };
        return found ? [.. into] : null;
    }

    /// <summary>The rest of a string: the shortest one that does not make it a string that it must differ from.</summary>
    private byte[]? Rest(StringDfa strings, in Thread thread)
    {
        var shortest = _suffixes.Of(strings, thread.State);
        if (shortest is null || thread.Top?.Pending is not { Barred: { } barred } pending)
            return shortest;
        var text = thread.Text;
        if (!IsBarred(shortest))
            return shortest;
        foreach (var tail in Others(strings, thread.State))
        {
            byte[] rest = [.. tail, (byte)'"'];
            if (!IsBarred(rest))
                return rest;
        }
        return null;

        bool IsBarred(byte[] rest) => barred.Contains(pending.Read(text, rest));
    }

    /// <summary>From after a value in a frame to the end of the text.</summary>
    /// <param name="frame">What holds the value.</param>
    /// <param name="text">What was read of values that others must differ from; the ending goes on from there.</param>
    /// <param name="ending">What comes next, so far.</param>
    private bool After(Frame? frame, Capture? text, List<byte> ending)
    {
        if (frame is null)
            return true;
        var isSettled = IsSettled(frame);
        if (isSettled && frame.Ending is { } known)
        {
            ending.AddRange(known);
            return true;
        }
        var from = ending.Count;
        var open = frame;
        if (frame.Pending is { } pending)
        {
            var value = pending.Read(text, ending);
            if (pending.Barred?.Contains(value) == true)
                return false;
            open = frame.After(value);
        }
        var found = open is ObjectFrame members ? Close(members, false, ending) : Close((ArrayFrame)open, false, ending);
        if (!found || !After(frame.Parent, text, ending))
            return false;
        if (isSettled)
            frame.Ending = [.. ending[from..]];
        return true;
    }

    private static bool IsUnlike(Frame? frame)
    {
        for (; frame is not null; frame = frame.Parent)
        {
            if (frame is ObjectFrame { Taken: not null } or ArrayFrame { Taken: not null })
                return true;
        }
        return false;
    }

    // Whether what is being read in a frame, and in all that hold it, matters to none of them.
    private static bool IsSettled(Frame? frame)
    {
        for (; frame is not null; frame = frame.Parent)
        {
            if (frame.Pending is not null)
                return false;
        }
        return true;
    }

    /// <summary>From before a key, or after a value, to and with the closing brace.</summary>
    private bool Close(ObjectFrame frame, bool isFirst, List<byte> into)
    {
        if (!frame.CanClose && frame.Members.Ways.Length > 1)
            return Shortest(frame.Members.Ways, (way, text) => Close(Only(frame, way), isFirst, text), into);
        while (!frame.CanClose)
        {
            if (!isFirst)
                into.Add((byte)',');
            isFirst = false;
            if (Add(frame, into) is not { } next)
                return false;
            frame = next;
        }
        into.Add((byte)'}');
        return true;
    }

    private static ObjectFrame Only(ObjectFrame frame, Way way) =>
        new(frame.Parent, frame.Members.Only(way)) { Taken = frame.Taken };

    /// <summary>From before a key that must come to and with the closing brace.</summary>
    private bool CloseAfterNext(ObjectFrame frame, List<byte> into) =>
        Shortest(frame.Members.Ways, (way, text) => Add(Only(frame, way), text) is { } next && Close(next, false, text), into);

    /// <summary>One more member: of the missing ones the first, else the one that serves the demands most, else the shortest.</summary>
    private ObjectFrame? Add(ObjectFrame frame, List<byte> into)
    {
        if (++_work > WorkLimit)
            return null;
        var (members, shape) = (frame.Members, frame.Members.Lead);
        var best = new Best<ObjectFrame>();
        foreach (var name in shape.ListedOrder)
        {
            if (!frame.CanAdd(name))
                continue;
            var isMissing = shape.IsMissing(members.Seen, name);
            var values = new List<Thread>(1);
            Automaton.NamedValues(frame, name, null, values);
            foreach (var (next, value) in Chosen(values))
                best.Offer(next, isMissing ? 64 : Gain(frame, next), Member(members.Rules.Names[name], value));
            if (isMissing && best.Frame is not null)
                break;
        }
        if (best.Rank < 64 && members.CanAddUnnamed && UnnamedKey(frame) is { } key)
        {
            var values = new List<Thread>(1);
            Automaton.UnnamedValues(frame, key, null, values);
            foreach (var (next, value) in Chosen(values))
                best.Offer(next, Gain(frame, next), Member(key, value));
        }
        if (best.Frame is null)
            return null;
        into.AddRange(best.Text!);
        return best.Frame;
    }

    /// <summary>The values for a key, and the object with each; a value is reached through the colon before it.</summary>
    private IEnumerable<(ObjectFrame Next, byte[] Value)> Chosen(List<Thread> colons)
    {
        foreach (var colon in colons)
        {
            if (Chosen(colon.Top!, (NodeEntry)colon.Detail!) is var (next, value))
                yield return ((ObjectFrame)next, value);
        }
    }

    /// <summary>The shortest value that fits what holds it, and that with the value; null where none is found.</summary>
    private (Frame Next, byte[] Value)? Chosen(Frame frame, NodeEntry entry)
    {
        if (frame.Pending is not { } pending)
            return Value(entry) is { } value ? (frame, value) : null;
        return Other(entry, pending.Barred) is { } other ? (frame.After(Canonical(other)), other) : null;
    }

    private static int Gain(ObjectFrame before, ObjectFrame after) =>
        BitOperations.PopCount(after.Members.Ways[0].Met & ~before.Members.Ways[0].Met);

    private static byte[] Member(ReadOnlySpan<byte> key, byte[] value) =>
        [(byte)'"', .. Escaped(key), (byte)'"', (byte)':', .. value];

    private bool Member(NodeEntry entry, ObjectFrame frame, List<byte> into)
    {
        if (Chosen(frame, entry) is not var (next, value))
            return false;
        into.Add((byte)':');
        into.AddRange(value);
        return Close((ObjectFrame)next, false, into);
    }

    private bool CloseKey(in Thread thread, List<byte> into)
    {
        var key = (KeyState)thread.Detail!;
        var frame = (ObjectFrame)thread.Top!;
        var members = frame.Members;
        List<byte>? best = null;
        var values = new List<Thread>(1);
        for (var name = key.Low; name < key.High; name++)
        {
            if (key.Escape.Length > 0 || !frame.CanAdd(name))
                continue;
            values.Clear();
            Automaton.NamedValues(frame, name, null, values);
            Finish(Escaped(members.Rules.Names[name].AsSpan(key.Text.Length)));
        }
        if (thread.State != ByteDfa.Dead && Tail(thread.State, key, members) is var (tail, whole))
        {
            values.Clear();
            Automaton.UnnamedValues(frame, whole, null, values);
            Finish(tail);
        }
        if (best is null)
            return false;
        into.AddRange(best);
        return true;

        void Finish(byte[] rest)
        {
            foreach (var colon in values)
            {
                List<byte> text = [.. rest, (byte)'"'];
                if (Member((NodeEntry)colon.Detail!, (ObjectFrame)colon.Top!, text) && (best is null || text.Count < best.Count))
                    best = text;
            }
        }
    }

    /// <summary>What makes a key half typed one that no property names and that is not used yet, and the whole key; null where none is found.</summary>
    private (byte[] Tail, byte[] Whole)? Tail(int state, KeyState key, Members members)
    {
        if (_suffixes.Of(automaton.Keys, state) is not { } shortest)
            return null;
        var rest = shortest[..^1];
        if (key.Escape.Length > 0)
        {
            byte[] spelled = [.. key.Text, .. Unescaped([.. key.Escape, .. rest])];
            return IsFree(members, spelled) ? (rest, spelled) : null;
        }
        byte[] whole = [.. key.Text, .. rest];
        if (!rest.Contains((byte)'\\') && IsFree(members, whole))
            return (rest, whole);
        foreach (var tail in Others(automaton.Keys, state))
        {
            whole = [.. key.Text, .. tail];
            if (IsFree(members, whole))
                return (tail, whole);
        }
        return null;
    }

    private static byte[] Unescaped(byte[] text)
    {
        using var document = JsonDocument.Parse((byte[])[(byte)'"', .. text, (byte)'"']);
        return Encoding.UTF8.GetBytes(document.RootElement.GetString()!);
    }

    /// <summary>
    /// Some ways to end a key or a string, for where the shortest one is used: numbers, then the shortest one for each next character.
    /// </summary>
    private IEnumerable<byte[]> Others(StringDfa strings, int state)
    {
        for (var i = 0; i < OtherValues; i++)
        {
            var digits = Digits(i);
            if (IsString(strings, state, digits))
                yield return digits;
        }
        foreach (var value in Suffixes.Plain)
        {
            var next = strings.Next(state, value);
            if (next > ByteDfa.Closed && _suffixes.Of(strings, next) is { } rest && !rest.Contains((byte)'\\'))
                yield return [value, .. rest[..^1]];
        }
    }

    private static byte[] Digits(int i) => Encoding.ASCII.GetBytes(i.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static bool IsFree(Members members, ReadOnlySpan<byte> key) =>
        !IsNamed(members.Rules, key) && members.Extra?.Contains(key) != true;

    /// <summary>A key that no property names and that is not used yet; null where none is found.</summary>
    private byte[]? UnnamedKey(ObjectFrame frame)
    {
        _hasChosenKey = true;
        var (members, start) = (frame.Members, frame.UnnamedStart);
        if (start == ByteDfa.Dead)
            return null;
        if (
            _suffixes.Of(automaton.Keys, start) is { } shortest
            && IsFree(members, shortest.AsSpan(..^1))
            && !shortest.Contains((byte)'\\')
        )
            return shortest[..^1];
        foreach (var key in Others(automaton.Keys, start))
        {
            if (IsFree(members, key))
                return key;
        }
        return null;
    }

    private static bool IsNamed(ObjectRules rules, ReadOnlySpan<byte> key)
    {
        foreach (var name in rules.Names)
        {
            if (key.SequenceEqual(name))
                return true;
        }
        return false;
    }

    private bool Close(ArrayFrame frame, bool isFirst, List<byte> into)
    {
        if (!frame.CanClose && frame.Ways.Length > 1)
            return Shortest(frame.Ways, (way, text) => Close(frame.Only(way), isFirst, text), into);
        while (!frame.CanClose)
        {
            if (!isFirst)
                into.Add((byte)',');
            isFirst = false;
            if (Add(frame, into) is not { } next)
                return false;
            frame = next;
        }
        into.Add((byte)']');
        return true;
    }

    private bool CloseAfterNext(ArrayFrame frame, List<byte> into) =>
        Shortest(frame.Ways, (way, text) => Add(frame.Only(way), text) is { } next && Close(next, false, text), into);

    /// <summary>The shortest of the texts that several ways ask for, each by itself.</summary>
    private static bool Shortest<T>(T[] ways, Func<T, List<byte>, bool> spell, List<byte> into)
    {
        List<byte>? best = null;
        foreach (var way in ways)
        {
            var text = new List<byte>();
            if (spell(way, text) && (best is null || text.Count < best.Count))
                best = text;
        }
        if (best is null)
            return false;
        into.AddRange(best);
        return true;
    }

    private ArrayFrame? Add(ArrayFrame frame, List<byte> into)
    {
        if (++_work > WorkLimit)
            return null;
        var best = new Best<ArrayFrame>();
        var one = frame.Only(frame.Ways[0]);
        // Languages without the items so far would be made for every text that is asked about.
        foreach (var (open, item) in frame.IsRead ? one.Unlike() : one.Alternatives)
        {
            if (Chosen(open, item) is var (next, value))
                best.Offer((ArrayFrame)next, open.Ways[0].Matched.Sum() - frame.Ways[0].Matched.Sum(), value);
        }
        if (best.Frame is null)
            return null;
        into.AddRange(best.Text!);
        return best.Frame;
    }

    /// <summary>A value that is not taken: the shortest, else a small number, as such or as a string, else one of the few there are.</summary>
    private byte[]? Other(NodeEntry entry, Taken? used)
    {
        if (Value(entry) is { } shortest && used?.Contains(Canonical(shortest)) != true)
            return shortest;
        for (var i = 0; i < OtherValues; i++)
        {
            var digits = Digits(i);
            if (entry.Numbers is { } numbers && IsNumber(numbers, digits) && used?.Contains(Canonical(digits)) != true)
                return digits;
            byte[] quoted = [(byte)'"', .. digits, (byte)'"'];
            if (IsString(automaton.Strings, entry.StringStart, digits) && used?.Contains(Canonical(quoted)) != true)
                return quoted;
        }
        var left = Completions.Values(automaton, entry, OtherValues)?.FirstOrDefault(value => used?.Contains(value) != true);
        return left is null ? null : new Taken(left, null).Spelled();
    }

    /// <summary>The shortest value of a canonical form. A shortest value never holds one of its own form, so those being looked for are left out.</summary>
    private byte[]? Value(NodeEntry entry)
    {
        if (_values.TryGetValue(entry, out var known))
            return known;
        if (++_work > WorkLimit)
            return null;
        if (!_open.Add(entry))
        {
            _isCut = true;
            return null;
        }
        var wasCut = _isCut;
        _isCut = false;
        byte[]? best = null;
        var node = entry.Node;
        if (node.Null)
            Offer([.. "null"u8]);
        if (node.True)
            Offer([.. "true"u8]);
        if (node.False)
            Offer([.. "false"u8]);
        if (entry.Numbers is { } numbers)
            Offer(_suffixes.Of(numbers, numbers.Start));
        if (entry.StringStart != ByteDfa.Dead && _suffixes.Of(automaton.Strings, entry.StringStart) is { } inside)
            Offer([(byte)'"', .. inside]);
        if (entry.Objects is { } objects)
        {
            List<byte> text = [(byte)'{'];
            Offer(Close(objects.Alone(), true, text) ? [.. text] : null);
        }
        foreach (var rules in entry.Arrays)
        {
            List<byte> text = [(byte)'['];
            Offer(Close(rules.Alone(), true, text) ? [.. text] : null);
        }
        _open.Remove(entry);
        // What was found while an outer form was left out may not be all there is.
        if (best is not null && (!_isCut || _open.Count == 0))
            _values[entry] = best;
        _isCut |= wasCut;
        return best;

        void Offer(byte[]? text)
        {
            if (text is not null && (best is null || text.Length < best.Length))
                best = text;
        }
    }

    private bool Reads(in Thread thread, List<byte> text)
    {
        List<Thread> threads = [thread],
            next = [];
        Automaton.Refuel();
        foreach (var value in text)
        {
            automaton.Step(threads, value, next);
            (threads, next) = (next, threads);
        }
        return threads.Exists(t => Automaton.CanEnd(t));
    }

    private static bool IsString(StringDfa strings, int state, ReadOnlySpan<byte> text)
    {
        foreach (var value in text)
        {
            if (state == ByteDfa.Dead)
                return false;
            state = strings.Next(state, value);
        }
        return state != ByteDfa.Dead && strings.CanClose(state);
    }

    private static bool IsNumber(ByteDfa numbers, ReadOnlySpan<byte> text)
    {
        var state = ((NumberDfa)numbers).Start;
        foreach (var value in text)
        {
            if (state == ByteDfa.Dead)
                return false;
            state = numbers.Next(state, value);
        }
        return state != ByteDfa.Dead && numbers.IsAccepting(state);
    }

    private static string Canonical(byte[] value)
    {
        using var document = JsonDocument.Parse(value);
        return CanonicalJson.Write(document.RootElement);
    }

    /// <summary>A key as it stands in JSON.</summary>
    public static byte[] Escaped(ReadOnlySpan<byte> key)
    {
        if (key.IndexOfAnyInRange((byte)0, (byte)0x1F) < 0 && key.IndexOfAny((byte)'"', (byte)'\\') < 0)
            return key.ToArray();
        var text = new List<byte>();
        foreach (var value in key)
        {
            if (value is (byte)'"' or (byte)'\\')
                text.Add((byte)'\\');
            if (value < 0x20)
                text.AddRange(Encoding.ASCII.GetBytes($"\\u{(int)value:x4}"));
            else
                text.Add(value);
        }
        return [.. text];
    }

    /// <summary>The best of several next steps: the highest rank, then the shortest.</summary>
    private struct Best<T>
        where T : class
    {
        public Best() { }

        public T? Frame { get; private set; }
        public byte[]? Text { get; private set; }
        public int Rank { get; private set; } = -1;

        public void Offer(T frame, int rank, byte[]? text)
        {
            if (text is null || rank < Rank || rank == Rank && text.Length >= Text!.Length)
                return;
            (Frame, Rank, Text) = (frame, rank, text);
        }
    }
}
