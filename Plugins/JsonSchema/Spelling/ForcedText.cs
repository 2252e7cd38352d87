using Tokenwright.Plugins.JsonSchema.Machine;
using Tokenwright.Plugins.JsonSchema.Regular;
using Thread = Tokenwright.Plugins.JsonSchema.Machine.Thread;

namespace Tokenwright.Plugins.JsonSchema.Spelling;

/// <summary>Spells what must come next in a document, up to the first real choice.</summary>
/// <remarks>
/// A hint: white space is what the text has shown so far, and where keys may come in any order the next one is taken that the schema
/// lists. Strings are spelled without escapes where they can be, and an object that only unknown keys could lengthen is closed.
/// </remarks>
internal sealed class ForcedText(Automaton automaton)
{
    private const int Choice = -1;

    /// <summary>Spells what must come next.</summary>
    /// <param name="state">Where the text stands.</param>
    /// <param name="most">The most bytes.</param>
    /// <param name="into">Receives the bytes.</param>
    /// <returns>Whether the document is complete with them and nothing can follow.</returns>
    public bool Spell(in SchemaState state, int most, List<byte> into)
    {
        var layout = state.Layout;
        List<Thread> threads = [state.First, .. state.Others],
            next = [];
        var piece = new List<byte>();
        Automaton.Refuel();
        while (into.Count < most)
        {
            if (threads.TrueForAll(thread => thread.Phase == Phase.Done))
                return true;
            var value = Next(threads[0]);
            for (var i = 1; i < threads.Count && value != Choice; i++)
            {
                if (Next(threads[i]) != value)
                    value = Choice;
            }
            if (value == Choice)
                return false;
            piece.Clear();
            layout.Space(threads[0], (byte)value, piece);
            piece.Add((byte)value);
            layout = layout.Learn(threads[0], (byte)value);
            foreach (var b in piece)
            {
                automaton.Step(threads, b, next);
                // A gap may be full already.
                if (next.Count == 0)
                    return false;
                (threads, next) = (next, threads);
            }
            into.AddRange(piece);
        }
        return false;
    }

    private static int Next(in Thread thread)
    {
        switch (thread.Phase)
        {
            case Phase.Literal:
                return Automaton.Literals[thread.State][thread.Gap];
            case Phase.Colon:
                return ':';
            case Phase.NextKey:
                return '"';
            case Phase.Key:
                return InKey((KeyState)thread.Detail!, (ObjectFrame)thread.Top!);
            case Phase.FirstKey or Phase.AfterProperty:
                var frame = (ObjectFrame)thread.Top!;
                var isNamed = NextName(frame, 0, frame.Members.Rules.Names.Length) >= 0;
                return frame.CanClose ? (isNamed ? Choice : '}')
                    : thread.Phase == Phase.FirstKey ? '"'
                    : ',';
            case Phase.AfterItem or Phase.FirstItem or Phase.NextItem:
                return InArray(thread.Phase, (ArrayFrame)thread.Top!);
            case Phase.Value:
                return InValue((NodeEntry)thread.Detail!);
            case Phase.String or Phase.Number:
                return Only((ByteDfa)thread.Detail!, thread.State);
            default:
                return Choice;
        }
    }

    // The first listed key after those that were used, else the first that is missing.
    private static int NextName(ObjectFrame frame, int low, int high)
    {
        var members = frame.Members;
        int last = -1,
            missing = -1;
        var shape = members.Lead;
        foreach (var name in shape.ListedOrder)
        {
            if (members.Has(name))
                last = shape.Rank(name);
        }
        foreach (var name in shape.ListedOrder)
        {
            if (name < low || name >= high || !frame.CanAdd(name))
                continue;
            if (shape.Rank(name) > last)
                return name;
            if (missing < 0 && shape.IsMissing(members.Seen, name))
                missing = name;
        }
        return missing;
    }

    private static int InKey(KeyState key, ObjectFrame frame)
    {
        if (key.Escape.Length > 0)
            return Choice;
        var name = NextName(frame, key.Low, key.High);
        if (name < 0)
            return Choice;
        var text = frame.Members.Rules.Names[name];
        if (text.Length == key.Text.Length)
            return '"';
        var value = text[key.Text.Length];
        return value < 0x20 || value is (byte)'"' or (byte)'\\' ? Choice : value;
    }

    private static int InArray(Phase phase, ArrayFrame frame)
    {
        if (phase != Phase.NextItem && frame.CanClose)
            return frame.Alternatives.Length == 0 ? ']' : Choice;
        if (phase == Phase.AfterItem)
            return ',';
        var value = Choice;
        foreach (var (_, item) in frame.Alternatives)
        {
            var first = InValue(item);
            if (first == Choice || value != Choice && value != first)
                return Choice;
            value = first;
        }
        return value;
    }

    private static int InValue(NodeEntry entry)
    {
        var node = entry.Node;
        var kinds =
            (entry.StringStart != ByteDfa.Dead ? 1 : 0)
            + (entry.Objects is not null ? 1 : 0)
            + (entry.Arrays.Length > 0 ? 1 : 0)
            + (node.Null ? 1 : 0)
            + (node.True ? 1 : 0)
            + (node.False ? 1 : 0)
            + (entry.Numbers is null ? 0 : 1);
        if (kinds != 1)
            return Choice;
        return entry.Numbers is { } numbers ? Only(numbers, numbers.Start)
            : entry.StringStart != ByteDfa.Dead ? '"'
            : entry.Objects is not null ? '{'
            : entry.Arrays.Length > 0 ? '['
            : node.Null ? 'n'
            : node.True ? 't'
            : 'f';
    }

    // An escape is another spelling of what can be spelled without.
    private static int Only(ByteDfa dfa, int state)
    {
        if (dfa.IsAccepting(state))
            return Choice;
        var only = Choice;
        for (var value = 0; value < 256; value++)
        {
            if (value == '\\' || dfa.Next(state, (byte)value) == ByteDfa.Dead)
                continue;
            if (only != Choice)
                return Choice;
            only = value;
        }
        return only;
    }
}
