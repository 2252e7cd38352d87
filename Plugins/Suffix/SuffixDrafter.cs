using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Suffix;

/// <summary>Grows a tree best first by the probability that the text itself gives to continuations of its last tokens.</summary>
/// <remarks>
/// The probability is that of prediction by partial matching: what followed the longest match counts most, shorter matches share what it
/// leaves open (escape method C, Moffat 1990). Nothing is kept beyond the generation. After Oliaro et al., "SuffixDecoding", arXiv
/// 2411.04975, which takes the one match length of the best score instead, and Hu et al., "SAM-Decoding", arXiv 2411.10666.
/// </remarks>
[Drafter("suffix", "A tree of what followed the longest matches in prompt and output, weighted by frequency.")]
public sealed class SuffixDrafter : IDrafter
{
    private const int DefaultNodes = 64;
    private const int MostExpected = 1 << 14;
    private const int MostWaiting = 1024;
    private const int MostEdges = 256;

    private readonly PriorityQueue<(int Parent, int Token, int State, float Score), (float Score, int Order)> _waiting = new(
        MostWaiting
    );
    private readonly NodeBudget _budget = new();
    private readonly DraftTree _draft = new();
    private readonly double[] _gains = new double[NodeCount.Max];
    private readonly int[] _tokens = new int[MostEdges];
    private readonly int[] _targets = new int[MostEdges];
    private readonly double[] _shares = new double[MostEdges];
    private SuffixAutomaton? _automaton;
    private bool _isTree = true;
    private int _pushed;

    /// <summary>How many nodes a draft may have.</summary>
    [Option("nodes", "How many tokens a draft may have; auto takes what pays by the measured cost of the model.")]
    public NodeCount Nodes { get; set; }

    /// <summary>The longest context that is told apart.</summary>
    [Option("suffix-context", "The longest match that is told apart, in tokens.")]
    [Range(1, 256)]
    public int MaxContext { get; set; } = 32;

    /// <summary>The shortest context that is drafted from.</summary>
    [Option("suffix-min-match", "The fewest tokens that must match.")]
    [Range(1, 256)]
    public int MinMatch { get; set; } = 1;

    /// <summary>What a node must promise.</summary>
    [Option("suffix-min-probability", "The least probability of a node, that of its whole path; 0 fills the budget.")]
    [Range(0.0, 1.0)]
    public double MinProbability { get; set; } = 0.02;

    /// <summary>Whether siblings are drafted.</summary>
    [Option("tree", "Whether a draft may branch; false drafts one chain, as does a model without trees.")]
    public bool Branches { get; set; } = true;

    /// <inheritdoc/>
    public ProposalModes Proposes => ProposalModes.Deterministic;

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        _isTree = Branches && (context.Target.Capabilities & Capabilities.Tree) != 0;
        _automaton = new SuffixAutomaton(MaxContext, Math.Min(context.Target.Info.ContextLength, MostExpected));
        return default;
    }

    /// <inheritdoc/>
    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        var text = context.Committed;
        while (_automaton!.Length < text.Length)
        {
            _automaton.Append(text[_automaton.Length]);
        }

        _waiting.Clear();
        _pushed = 0;
        _draft.Reset(tree.Token(0), Math.Min(tree.Room, Nodes.Number ?? DefaultNodes), tree.MaxDepth);
        Expand(_draft, 0, _automaton.Context);
        while (_draft.Room > 0 && _waiting.TryDequeue(out var best, out _))
        {
            int node = _draft.Add(best.Parent, best.Token, best.Score);
            _gains[node - 1] = Math.Exp(best.Score);
            if (!_isTree)
            {
                _waiting.Clear();
            }

            Expand(_draft, node, best.State);
        }

        tree.AddFirst(_draft, _budget.Choose(Nodes, context, tree, _gains.AsSpan(0, _draft.Count - 1)));

        return default;
    }

    // Collects the children of a node from its context and all shorter ones, each with its share, and lets those wait that promise enough.
    private void Expand(DraftTree tree, int node, int state)
    {
        if (tree.Depth(node) == tree.MaxDepth)
        {
            return;
        }

        var automaton = _automaton!;
        double here = Math.Exp(tree.Score(node));
        double left = 1;
        int found = 0;
        for (; state != SuffixAutomaton.Root && here * left >= MinProbability; state = automaton.Link(state))
        {
            if (automaton.LongestOf(state) < MinMatch)
            {
                break;
            }

            int different = 0;
            int total = 0;
            for (int edge = automaton.FirstEdge(state); edge >= 0 && different < MostEdges; edge = automaton.NextEdge(edge))
            {
                different++;
                total += automaton.Count(automaton.Target(edge));
            }

            if (total == 0)
            {
                continue;
            }

            int seen = different;
            for (int edge = automaton.FirstEdge(state); seen > 0; edge = automaton.NextEdge(edge), seen--)
            {
                double share = left * automaton.Count(automaton.Target(edge)) / (total + different);
                found = Gather(found, automaton.Token(edge), automaton.Target(edge), share);
            }

            left *= different / (double)(total + different);
        }

        for (int i = 0; i < found; i++)
        {
            if (here * _shares[i] >= MinProbability && _waiting.Count < MostWaiting)
            {
                float score = (float)Math.Log(here * _shares[i]);
                _waiting.Enqueue((node, _tokens[i], _targets[i], score), (-score, _pushed++));
            }
        }
    }

    // The first that names a token is the longest context, whose state the node gets.
    private int Gather(int found, int token, int target, double share)
    {
        int at = _tokens.AsSpan(0, found).IndexOf(token);
        if (at >= 0)
        {
            _shares[at] += share;
            return found;
        }

        if (found < MostEdges)
        {
            (_tokens[found], _targets[found], _shares[found]) = (token, target, share);
            found++;
        }

        return found;
    }
}
