using System.Runtime.CompilerServices;
using Tokenwright.Plugins.JsonSchema.Machine;
using Tokenwright.Plugins.JsonSchema.Masks;
using Tokenwright.Plugins.JsonSchema.Regular;
using Thread = Tokenwright.Plugins.JsonSchema.Machine.Thread;

namespace Tokenwright.Plugins.JsonSchema.Spelling;

/// <summary>
/// Finds the ending after each token that lies wholly inside a document: tokens that begin alike are read once, a subtree whose tokens all
/// lead to one place is taken whole, and a place is asked for its ending once.
/// </summary>
internal sealed class EndingWalk
{
    private static readonly ConditionalWeakTable<Trie, bool[]> Broken = [];
    private readonly Automaton _automaton;
    private readonly Endings _endings;
    private readonly Trie _trie;
    private readonly byte[] _after;
    private readonly EndingsAhead.Builder _into;
    private readonly Dictionary<Thread, int> _groups = [];
    private readonly bool[] _breaksOff;
    private readonly List<List<Thread>> _lists = [];

    private EndingWalk(Automaton automaton, Endings endings, Trie trie, byte[] after, EndingsAhead.Builder into)
    {
        (_automaton, _endings, _trie, _after, _into) = (automaton, endings, trie, after, into);
        _breaksOff = Broken.GetValue(trie, FindBroken);
    }

    /// <summary>Reads all tokens from a state.</summary>
    /// <param name="automaton">The machine of the schema.</param>
    /// <param name="endings">Its endings.</param>
    /// <param name="trie">The vocabulary.</param>
    /// <param name="after">What stands after the document.</param>
    /// <param name="state">Where the document stands.</param>
    /// <param name="into">Receives the tokens.</param>
    /// <exception cref="SchemaException">It took more work than the limit allows.</exception>
    public static void Run(
        Automaton automaton,
        Endings endings,
        Trie trie,
        byte[] after,
        in SchemaState state,
        EndingsAhead.Builder into
    )
    {
        var walk = new EndingWalk(automaton, endings, trie, after, into);
        try
        {
            walk.Below(0, [state.First, .. state.Others]);
        }
        catch (Exception error) when (error is FuelException or InsufficientExecutionStackException)
        {
            throw new SchemaException("", "", error.Message);
        }
    }

    /// <summary>
    /// The place without the greatest length of its string, where any character may come next: the tokens allowed end alike, and all places
    /// of the string are one.
    /// </summary>
    public static Thread Unbounded(in Thread thread) =>
        thread.Phase == Phase.String
        && thread.Detail is StringDfa strings
        && strings.IsBounded(thread.State, out var unbounded, out var min, out _)
        && min == 0
        && strings.IsLoop(unbounded)
            ? thread with
            {
                State = unbounded,
            }
            : thread;

    private void Below(int node, List<Thread> threads)
    {
        var depth = _trie.Depth[node];
        if (_lists.Count == depth)
            _lists.Add([]);
        var next = _lists[depth];
        foreach (var child in _trie.Children(node))
        {
            Automaton.Refuel();
            _automaton.Step(threads, _trie.Bytes[child], next);
            if (next.Count == 0)
                continue;
            if (IsOnePlace(child, next))
            {
                _into.Add(Group(next), _trie.TokensBelow(child));
                continue;
            }
            if (_trie.Tokens(child) is { IsEmpty: false } tokens)
                _into.Add(Group(next), tokens);
            if (_trie.After[child] > child + 1)
                Below(child, next);
        }
    }

    private int Group(List<Thread> threads)
    {
        var place = Place(threads[0]);
        // A text of its own makes every place new.
        var isKept = threads.Count == 1 && place.Text is null;
        if (isKept && _groups.TryGetValue(place, out var known))
            return known;
        var ending = _endings.From(new SchemaState(threads[0], [.. threads.Skip(1)], default), out var hasChosenKey);
        var group = _into.Group(ending is null || _after.Length == 0 ? ending : [.. ending, .. _after]);
        if (isKept && (place == threads[0] || !hasChosenKey))
            _groups.Add(place, group);
        return group;
    }

    /// <summary>What decides how the text ends: of a key that is like any other not what was typed of it.</summary>
    private static Thread Place(in Thread thread) => IsLikeAny(thread) ? thread with { Detail = null } : thread;

    /// <summary>Whether all tokens at and below a node end as the thread does that read it.</summary>
    private bool IsOnePlace(int node, List<Thread> threads)
    {
        var thread = threads[0];
        if (threads.Count > 1 || thread.Text is not null || _trie.After[node] - node <= Trie.SmallSubtree || _breaksOff[node])
            return false;
        if (thread.Phase == Phase.String)
            return IsIdle(node, (StringDfa)thread.Detail!, thread.State);
        if (!IsLikeAny(thread) || !IsIdle(node, _automaton.Keys, thread.State))
            return false;
        Group(threads);
        return _groups.ContainsKey(Place(thread));
    }

    private bool IsIdle(int node, StringDfa strings, int state) =>
        strings.IsBetweenCharacters(state) && _trie.IsSpelledWith(node, strings.Idle(state, _trie.Alphabet));

    // Whether a key can become no name and repeat no other key, and all such keys have one kind of value: then the state of its automaton
    // decides how it ends, as long as no further key is chosen.
    private static bool IsLikeAny(in Thread thread)
    {
        if (thread.Phase != Phase.Key || thread.State == ByteDfa.Dead || thread.Text is not null)
            return false;
        var key = (KeyState)thread.Detail!;
        var members = ((ObjectFrame)thread.Top!).Members;
        if (key.Low < key.High || key.Escape.Length > 0 || !members.UnnamedIsUniform)
            return false;
        for (var used = members.Extra; used is not null; used = used.Next)
        {
            if (used.Key.AsSpan().StartsWith(key.Text))
                return false;
        }
        return Array.TrueForAll(members.Ways, way => members.Rules.Cases[way.Case].Unnamed.IsRich);
    }

    // Whether some token at or below a node ends inside a character: that is another place than after it.
    private static bool[] FindBroken(Trie trie)
    {
        var left = new sbyte[trie.Count];
        var broken = new bool[trie.Count];
        for (var node = 1; node < trie.Count; node++)
        {
            var open = left[trie.Parent[node]];
            left[node] = (sbyte)(open > 0 ? open - 1 : Math.Max(0, Alphabet.Following(trie.Bytes[node])));
        }
        for (var node = trie.Count - 1; node > 0; node--)
        {
            broken[node] |= left[node] > 0 && !trie.Tokens(node).IsEmpty;
            broken[trie.Parent[node]] |= broken[node];
        }
        return broken;
    }
}
