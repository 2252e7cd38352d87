using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Machine;
using Tokenwright.Plugins.JsonSchema.Numbers;
using Tokenwright.Plugins.JsonSchema.Regular;
using Thread = Tokenwright.Plugins.JsonSchema.Machine.Thread;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>
/// Finds the tokens that one thread allows. Lexemes are walked by their automata alone and the results shared; only what crosses the
/// end of a lexeme goes through the structural machine. Not safe for concurrent use; callers keep one each.
/// </summary>
internal sealed partial class MaskWalk(Automaton automaton, VocabularyTables tables)
{
    private const int SmallSubtree = 24;
    private const int SmallSegment = 64;
    public const int CacheLimit = 20_000;
    private const int ProfileLimit = 64;
    private static readonly byte[] ValueFollowers = [.. ",]} \t\r\n"u8];
    private ulong[] _own = [];
    private readonly List<int> _tokens = [];
    private readonly List<TokenSet> _shared = [];
    private TokenSet[] _lastShared = [];
    private readonly Stack<List<Thread>> _lists = new();
    private readonly List<(Trie Trie, int Node, int Only)> _ends = [];
    private MaskWalk? _inner;

    // Whether some of what is found is to be removed again, which shared sets do not allow.
    private bool _keepsOwn;

    // The tokens of masks that live as long as the schema.
    private readonly Arena<int> _kept = new();

    public CompiledMask Compute(in Thread thread) => Compute(tables.Trie, 0, thread, _kept);

    private CompiledMask Compute(Trie trie, int node, in Thread thread, Arena<int>? kept)
    {
        _tokens.Clear();
        _shared.Clear();
        _own = tables.RentMask();
        try
        {
            Walk(trie, node, thread);
            // Masks of one place mostly share the same sets.
            if (!_lastShared.AsSpan().SequenceEqual(CollectionsMarshal.AsSpan(_shared)))
                _lastShared = [.. _shared];
            return new CompiledMask(_lastShared, kept?.Keep(CollectionsMarshal.AsSpan(_tokens)) ?? _tokens.ToArray());
        }
        finally
        {
            foreach (var token in _tokens)
                _own[token >> 6] = 0;
            tables.ReturnMask(_own);
        }
    }

    private void Add(ReadOnlySpan<int> tokens)
    {
        foreach (var token in tokens)
        {
            var bit = 1ul << token;
            if ((_own[token >> 6] & bit) != 0)
                continue;
            _own[token >> 6] |= bit;
            _tokens.Add(token);
        }
    }

    /// <summary>Takes tokens out again, but for the first so many that were found: another way to read the text allows those.</summary>
    private void Remove(ReadOnlySpan<int> tokens, int found)
    {
        var some = false;
        foreach (var token in tokens)
        {
            some |= (_own[token >> 6] >> token & 1) != 0;
            _own[token >> 6] &= ~(1ul << token);
        }
        if (!some)
            return;
        for (var i = 0; i < found; i++)
            _own[_tokens[i] >> 6] |= 1ul << _tokens[i];
        var kept = found;
        for (var i = found; i < _tokens.Count; i++)
        {
            if ((_own[_tokens[i] >> 6] >> _tokens[i] & 1) != 0)
                _tokens[kept++] = _tokens[i];
        }
        _tokens.RemoveRange(kept, _tokens.Count - kept);
    }

    private void Share(TokenSet set)
    {
        if (set.IsEmpty)
            return;
        if (_keepsOwn || set.Bits is null && set.List.Length < 16)
            AddSet(set);
        else if (!_shared.Contains(set))
            _shared.Add(set);
    }

    private List<Thread> Rent() => _lists.TryPop(out var list) ? list : new List<Thread>(4);

    private void Return(List<Thread> list)
    {
        list.Clear();
        _lists.Push(list);
    }

    /// <summary>Adds the tokens below a node that the thread allows; the node's own bytes have been read.</summary>
    private void Walk(Trie trie, int node, in Thread thread)
    {
        if (trie.After[node] == node + 1)
            return;
        switch (thread.Phase)
        {
            case Phase.String:
                WalkString(trie, node, thread);
                return;
            case Phase.Number:
                WalkNumber(trie, node, thread);
                return;
            case Phase.Key:
                WalkKey(trie, node, thread);
                return;
            case Phase.Done:
                return;
            case Phase.Hole:
                _ends.Add((trie, node, node));
                return;
            case Phase.Value
            or Phase.Colon
                when thread.Text is null
                    && thread.Top is not HoleFrame
                    && trie.After[node] - node > SmallSegment
                    && ((NodeEntry)thread.Detail!).IsShared:
                WalkSegment(trie, node, thread);
                return;
            case Phase.FirstItem or Phase.NextItem when !((ArrayFrame)thread.Top!).IsRead:
                WalkItems(trie, node, thread, (ArrayFrame)thread.Top);
                return;
            case Phase.Literal:
                Each(trie, node, thread);
                return;
        }
        if (thread.Gap < automaton.MaxGap)
        {
            if (trie.HasChild(node, " \n\t\r"u8))
            {
                var spaces = Spaces(trie, node, thread);
                Share(spaces.Inside);
                Walk(spaces.AfterSpace, 0, thread with { Gap = (byte)automaton.MaxGap });
            }
        }
        Each(trie, node, thread);
    }

    /// <summary>Steps the thread over every child byte that could begin something here, white space aside.</summary>
    private void Each(Trie trie, int node, in Thread thread)
    {
        switch (thread.Phase)
        {
            case Phase.Value:
                EachValue(trie, node, thread, (NodeEntry)thread.Detail!);
                return;
            case Phase.FirstItem or Phase.NextItem:
                EachItem(trie, node, thread);
                return;
            case Phase.FirstKey:
                Take(trie, node, (byte)'"', thread);
                Take(trie, node, (byte)'}', thread);
                return;
            case Phase.NextKey:
                Take(trie, node, (byte)'"', thread);
                return;
            case Phase.Colon:
                Take(trie, node, (byte)':', thread);
                return;
            case Phase.AfterProperty:
                Take(trie, node, (byte)',', thread);
                Take(trie, node, (byte)'}', thread);
                return;
            case Phase.AfterItem:
                Take(trie, node, (byte)',', thread);
                Take(trie, node, (byte)']', thread);
                return;
            case Phase.Literal:
                foreach (var b in trie.ChildBytes(node))
                    Take(trie, node, b, thread);
                return;
        }
    }

    /// <summary>Reads a value apart from what holds it, then what may follow in what holds it.</summary>
    private void WalkSegment(Trie trie, int node, in Thread thread)
    {
        var entry = (NodeEntry)thread.Detail!;
        var key = (node, entry, thread.Phase == Phase.Colon, (automaton.MaxGap - thread.Gap) << 16 | automaton.MaxGap);
        if (!trie.Segments.TryGetValue(key, out var segment))
        {
            if (trie.Segments.Count > CacheLimit)
                trie.ForgetWalks();
            segment = trie.Segments.GetOrAdd(key, (_inner ??= new MaskWalk(automaton, tables)).FindSegment(trie, node, thread));
        }
        foreach (var set in segment.Mask.Shared)
            Share(set);
        Add(segment.Mask.Own);
        if (segment.Crossing.Count == 1 || thread.Top is null)
            return;
        var next = Rent();
        Automaton.Finish(thread, null, next);
        for (var i = 0; i < next.Count; i++)
            Walk(segment.Crossing, 0, next[i]);
        Return(next);
    }

    private Segment FindSegment(Trie trie, int node, in Thread thread)
    {
        _ends.Clear();
        var mask = Compute(trie, node, thread with { Top = HoleFrame.Instance }, kept: null);
        return new Segment(mask, LexemeMask.Merge(_ends));
    }

    private void WalkItems(Trie trie, int node, in Thread thread, ArrayFrame array)
    {
        foreach (var (after, item) in array.Alternatives)
            Walk(trie, node, thread with { Phase = Phase.Value, Detail = item, Top = after });
        if (thread.Phase != Phase.FirstItem || !array.CanClose)
            return;
        Take(trie, node, (byte)']', thread);
        if (thread.Gap == automaton.MaxGap || !trie.HasChild(node, " \n\t\r"u8))
            return;
        var spaces = Spaces(trie, node, thread);
        Share(spaces.Inside);
        Take(spaces.AfterSpace, 0, (byte)']', thread with { Gap = (byte)automaton.MaxGap });
    }

    private LexemeMask Spaces(Trie trie, int node, in Thread thread) =>
        trie.Spaces.GetOrAdd(
            (node, Math.Min(automaton.MaxGap - thread.Gap, trie.LongestToken)),
            static (k, from) => LexemeMask.Space(from.Trie, k.Node, k.Left, from.Words),
            (Trie: trie, tables.Words)
        );

    private void EachItem(Trie trie, int node, in Thread thread)
    {
        if (thread.Phase == Phase.FirstItem)
            Take(trie, node, (byte)']', thread);
        foreach (var b in "\"{[tfn-0123456789"u8)
            Take(trie, node, b, thread);
    }

    private void EachValue(Trie trie, int node, in Thread thread, NodeEntry entry)
    {
        if (entry.StringStart != ByteDfa.Dead)
            Take(trie, node, (byte)'"', thread);
        if (entry.Objects is not null)
            Take(trie, node, (byte)'{', thread);
        if (entry.Arrays.Length > 0)
            Take(trie, node, (byte)'[', thread);
        if (entry.Node.True)
            Take(trie, node, (byte)'t', thread);
        if (entry.Node.False)
            Take(trie, node, (byte)'f', thread);
        if (entry.Node.Null)
            Take(trie, node, (byte)'n', thread);
        if (entry.Numbers is not { } numbers)
            return;
        if (thread.Text is null)
        {
            WalkNumber(trie, node, new(Phase.Number, 0, numbers.Start, numbers, thread.Top, null));
            return;
        }
        Take(trie, node, (byte)'-', thread);
        for (var digit = (byte)'0'; digit <= '9'; digit++)
            Take(trie, node, digit, thread);
    }

    private void Take(Trie trie, int node, byte value, in Thread thread)
    {
        var child = trie.Child(node, value);
        if (child >= 0)
            Enter(trie, child, value, thread);
    }

    /// <summary>Reads the byte of a node and goes on below it.</summary>
    private void Enter(Trie trie, int child, byte value, in Thread thread)
    {
        Fuel.Spend();
        var next = Rent();
        automaton.Step(thread, value, next);
        if (next.Count > 0)
            Add(trie.Tokens(child));
        for (var i = 0; i < next.Count; i++)
            Walk(trie, child, next[i]);
        Return(next);
    }

    /// <summary>Reads all bytes of a subtree one by one: for small subtrees and rare places.</summary>
    private void Plain(Trie trie, int node, in Thread thread)
    {
        var bytes = trie.ChildBytes(node);
        var children = trie.Children(node);
        for (var i = 0; i < bytes.Length; i++)
        {
            var next = Rent();
            automaton.Step(thread, bytes[i], next);
            if (next.Count > 0)
                Add(trie.Tokens(children[i]));
            for (var j = 0; j < next.Count; j++)
            {
                if (next[j].Phase is Phase.String or Phase.Number or Phase.Key)
                    Plain(trie, children[i], next[j]);
                else
                    Walk(trie, children[i], next[j]);
            }
            Return(next);
        }
    }

    private LexemeMask Lexeme(Trie trie, int node, ByteDfa dfa, int state)
    {
        if (trie.Lexemes.TryGetValue((node, dfa, state), out var known))
            return known;
        var mask = FindLexeme(trie, node, dfa, state);
        if (trie.Lexemes.Count > CacheLimit)
            trie.ForgetWalks();
        return trie.Lexemes.GetOrAdd((node, dfa, state), mask);
    }

    private LexemeMask FindLexeme(Trie trie, int node, ByteDfa dfa, int state)
    {
        if (dfa is StringDfa strings)
        {
            if (strings.IsBounded(state, out var unbounded, out var min, out var max))
            {
                if (strings.IsLoop(unbounded))
                    return Lengths(trie, node, strings, unbounded).Mask(min, max);
                if (LexemeMask.Walk(trie, node, strings, unbounded, tables.Words, new(min, max)) is { } bounded)
                    return bounded;
            }
            if (strings.IsOpen(state))
                return Lexeme(trie, node, strings, strings.Start(strings.Pool.All)).Open(node, strings, state);
        }
        return LexemeMask.Walk(trie, node, dfa, state, tables.Words)!;
    }

    private LengthProfile Lengths(Trie trie, int node, StringDfa strings, int start)
    {
        var key = (node, strings, start);
        if (trie.Lengths.TryGetValue(key, out var known))
            return known;
        // Each holds a number for every token.
        if (trie.Lengths.Count >= ProfileLimit)
            trie.Lengths.Clear();
        return trie.Lengths.GetOrAdd(key, new LengthProfile(trie, node, strings, start, tables.Words));
    }

    private void WalkString(Trie trie, int node, in Thread thread)
    {
        if (trie.After[node] - node <= SmallSubtree)
        {
            Plain(trie, node, thread);
            return;
        }
        var strings = (StringDfa)thread.Detail!;
        var lexeme = Lexeme(trie, node, strings, strings.Canonical(thread.State, tables.Trie.LongestToken));
        Share(lexeme.Inside);
        if (thread.Text is not null)
        {
            // Each ending has a text of its own, and the text decides what may follow.
            if (thread.Top!.Pending is not { Barred: not null } pending)
                Share(lexeme.Closing);
            else if (!CloseUnlike(trie, node, lexeme, thread, pending))
            {
                foreach (var end in lexeme.Closings)
                    Replay(trie, node, end, thread);
                return;
            }
            foreach (var end in lexeme.Ends)
                Replay(trie, node, end, thread);
            return;
        }
        var next = Rent();
        Automaton.Finish(thread, null, next);
        if (next.Count > 0)
            Share(lexeme.Closing);
        for (var i = 0; i < next.Count; i++)
        {
            if (next[i].Phase != Phase.Done)
                Walk(lexeme.Crossing, 0, next[i]);
        }
        Return(next);
    }

    /// <summary>
    /// Adds the tokens that close a string without an escape, but for those with which it is one that it must differ from; false where it has an
    /// escape already, and is to be compared by what it means.
    /// </summary>
    private bool CloseUnlike(Trie trie, int node, LexemeMask lexeme, in Thread thread, Pending pending)
    {
        var read = Capture.Text(pending.Start, thread.Text).AsSpan();
        read = read[(read.IndexOf((byte)'"') + 1)..];
        if (read.Contains((byte)'\\'))
            return false;
        var found = _tokens.Count;
        var barred = new List<int>();
        for (var list = pending.Barred; list is not null; list = list.Next)
        {
            if (
                list.Value.ValueKind == JsonValueKind.String
                && Encoding.UTF8.GetBytes(list.Value.GetString()!) is var text
                && text.AsSpan().StartsWith(read)
                && FindClosing(trie, node, text.AsSpan(read.Length)) is var end and >= 0
            )
                barred.Add(end);
        }
        if (barred.Count == 0)
        {
            Share(lexeme.CleanClosing);
            return true;
        }
        AddSet(lexeme.CleanClosing);
        foreach (var end in barred)
            Remove(trie.Tokens(end), found);
        return true;
    }

    /// <summary>The node at which a string closes whose rest is spelled without an escape, or -1.</summary>
    private static int FindClosing(Trie trie, int node, ReadOnlySpan<byte> rest)
    {
        foreach (var value in rest)
        {
            if (value is < 0x20 or (byte)'"' or (byte)'\\' || (node = trie.Child(node, value)) < 0)
                return -1;
        }
        return trie.Child(node, (byte)'"');
    }

    private void Replay(Trie trie, int node, int end, in Thread thread)
    {
        var threads = Rent();
        var next = Rent();
        threads.Add(thread);
        var at = node;
        foreach (var value in trie.Path(node, end, stackalloc byte[Trie.LongestPath]))
        {
            automaton.Step(threads, value, next);
            (threads, next) = (next, threads);
            at = trie.Child(at, value);
            // The value that is walked apart ends on the way: of what may follow, only this way is meant.
            if (at != end && threads.Exists(t => t.Phase == Phase.Hole))
                _ends.Add((trie, at, end));
            if (threads.Count == 0)
                break;
        }
        if (threads.Count > 0)
        {
            Add(trie.Tokens(end));
            for (var i = 0; i < threads.Count; i++)
                Walk(trie, end, threads[i]);
        }
        Return(threads);
        Return(next);
    }

    private void WalkNumber(Trie trie, int node, in Thread thread)
    {
        if (trie.After[node] - node <= SmallSubtree)
        {
            Plain(trie, node, thread);
            return;
        }
        var lexeme = Lexeme(trie, node, (NumberDfa)thread.Detail!, thread.State);
        Share(lexeme.Inside);
        if (thread.Top is null)
            return;
        if (((NumberDfa)thread.Detail!).IsAccepting(thread.State))
            Follow(trie, node, thread);
        if (lexeme.Ends.Length == 0)
            return;
        if (thread.Text is not null)
        {
            foreach (var end in lexeme.Ends)
                ReplayNumber(trie, node, end, thread);
            return;
        }
        var next = Rent();
        Automaton.Finish(thread, null, next);
        for (var i = 0; i < next.Count; i++)
            Walk(lexeme.Crossing, 0, next[i]);
        Return(next);
    }

    /// <summary>A number ends with the byte after it, so its followers are read one by one from the number itself.</summary>
    private void ReplayNumber(Trie trie, int node, int end, in Thread thread)
    {
        var threads = Rent();
        var next = Rent();
        threads.Add(thread);
        foreach (var value in trie.Path(node, end, stackalloc byte[Trie.LongestPath]))
        {
            automaton.Step(threads, value, next);
            (threads, next) = (next, threads);
        }
        for (var i = 0; i < threads.Count; i++)
            Follow(trie, end, threads[i]);
        Return(threads);
        Return(next);
    }

    /// <summary>A number ends with the byte after it: reads that byte, and what follows.</summary>
    private void Follow(Trie trie, int node, in Thread number)
    {
        if (number.Text is null)
        {
            var next = Rent();
            Automaton.Finish(number, null, next);
            for (var i = 0; i < next.Count; i++)
                Walk(trie, node, next[i]);
            Return(next);
            return;
        }
        foreach (var value in ValueFollowers)
            Take(trie, node, value, number);
    }

    private void AddSet(TokenSet set)
    {
        Add(set.List);
        if (set.Bits is not { } bits)
            return;
        for (var word = 0; word < bits.Length; word++)
        {
            for (var rest = bits[word]; rest != 0; rest &= rest - 1)
                Add([word * 64 + System.Numerics.BitOperations.TrailingZeroCount(rest)]);
        }
    }
}
