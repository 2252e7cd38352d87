namespace Tokenwright;

/// <summary>Continuations worth checking, as a tree whose root is the last committed token. A chain and an empty draft are trees too.</summary>
/// <remarks>
/// Nodes are numbered in the order they were added, node 0 being the root; a child comes after its parent. Children keep draw order and
/// multiplicity: only where the parent's mode is <see cref="ProposalModes.Deterministic"/> does adding a token twice give the same node.
/// Where a node's row sits in the forward is a separate permutation, <see cref="Row"/>. Reused from step to step without allocating.
/// </remarks>
public sealed class DraftTree
{
    private const int None = -1;

    private int[] _token = new int[16];
    private int[] _parent = new int[16];
    private int[] _depth = new int[16];
    private int[] _firstChild = new int[16];
    private int[] _lastChild = new int[16];
    private int[] _nextSibling = new int[16];
    private float[] _score = new float[16];
    private int[] _row = new int[16];
    private ProposalModes[] _mode = new ProposalModes[16];
    private Distribution?[] _proposal = new Distribution?[16];
    private int[] _fedTokens = new int[16];
    private int[] _fedParents = new int[16];
    private int[] _stack = new int[16];
    private int _maxNodes;
    private int _maxDepth;

    /// <summary>Number of nodes, the root included.</summary>
    public int Count { get; private set; }

    /// <summary>Number of nodes that may still be added.</summary>
    public int Room => _maxNodes + 1 - Count;

    /// <summary>The deepest a node may be; the root has depth 0.</summary>
    public int MaxDepth => _maxDepth;

    /// <summary>Whether no node has two children.</summary>
    public bool IsChain { get; private set; }

    /// <summary>Empties the tree to a root alone.</summary>
    /// <param name="root">The last committed token.</param>
    /// <param name="maxNodes">Nodes that may be added, at least 0.</param>
    /// <param name="maxDepth">The deepest a node may be, at least 0.</param>
    public void Reset(int root, int maxNodes, int maxDepth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxNodes);
        ArgumentOutOfRangeException.ThrowIfNegative(maxDepth);
        _maxNodes = maxDepth == 0 ? 0 : maxNodes;
        _maxDepth = maxDepth;
        Count = 0;
        IsChain = true;
        Append(None, root, 0, 0);
    }

    /// <summary>The token of a node.</summary>
    public int Token(int node) => _token[Checked(node)];

    /// <summary>The parent of a node; −1 for the root.</summary>
    public int Parent(int node) => _parent[Checked(node)];

    /// <summary>Steps from the root.</summary>
    public int Depth(int node) => _depth[Checked(node)];

    /// <summary>The child drawn first, or −1.</summary>
    public int FirstChild(int node) => _firstChild[Checked(node)];

    /// <summary>The sibling drawn next, or −1.</summary>
    public int NextSibling(int node) => _nextSibling[Checked(node)];

    /// <summary>The drafter's log-score of a node, higher being likelier; only the order of rows depends on it.</summary>
    public float Score(int node) => _score[Checked(node)];

    /// <summary>How the children of a node were proposed.</summary>
    public ProposalModes Mode(int node) => _mode[Checked(node)];

    /// <summary>The distribution q from which the children of a node were drawn; null in deterministic mode.</summary>
    public Distribution? Proposal(int node) => _mode[Checked(node)] == ProposalModes.Deterministic ? null : _proposal[node];

    /// <summary>The first child that holds a token, or −1.</summary>
    public int Child(int node, int token)
    {
        for (int child = FirstChild(node); child != None; child = _nextSibling[child])
        {
            if (_token[child] == token)
            {
                return child;
            }
        }

        return None;
    }

    /// <summary>Adds a child after its siblings; in deterministic mode a token that is there already gives its node.</summary>
    /// <param name="parent">A node.</param>
    /// <param name="token">The token.</param>
    /// <param name="score">The drafter's log-score.</param>
    /// <returns>The node.</returns>
    /// <exception cref="InvalidOperationException">There is no room, or the node would be too deep.</exception>
    public int Add(int parent, int token, float score = 0)
    {
        int depth = Depth(parent) + 1;
        if (_mode[parent] == ProposalModes.Deterministic)
        {
            int same = Child(parent, token);
            if (same != None)
            {
                return same;
            }
        }

        if (Room == 0 || depth > _maxDepth)
        {
            throw new InvalidOperationException(
                $"The draft has {Count - 1} nodes, at most {_maxNodes} of depth at most {_maxDepth} fit."
            );
        }

        return Append(parent, token, depth, score);
    }

    /// <summary>Adds the first nodes of another tree of the same root, in their order and with their scores: how a drafter keeps part of a larger draft.</summary>
    /// <param name="other">A tree whose children were not drawn from a distribution. This tree is a root alone.</param>
    /// <param name="count">How many nodes, the root not counted.</param>
    public void AddFirst(DraftTree other, int count)
    {
        for (int node = 1; node <= count; node++)
        {
            Add(other.Parent(node), other.Token(node), other.Score(node));
        }
    }

    /// <summary>Says, before any is added, that the children of a node are drawn from q.</summary>
    /// <param name="node">A node without children.</param>
    /// <param name="mode">Independent or without replacement.</param>
    /// <param name="q">The shaped draft distribution; copied.</param>
    public void Propose(int node, ProposalModes mode, Distribution q)
    {
        if (mode is not (ProposalModes.Independent or ProposalModes.WithoutReplacement))
        {
            throw new ArgumentException("Only drawn children have a distribution.", nameof(mode));
        }

        if (FirstChild(node) != None)
        {
            throw new InvalidOperationException("The distribution comes before the children.");
        }

        _mode[node] = mode;
        if (_proposal[node] is not { } copy || copy.VocabularySize != q.VocabularySize)
        {
            copy = _proposal[node] = new Distribution(q.VocabularySize);
        }

        copy.Load(q);
    }

    /// <summary>The row of a node in the forward.</summary>
    public int Row(int node) => _row[Checked(node)];

    /// <summary>Gives every node its row: parents first, the likeliest child straight after its parent, so that its path lies contiguous.</summary>
    /// <param name="root">The row of the root; further rows follow it.</param>
    public void Arrange(int root = 0)
    {
        int row = 0;
        int top = 0;
        _stack[top++] = 0;
        while (top > 0)
        {
            int node = _stack[--top];
            _row[node] = root + row;
            _fedTokens[row] = _token[node];
            _fedParents[row] = node == 0 ? None : _row[_parent[node]];
            row++;
            int first = top;
            for (int child = _firstChild[node]; child != None; child = _nextSibling[child])
            {
                // Insertion by descending score from the bottom: the best child ends on top, the first drawn before its equals.
                int at = top++;
                while (at > first && _score[_stack[at - 1]] >= _score[child])
                {
                    _stack[at] = _stack[at - 1];
                    at--;
                }

                _stack[at] = child;
            }
        }
    }

    /// <summary>The tokens in row order, the root first.</summary>
    public ReadOnlyMemory<int> FedTokens => _fedTokens.AsMemory(0, Count);

    /// <summary>The parents in row order, −1 for the root; empty for a chain, which needs none.</summary>
    public ReadOnlyMemory<int> FedParents => IsChain ? default : _fedParents.AsMemory(0, Count);

    private int Append(int parent, int token, int depth, float score)
    {
        int node = Count++;
        if (node == _token.Length)
        {
            Grow(node * 2);
        }

        _token[node] = token;
        _parent[node] = parent;
        _depth[node] = depth;
        _score[node] = score;
        _firstChild[node] = _lastChild[node] = _nextSibling[node] = None;
        _mode[node] = ProposalModes.Deterministic;
        if (parent != None)
        {
            if (_firstChild[parent] == None)
            {
                _firstChild[parent] = node;
            }
            else
            {
                _nextSibling[_lastChild[parent]] = node;
                IsChain = false;
            }

            _lastChild[parent] = node;
        }

        return node;
    }

    private int Checked(int node) =>
        (uint)node < (uint)Count
            ? node
            : throw new ArgumentOutOfRangeException(nameof(node), node, $"The tree has {Count} nodes.");

    private void Grow(int size)
    {
        Array.Resize(ref _token, size);
        Array.Resize(ref _parent, size);
        Array.Resize(ref _depth, size);
        Array.Resize(ref _firstChild, size);
        Array.Resize(ref _lastChild, size);
        Array.Resize(ref _nextSibling, size);
        Array.Resize(ref _score, size);
        Array.Resize(ref _row, size);
        Array.Resize(ref _mode, size);
        Array.Resize(ref _proposal, size);
        Array.Resize(ref _fedTokens, size);
        Array.Resize(ref _fedParents, size);
        Array.Resize(ref _stack, size);
    }
}
