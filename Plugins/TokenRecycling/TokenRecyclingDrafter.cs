using System.Runtime.InteropServices;

namespace Tokenwright.Plugins.TokenRecycling;

/// <summary>Drafts a fixed tree of ranks over a matrix of likely successors, and learns the matrix from every row, rejected ones too.</summary>
/// <remarks>
/// A token that occurs twice in a pass is learnt once: from the kept path, else where it was likeliest. That costs the fewest scans of logits, and
/// drafts better than the order of the nodes did (3.44 tokens per pass for 3.38 over the reference sets).
/// Source: Luo et al., "Turning Trash into Treasure", arXiv 2408.08696. Differs: unset rows draft nothing, rows of the prompt may teach too,
/// what last followed a token in the prompt or the text stands second in its row at least, and a smaller budget takes the nodes that the
/// measured ranks promise most of.
/// </remarks>
[Drafter("token-recycling", "A tree from the tokens that the model itself ranked highest after each token.")]
public sealed class TokenRecyclingDrafter : IDrafter, IDisposable
{
    private readonly TreeTemplate _template = TreeTemplate.Published;
    private readonly NodeBudget _budget = new();
    private readonly DraftTree _draft = new();
    private readonly double[] _gains = new double[NodeCount.Max];
    private readonly int[] _node = new int[TreeTemplate.Published.Count];
    private readonly int[] _order = new int[TreeTemplate.Published.Count];
    private readonly double[] _weight = new double[TreeTemplate.Published.Count];
    private readonly int[] _rows = new int[TreeTemplate.Published.Count * SuccessorMatrix.Width];
    private readonly double[] _rates = new double[SuccessorMatrix.Depths * SuccessorMatrix.Width];
    private readonly List<int> _learnt = [];
    private readonly int[] _ids = new int[SuccessorMatrix.Width];
    private readonly float[] _logits = new float[SuccessorMatrix.Width];
    private SuccessorMatrix? _matrix;
    private int _k = SuccessorMatrix.Width;
    private bool _isTree = true;
    private bool _isPrompt = true;
    private int _before = -1;

    /// <summary>How many nodes a draft may have.</summary>
    [Option("nodes", "How many tokens a draft may have; auto takes what pays by the measured cost of the model.")]
    public NodeCount Nodes { get; set; }

    /// <summary>Whether prompt rows teach the matrix; asks the LM head for all of them.</summary>
    [Option("prompt-rows", "Whether rows of the prompt teach too; false saves their part of the LM head.")]
    public bool UsesPromptRows { get; set; } = true;

    /// <summary>Whether siblings are drafted.</summary>
    [Option("tree", "Whether a draft may branch; false drafts one chain, as does a model without trees.")]
    public bool Branches { get; set; } = true;

    /// <summary>Where a generation puts what it learns.</summary>
    [Option("learning", "shared: generations of a model learn together; private: from a copy of that as it is at the start.")]
    public Learning Learning { get; set; }

    /// <summary>A file that the shared matrix starts from.</summary>
    [Option("recycling-load", "A file of recycled tokens that the shared store starts from; none starts empty.")]
    public string? LoadFrom { get; set; }

    /// <summary>A file that the matrix is written to when the generation ends.</summary>
    [Option("recycling-save", "A file to write the store to when the generation ends; none writes nothing.")]
    public string? SaveTo { get; set; }

    /// <summary>A matrix to use instead of the model's shared one; a frozen one is learnt into a copy.</summary>
    public SuccessorMatrix? Matrix
    {
        get => _matrix;
        set => _matrix = value;
    }

    /// <inheritdoc/>
    public ProposalModes Proposes => ProposalModes.Deterministic;

    /// <inheritdoc/>
    public Wanted PromptRows => UsesPromptRows ? StepRows : default;

    /// <inheritdoc/>
    public Wanted StepRows => new(TopK: RowSelection.All, K: _k);

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        int size = context.Target.Info.VocabularySize;
        _k = Math.Min(SuccessorMatrix.Width, size);
        _isTree = Branches && (context.Target.Capabilities & Capabilities.Tree) != 0;
        var matrix = _matrix ?? context.Stores.Get(LoadFrom is null ? "" : Path.GetFullPath(LoadFrom), () => Start(size));
        if (matrix.VocabularySize != size)
        {
            throw new InvalidOperationException(
                $"the recycled tokens{(LoadFrom is null ? "" : $" of {LoadFrom}")} are those of a vocabulary of {matrix.VocabularySize}, the model's has {size}. Give a file that was saved with this model, or none."
            );
        }

        _matrix = matrix.IsFrozen || Learning == Learning.Private ? matrix.Copy() : matrix;
        return default;
    }

    /// <inheritdoc/>
    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        int most = Math.Min(tree.Room, Nodes.Number ?? _template.Count - 1);
        _draft.Reset(tree.Token(0), most, tree.MaxDepth);
        if (_isTree)
        {
            AddTree(_draft);
        }
        else
        {
            AddChain(_draft);
        }

        var gains = _gains.AsSpan(0, _draft.Count - 1);
        for (int i = 0; i < gains.Length; i++)
        {
            gains[i] = Math.Exp(_draft.Score(i + 1));
        }

        tree.AddFirst(_draft, _budget.Choose(Nodes, context, tree, gains));
        return default;
    }

    /// <inheritdoc/>
    public void Observe(in Observation observation)
    {
        if (_isPrompt)
        {
            _isPrompt = observation.Tree is null;
            FollowPrompt(observation.Fed, observation.Emitted);
            _learnt.Clear();
            for (int row = observation.Fed.Length - 1; UsesPromptRows && row >= 0; row--)
            {
                LearnOnce(observation.Fed[row], observation.Rows, row);
            }

            return;
        }

        var tree = observation.Tree!;
        var kept = observation.Kept;
        for (int depth = 0; depth < observation.Emitted.Length && depth < kept.Length; depth++)
        {
            _matrix!.Count(depth, tree.Token(kept[depth]), observation.Emitted[depth]);
        }

        LearnTree(tree, kept, observation.Rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (SaveTo is not null)
        {
            _matrix?.Save(SaveTo);
        }
    }

    private SuccessorMatrix Start(int size)
    {
        if (LoadFrom is null)
        {
            return new SuccessorMatrix(size);
        }

        return File.Exists(LoadFrom)
            ? SuccessorMatrix.Load(LoadFrom)
            : throw new InvalidOperationException($"there is no file {LoadFrom}. Give one that recycling-save wrote, or none.");
    }

    private void AddTree(DraftTree tree)
    {
        Rank(byWeight: Nodes.Number is not { } number || number < _template.Count - 1);
        Array.Fill(_node, -1);
        _node[0] = 0;
        Read(0, tree.Token(0));
        foreach (int n in _order.AsSpan(1))
        {
            if (tree.Room == 0)
            {
                return;
            }

            // A node whose parent was left out is left out; the order puts parents first.
            int parent = _node[_template.Parent(n)];
            if (parent < 0 || _template.Depth(n) > tree.MaxDepth)
            {
                continue;
            }

            int token = _rows[_template.Parent(n) * SuccessorMatrix.Width + _template.Rank(n)];
            if (token >= 0)
            {
                _node[n] = tree.Add(parent, token, (float)Math.Log(_weight[n]));
                Read(n, token);
            }
        }
    }

    private void AddChain(DraftTree tree)
    {
        int node = 0;
        _matrix!.Rates(_rates);
        while (tree.Room > 0 && tree.Depth(node) < tree.MaxDepth && _matrix.Read(tree.Token(node), _ids))
        {
            int depth = Math.Min(tree.Depth(node), SuccessorMatrix.Depths - 1);
            node = tree.Add(node, _ids[0], tree.Score(node) + (float)Math.Log(_rates[depth * SuccessorMatrix.Width]));
        }
    }

    private void Read(int n, int token) => _matrix!.Read(token, _rows.AsSpan(n * SuccessorMatrix.Width, SuccessorMatrix.Width));

    // The weight of a node is the measured share of texts that take its path. The whole tree needs no order but that of the levels.
    private void Rank(bool byWeight)
    {
        _matrix!.Rates(_rates);
        _weight[0] = 1;
        for (int n = 1; n < _order.Length; n++)
        {
            int parent = _template.Parent(n);
            _weight[n] = _weight[parent] * _rates[_template.Depth(parent) * SuccessorMatrix.Width + _template.Rank(n)];
            int at = n;
            while (byWeight && at > 1 && _weight[_order[at - 1]] < _weight[n])
            {
                _order[at] = _order[at - 1];
                at--;
            }

            _order[at] = n;
        }
    }

    // Costs no row: the prompt is known. A prompt may come in parts.
    private void FollowPrompt(ReadOnlySpan<int> part, ReadOnlySpan<int> emitted)
    {
        if (_before >= 0)
        {
            _matrix!.Follow([_before, part[0]]);
        }

        _matrix!.Follow(part);
        _before = part[^1];
        if (!emitted.IsEmpty)
        {
            _matrix.Follow([_before, emitted[0]]);
        }
    }

    // A token that occurs at several nodes takes the row of the kept path, else that of the likeliest node.
    private void LearnTree(DraftTree tree, ReadOnlySpan<int> kept, IRows rows)
    {
        _learnt.Clear();
        for (int i = kept.Length - 1; i >= 0; i--)
        {
            LearnOnce(tree.Token(kept[i]), rows, tree.Row(kept[i]));
        }

        Span<float> unlikely = stackalloc float[NodeCount.Max + 1];
        Span<int> nodes = stackalloc int[NodeCount.Max + 1];
        unlikely = unlikely[..tree.Count];
        nodes = nodes[..tree.Count];
        for (int node = 0; node < tree.Count; node++)
        {
            unlikely[node] = -tree.Score(node);
            nodes[node] = node;
        }

        unlikely.Sort(nodes);
        foreach (int node in nodes)
        {
            LearnOnce(tree.Token(node), rows, tree.Row(node));
        }
    }

    private void LearnOnce(int token, IRows rows, int row)
    {
        if (CollectionsMarshal.AsSpan(_learnt).Contains(token))
        {
            return;
        }

        _learnt.Add(token);
        // A row may have fewer possible tokens than are asked for.
        _ids.AsSpan().Fill(-1);
        rows.TopK(row, _ids.AsSpan(0, _k), _logits.AsSpan(0, _k));
        _matrix!.Write(token, _ids);
    }
}
