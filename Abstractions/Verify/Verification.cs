using System.Diagnostics;

namespace Tokenwright;

/// <summary>One step's verification: the tree, the target's shaped distributions at its nodes, the draws, and the decision.</summary>
/// <remarks>
/// Nodes are shaped lazily, each with its own path, and only the nodes a verifier visits. One object per sequence, reused from step to step;
/// allocates nothing after warm-up.
/// </remarks>
public sealed class Verification
{
    private readonly Generation _generation;
    private readonly ShapeChain _shape;
    private readonly int _stateCount;
    private readonly List<Distribution> _pool = [];
    private Distribution?[] _shaped = new Distribution?[16];
    private ShapeState[] _states;
    private bool[] _hasStates = new bool[16];
    private int[] _kept = new int[16];
    private int[] _keptRows = new int[16];
    private int[] _path = new int[16];
    private readonly ShapeState[] _tip;
    private IRows? _rows;
    private int _taken;
    private int _keptCount;
    private int _roundStart;

    internal Verification(Generation generation)
    {
        _generation = generation;
        _shape = generation.Shape;
        _stateCount = _shape.StateCount;
        _states = new ShapeState[16 * _stateCount];
        _tip = new ShapeState[_stateCount];
        _shape.Start(_tip);
    }

    /// <summary>The draft.</summary>
    public DraftTree Tree { get; } = new();

    /// <summary>The nodes kept so far, the root first.</summary>
    public ReadOnlySpan<int> Kept => _kept.AsSpan(0, _keptCount);

    /// <summary>The rows of the kept nodes, ascending: what the sequence commits. Valid until the next step.</summary>
    public ReadOnlySpan<int> KeptRows
    {
        get
        {
            for (int i = 0; i < _keptCount; i++)
            {
                _keptRows[i] = Tree.Row(_kept[i]);
            }

            return _keptRows.AsSpan(0, _keptCount);
        }
    }

    /// <summary>Whether the step is decided: a final token was given, or the text has ended.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>The target's outputs of this step.</summary>
    public IRows Rows => _rows ?? throw new InvalidOperationException("The step has no rows yet.");

    internal ReadOnlySpan<ShapeState> RootStates => _tip;

    /// <summary>The token that plain decoding with this seed takes after a node: Gumbel-max keyed by the absolute position.</summary>
    public int Pick(int node)
    {
        if (_shape.IsPlainArgMax)
        {
            return Rows.ArgMax(Tree.Row(node));
        }

        var target = Target(node);
        return _shape.TakesArgMax
            ? target.ArgMax()
            : _generation.Randomness.Pick(DrawKey.At(_generation.SequenceIndex, _roundStart + Tree.Depth(node)), target);
    }

    /// <summary>The target's shaped distribution after a node (p). Valid until the step ends; not to be changed.</summary>
    public Distribution Target(int node)
    {
        if (_shaped[node] is { } known)
        {
            return known;
        }

        if (_shape.IsPlainArgMax)
        {
            // The logits were not asked for; the arg-max is all there is to know.
            var only = _shaped[node] = Rent();
            only.KeepOnly(Rows.ArgMax(Tree.Row(node)));
            return only;
        }

        var states = States(node);
        long start = Stopwatch.GetTimestamp();
        var shaped = Rent();
        int depth = Tree.Depth(node);
        for (int n = node, d = depth; d > 0; n = Tree.Parent(n))
        {
            _path[--d] = Tree.Token(n);
        }

        var path = new TokenPath(_generation.Tokens[.._roundStart], _generation.PromptLength, _path.AsSpan(0, depth));
        _shape.Apply(path, states, Rows.Logits(Tree.Row(node)), shaped);
        _shaped[node] = shaped;
        _generation.Statistics.Shape += Stopwatch.GetElapsedTime(start);
        return shaped;
    }

    /// <summary>The distribution q from which the children of a node were drawn; null in deterministic mode.</summary>
    public Distribution? Proposal(int node) => Tree.Proposal(node);

    /// <summary>True with the given probability; the same key never means two draws.</summary>
    /// <param name="stream">What the draw is for.</param>
    /// <param name="node">The node it belongs to.</param>
    /// <param name="draw">Which of the node's draws.</param>
    /// <param name="probability">In [0, 1]; values a rounding beyond are taken as the bound.</param>
    public bool Flip(DrawStream stream, int node, int draw, double probability) =>
        _generation.Randomness.Flip(
            DrawKey.InRound(_generation.SequenceIndex, stream, _roundStart, node, draw),
            Math.Clamp(probability, 0, 1)
        );

    /// <summary>A token drawn from weights.</summary>
    /// <param name="stream">What the draw is for.</param>
    /// <param name="node">The node it belongs to.</param>
    /// <param name="draw">Which of the node's draws.</param>
    /// <param name="ids">The tokens; empty means the index is the token.</param>
    /// <param name="weights">Non-negative, not all zero, need not sum to 1.</param>
    public int Draw(DrawStream stream, int node, int draw, ReadOnlySpan<int> ids, ReadOnlySpan<double> weights) =>
        _generation.Randomness.Pick(DrawKey.InRound(_generation.SequenceIndex, stream, _roundStart, node, draw), ids, weights);

    /// <summary>A token drawn from a distribution.</summary>
    public int Draw(DrawStream stream, int node, int draw, Distribution distribution) =>
        _generation.Randomness.Pick(DrawKey.InRound(_generation.SequenceIndex, stream, _roundStart, node, draw), distribution);

    /// <summary>Keeps a child of the last kept node: its token is committed.</summary>
    /// <returns>False when the text ended with it: then the step is finished.</returns>
    public bool Keep(int child)
    {
        if (IsFinished)
        {
            throw new InvalidOperationException("The step is finished.");
        }

        int last = _kept[_keptCount - 1];
        if (Tree.Parent(child) != last)
        {
            throw new InvalidOperationException($"Node {child} is not a child of node {last}, which was kept last.");
        }

        int token = Tree.Token(child);
        bool goesOn = _generation.Emit(token, this, last);
        _kept[_keptCount++] = child;
        IsFinished = !goesOn;
        return goesOn;
    }

    /// <summary>Commits the token that follows the last kept node and ends the step.</summary>
    /// <param name="token">A token that is no kept node.</param>
    public void Finish(int token)
    {
        if (IsFinished)
        {
            throw new InvalidOperationException("The step is finished.");
        }

        _generation.Emit(token, this, _kept[_keptCount - 1]);
        IsFinished = true;
        _taken = token;
    }

    /// <summary>Begins a step: the tree is the last committed token alone. Called by the loop before it drafts.</summary>
    /// <param name="maxNodes">Nodes that the draft may add.</param>
    public void Begin(int maxNodes)
    {
        // A path of depth d commits d + 1 tokens, so this is what makes the budget and the context hold.
        int maxDepth = _generation.Remaining - 1;

        // While a draft is checked each of its nodes holds a row of the context, not only those of one path.
        int room = _generation.Target.Info.ContextLength - _generation.Tokens.Length;
        Tree.Reset(_generation.Tokens[^1], Math.Min(maxNodes, room), maxDepth);
        _roundStart = _generation.Tokens.Length;
        _keptCount = 0;
        _taken = -1;
        IsFinished = false;
    }

    /// <summary>Gives the step its rows. Called by the loop after the forward of the arranged tree.</summary>
    public void Bind(IRows rows)
    {
        _rows = rows;
        if (_shaped.Length < Tree.Count)
        {
            int size = Math.Max(Tree.Count, _shaped.Length * 2);
            Array.Resize(ref _shaped, size);
            Array.Resize(ref _hasStates, size);
            Array.Resize(ref _kept, size);
            Array.Resize(ref _keptRows, size);
            Array.Resize(ref _path, size);
            Array.Resize(ref _states, size * _stateCount);
        }

        _hasStates.AsSpan(0, Tree.Count).Clear();
        _tip.CopyTo(_states.AsSpan());
        _hasStates[0] = true;
        _kept[0] = 0;
        _keptCount = 1;
    }

    /// <summary>The step as a drafter sees it. Called by the loop once the verifier has decided.</summary>
    /// <param name="fed">The token fed in each row.</param>
    public Observation Observe(ReadOnlySpan<int> fed) =>
        new()
        {
            Fed = fed,
            Rows = Rows,
            Tree = Tree,
            Kept = Kept,
            Emitted = _generation.Tokens[_roundStart..],
        };

    /// <summary>Ends the step: the states move to the new last committed token, the distributions are given back. Called by the loop.</summary>
    /// <exception cref="InvalidOperationException">The verifier did not finish.</exception>
    public void End()
    {
        if (!IsFinished)
        {
            throw new InvalidOperationException(
                "The verifier returned without finishing the step: it must call Finish, or keep a token that ends the text."
            );
        }

        var statistics = _generation.Statistics;
        statistics.Steps++;
        statistics.Drafted += Tree.Count - 1;
        statistics.Accepted += _keptCount - 1;
        if (_taken >= 0 && !_generation.IsFinished && !_shape.IsPlainArgMax)
        {
            int last = _kept[_keptCount - 1];
            _shape.Next(States(last), Target(last), _taken, _tip);
        }

        for (int node = 0; node < Tree.Count; node++)
        {
            if (_shaped[node] is { } used)
            {
                _pool.Add(used);
                _shaped[node] = null;
            }
        }
    }

    internal TokenLogProbability LogProbabilityOf(int token, int node, int top)
    {
        var raw = Rows.Logits(Tree.Row(node));
        double rawNormaliser = Nucleus.LogSumExp(raw);
        var shaped = Target(node);
        var ids = new int[top];
        var logits = new float[top];
        // Fewer where the model itself rules tokens out.
        int count = top == 0 ? 0 : TopK.Select(raw, ids, logits);
        var alternatives = new Alternative[count];
        for (int i = 0; i < count; i++)
        {
            alternatives[i] = new Alternative(ids[i], logits[i] - rawNormaliser, shaped.LogProbability(ids[i]));
        }

        return new TokenLogProbability(token, raw[token] - rawNormaliser, shaped.LogProbability(token), alternatives);
    }

    // Walks down from the nearest ancestor that has states; every node on the way is shaped, because a state may follow its row.
    private Span<ShapeState> States(int node)
    {
        var states = _states.AsSpan(node * _stateCount, _stateCount);
        if (!_hasStates[node])
        {
            int parent = Tree.Parent(node);
            _shape.Next(States(parent), Target(parent), Tree.Token(node), states);
            _hasStates[node] = true;
        }

        return states;
    }

    private Distribution Rent()
    {
        if (_pool.Count == 0)
        {
            return _shape.CreateDistribution();
        }

        var last = _pool[^1];
        _pool.RemoveAt(_pool.Count - 1);
        return last;
    }
}
