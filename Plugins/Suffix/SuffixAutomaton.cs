using System.Numerics;

namespace Tokenwright.Plugins.Suffix;

/// <summary>Every substring of a growing text as a path from the root, with how often it occurs.</summary>
/// <remarks>
/// The online suffix automaton (Blumer et al., 1985): at most 2n states and 3n edges for n tokens, amortised constant time per token. Counts
/// are kept for substrings of at most <paramref name="maxContext"/> tokens, which bounds the walk along suffix links at every token.
/// </remarks>
/// <param name="maxContext">The longest substring whose occurrences are counted, at least 1.</param>
/// <param name="expected">Tokens up to which nothing is allocated after construction.</param>
public sealed class SuffixAutomaton(int maxContext, int expected)
{
    /// <summary>The state of the empty substring.</summary>
    public const int Root = 0;

    private const int None = -1;

    private State[] _states = NewStates(2 * expected + 2);
    private Edge[] _edges = new Edge[3 * expected + 2];
    private int[] _slots = NewSlots(3 * expected + 2);
    private int _edgeCount;
    private int _last;
    private int _context;
    private int _contextLength;

    /// <summary>Number of states, the root included.</summary>
    public int StateCount { get; private set; } = 1;

    /// <summary>Number of edges.</summary>
    public int EdgeCount => _edgeCount;

    /// <summary>Number of tokens.</summary>
    public int Length => _states[_last].Length;

    /// <summary>The state of the last tokens, as many of them as are counted. It occurs at least once: at the end of the text.</summary>
    public int Context => _context;

    /// <summary>The state of the longest proper suffix that occurs elsewhere too; −1 for the root.</summary>
    public int Link(int state) => _states[state].Link;

    /// <summary>The length of the longest substring of a state.</summary>
    public int LongestOf(int state) => _states[state].Length;

    /// <summary>How often the substrings of a state occur; exact where the shortest of them is counted, else 0.</summary>
    public int Count(int state) => _states[state].Count;

    /// <summary>The first edge of a state, the latest added; −1 for none.</summary>
    public int FirstEdge(int state) => _states[state].FirstEdge;

    /// <summary>The next edge of the same state; −1 after the last.</summary>
    public int NextEdge(int edge) => _edges[edge].Next;

    /// <summary>The token of an edge.</summary>
    public int Token(int edge) => _edges[edge].Token;

    /// <summary>The state to which an edge leads.</summary>
    public int Target(int edge) => _edges[edge].Target;

    /// <summary>The state after a token; −1 where it never followed.</summary>
    public int Follow(int state, int token)
    {
        int edge = _slots[Slot(state, token)];
        return edge < 0 ? None : _edges[edge].Target;
    }

    /// <summary>Appends a token.</summary>
    public void Append(int token)
    {
        int state = NewState(_states[_last].Length + 1, 0);
        int p = _last;
        _last = state;
        int next = None;
        while (p != None && (next = Follow(p, token)) == None)
        {
            AddEdge(p, token, state);
            p = _states[p].Link;
        }

        _states[state].Link = p == None ? Root : Split(p, token, next);
        MoveContext(token);
    }

    // The state to link to: that of exactly the suffixes which end at p followed by the token, cut off from longer ones if need be.
    private int Split(int p, int token, int next)
    {
        if (_states[next].Length == _states[p].Length + 1)
        {
            return next;
        }

        int clone = NewState(_states[p].Length + 1, _states[next].Link);
        _states[clone].Count = _states[next].Count;
        CopyEdges(next, clone);
        for (; p != None && Follow(p, token) == next; p = _states[p].Link)
        {
            _edges[_slots[Slot(p, token)]].Target = clone;
        }

        _states[next].Link = clone;
        return clone;
    }

    private void MoveContext(int token)
    {
        // The context may have been cut off from its state by the split just made.
        while (_contextLength <= LinkLength(_context))
        {
            _context = _states[_context].Link;
        }

        _context = Follow(_context, token);
        _contextLength++;
        if (_contextLength > maxContext)
        {
            _contextLength = maxContext;
        }

        while (_contextLength <= LinkLength(_context))
        {
            _context = _states[_context].Link;
        }

        for (int s = _context; s != Root; s = _states[s].Link)
        {
            _states[s].Count++;
        }

        _states[Root].Count++;
    }

    private int LinkLength(int state) => state == Root ? None : _states[_states[state].Link].Length;

    // Copied in their order, so that walking a clone's edges finds what walking the original's does.
    private void CopyEdges(int from, int to)
    {
        int previous = None;
        for (int edge = _states[from].FirstEdge; edge != None; edge = _edges[edge].Next)
        {
            int copy = NewEdge(to, _edges[edge].Token, _edges[edge].Target);
            if (previous == None)
            {
                _states[to].FirstEdge = copy;
            }
            else
            {
                _edges[previous].Next = copy;
            }

            previous = copy;
        }
    }

    private void AddEdge(int state, int token, int target)
    {
        int edge = NewEdge(state, token, target);
        _edges[edge].Next = _states[state].FirstEdge;
        _states[state].FirstEdge = edge;
    }

    private int NewState(int length, int link)
    {
        if (StateCount == _states.Length)
        {
            Array.Resize(ref _states, StateCount * 2);
        }

        _states[StateCount] = new State
        {
            Length = length,
            Link = link,
            FirstEdge = None,
        };
        return StateCount++;
    }

    private int NewEdge(int state, int token, int target)
    {
        if (_edgeCount == _edges.Length)
        {
            Array.Resize(ref _edges, _edgeCount * 2);
        }

        if (2 * _edgeCount >= _slots.Length)
        {
            _slots = NewSlots(_edges.Length);
            for (int i = 0; i < _edgeCount; i++)
            {
                _slots[Slot(_edges[i].From, _edges[i].Token)] = i;
            }
        }

        _edges[_edgeCount] = new Edge
        {
            From = state,
            Token = token,
            Target = target,
            Next = None,
        };
        _slots[Slot(state, token)] = _edgeCount;
        return _edgeCount++;
    }

    private int Slot(int state, int token)
    {
        ulong hash = ((ulong)(uint)state << 32 | (uint)token) * 0x9E3779B97F4A7C15;
        int mask = _slots.Length - 1;
        int at = (int)(hash >> 32) & mask;
        while (_slots[at] >= 0 && (_edges[_slots[at]].From != state || _edges[_slots[at]].Token != token))
        {
            at = (at + 1) & mask;
        }

        return at;
    }

    private static State[] NewStates(int count)
    {
        var states = new State[count];
        states[Root] = new State { Link = None, FirstEdge = None };
        return states;
    }

    private static int[] NewSlots(int edges)
    {
        var slots = new int[(int)BitOperations.RoundUpToPowerOf2((uint)edges * 2)];
        Array.Fill(slots, None);
        return slots;
    }

    private struct State
    {
        public int Length;
        public int Link;
        public int Count;
        public int FirstEdge;
    }

    private struct Edge
    {
        public int From;
        public int Token;
        public int Target;
        public int Next;
    }
}
