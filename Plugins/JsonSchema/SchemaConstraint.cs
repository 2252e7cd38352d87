using System.Numerics;
using Tokenwright.Plugins.JsonSchema.Machine;
using Tokenwright.Plugins.JsonSchema.Masks;
using Tokenwright.Plugins.JsonSchema.Regular;
using Thread = Tokenwright.Plugins.JsonSchema.Machine.Thread;

namespace Tokenwright.Plugins.JsonSchema;

/// <summary>A compiled schema over a vocabulary: which tokens may come next, and where each leads. Safe for concurrent use.</summary>
public sealed class SchemaConstraint
{
    private readonly Automaton _automaton;
    private readonly VocabularyTables _tables;
    private readonly int[] _endTokens;
    private readonly MaskCache _rootMasks = new();
    private readonly Stack<Scratch> _scratch = new();

    private sealed class Scratch(Automaton automaton, VocabularyTables tables)
    {
        public MaskWalk Walk { get; } = new(automaton, tables);
        public List<Thread> Threads { get; set; } = [];
        public List<Thread> Next { get; set; } = [];
        public HashSet<TokenSet> Held { get; } = [];
    }

    /// <summary>Joins a schema and a vocabulary.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="tables">The vocabulary.</param>
    /// <param name="endTokens">Tokens that end the text; allowed exactly when it is a whole document.</param>
    public SchemaConstraint(CompiledSchema schema, VocabularyTables tables, IEnumerable<int> endTokens)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(tables);
        Schema = schema;
        _automaton = schema.Automaton;
        _tables = tables;
        _endTokens = [.. endTokens];
        Start = new SchemaState(schema.Start, [], Spelling.Layout.Usual);
    }

    /// <summary>The schema.</summary>
    public CompiledSchema Schema { get; }

    /// <summary>The state of the empty text.</summary>
    public SchemaState Start { get; }

    /// <summary>Length of a mask in 64-bit words.</summary>
    public int Words => _tables.Words;

    /// <summary>Whether a token ends the text.</summary>
    public bool IsEnd(int token) => Array.IndexOf(_endTokens, token) >= 0;

    /// <summary>Whether the text may end here.</summary>
    public static bool CanEnd(in SchemaState state)
    {
        if (Automaton.CanEnd(state.First))
            return true;
        foreach (var thread in state.Others)
        {
            if (Automaton.CanEnd(thread))
                return true;
        }
        return false;
    }

    /// <summary>Overwrites a mask with the tokens that may come next: bit <c>id</c> of word <c>id / 64</c>.</summary>
    /// <param name="state">Where the text stands.</param>
    /// <param name="mask">At least <see cref="Words"/> words; further ones are cleared.</param>
    /// <exception cref="SchemaException">It took more work than the limit allows; the mask must not be used.</exception>
    public void FillMask(in SchemaState state, Span<ulong> mask)
    {
        Automaton.Refuel();
        if (state.Others.Length == 0)
            Mask(state.First).Fill(mask);
        else
            FillAll(state, mask);
        if (!CanEnd(state))
            return;
        foreach (var token in _endTokens)
            mask[token >> 6] |= 1ul << token;
    }

    private void FillAll(in SchemaState state, Span<ulong> mask)
    {
        var scratch = Rent();
        try
        {
            mask.Clear();
            Mask(state.First).Fill(mask, scratch.Held);
            foreach (var thread in state.Others)
                Mask(thread).Fill(mask, scratch.Held);
        }
        finally
        {
            scratch.Held.Clear();
            Return(scratch);
        }
    }

    /// <summary>The state after one more token, if it may come next; otherwise the same state. End tokens lead nowhere: they end the text.</summary>
    /// <exception cref="SchemaException">It took more work than the limit allows.</exception>
    public bool TryNext(in SchemaState state, int token, out SchemaState next)
    {
        // The caller may pass one variable as both.
        var from = state;
        var bytes = _tables.Bytes(token);
        if (!bytes.IsEmpty && Read(from, bytes, out next) == bytes.Length)
            return true;
        next = from;
        return false;
    }

    /// <summary>Reads bytes up to the first that may not come.</summary>
    /// <returns>How many were read; <paramref name="next"/> is the state after them.</returns>
    /// <exception cref="SchemaException">It took more work than the limit allows.</exception>
    internal int Read(in SchemaState state, ReadOnlySpan<byte> bytes, out SchemaState next)
    {
        var from = state;
        next = from;
        var scratch = Rent();
        try
        {
            Automaton.Refuel();
            var threads = scratch.Threads;
            var following = scratch.Next;
            threads.Clear();
            threads.Add(from.First);
            threads.AddRange(from.Others);
            var layout = from.Layout;
            var count = 0;
            for (; count < bytes.Length; count++)
            {
                _automaton.Step(threads, bytes[count], following);
                if (following.Count == 0)
                    break;
                layout = layout.Learn(threads[0], bytes[count]);
                (threads, following) = (following, threads);
            }
            next = new SchemaState(threads[0], threads.Count == 1 ? [] : [.. threads.Skip(1)], layout);
            return count;
        }
        catch (Exception error) when (error is FuelException or InsufficientExecutionStackException)
        {
            throw new SchemaException("", "", error.Message);
        }
        finally
        {
            Return(scratch);
        }
    }

    /// <summary>What a state waits for, in a few words, for people.</summary>
    public string Describe(in SchemaState state)
    {
        var first = state.First;
        var detail = first.Phase switch
        {
            Phase.Key => $" after '{System.Text.Encoding.UTF8.GetString(((KeyState)first.Detail!).Text)}'",
            Phase.String =>
                $" with {_automaton.Strings.StateCount} string states, {((StringDfa)first.Detail!).LanguageOf(first.State).Kind}",
            _ => "",
        };
        return $"{first.Phase}{detail}, {state.Others.Length + 1} way(s) to read the text";
    }

    /// <summary>How many tokens a mask allows.</summary>
    public static int Count(ReadOnlySpan<ulong> mask)
    {
        var count = 0;
        foreach (var word in mask)
            count += BitOperations.PopCount(word);
        return count;
    }

    private CompiledMask Mask(in Thread thread)
    {
        var cache = thread.Top is null ? _rootMasks : thread.Top.Masks ??= new MaskCache();
        var cacheable = TryKey(thread, out var key);
        if (cacheable && cache.Find(key) is { } known)
            return known;
        var scratch = Rent();
        try
        {
            var mask = scratch.Walk.Compute(thread);
            if (cacheable)
                cache.Add(key, mask);
            return mask;
        }
        catch (Exception error) when (error is FuelException or InsufficientExecutionStackException)
        {
            throw new SchemaException("", "", error.Message);
        }
        finally
        {
            Return(scratch);
        }
    }

    private bool TryKey(in Thread thread, out MaskKey key)
    {
        key = new(_tables, thread.Detail, thread.Phase, thread.Gap, thread.State, 0, 0, 0);
        if (thread.Text is not null)
            return false;
        if (thread.Phase == Phase.String)
        {
            key = key with { State = ((StringDfa)thread.Detail!).Canonical(thread.State, _tables.Trie.LongestToken) };
            return true;
        }
        if (thread.Phase != Phase.Key)
            return true;
        var typed = (KeyState)thread.Detail!;
        if (typed.Escape.Length > 0)
            return false;
        var members = ((ObjectFrame)thread.Top!).Members;
        for (var list = members.Extra; list is not null; list = list.Next)
        {
            if (list.Key.AsSpan().StartsWith(typed.Text))
                return false;
        }
        // Where keys have rules of their own the state does not tell which those are, only the text does; and in a token that runs on into a
        // second key, the text of this one decides about that.
        if (
            typed.Text.Length > 0
            && (thread.State != ByteDfa.Dead && !members.UnnamedIsUniform || _tables.MayRepeat(typed.Text, members.UnnamedIsRich))
        )
            return false;
        key = key with { Detail = typed.Text.Length == 0 ? typed : null };
        if (typed.Low < typed.High)
            key = key with { Low = typed.Low, High = typed.High, Length = typed.Text.Length };
        return true;
    }

    private Scratch Rent()
    {
        lock (_scratch)
            return _scratch.TryPop(out var scratch) ? scratch : new Scratch(_automaton, _tables);
    }

    private void Return(Scratch scratch)
    {
        lock (_scratch)
            _scratch.Push(scratch);
    }
}
