namespace Tokenwright.Conformance;

/// <summary>Drafts a tree from a table with a shape of its own, level by level: drawn, or the likeliest tokens.</summary>
/// <param name="draft">Where q comes from.</param>
/// <param name="mode">Independent, without replacement, or deterministic: then the likeliest are taken.</param>
/// <param name="widths">Children per node, by depth.</param>
public sealed class TableDrafter(TableModel draft, ProposalModes mode, params int[] widths) : IDrafter
{
    private readonly Distribution _q = new(draft.Info.VocabularySize);
    private readonly double[] _left = new double[draft.Info.VocabularySize];

    /// <inheritdoc/>
    public ProposalModes Proposes => mode;

    /// <inheritdoc/>
    public Capabilities Needs => widths.All(w => w == 1) ? Capabilities.None : Capabilities.Tree;

    /// <summary>Shapes q; the target's own shape is not asked.</summary>
    public IReadOnlyList<ILogitsProcessor> Processors { get; init; } = [];

    /// <summary>Nothing follows a token that was less likely than this: a length that depends on what was drawn.</summary>
    public double Confidence { get; init; }

    /// <inheritdoc/>
    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        var shape = Run.Shape(draft, Processors);
        var states = new ShapeState[shape.StateCount];
        for (int node = 0; node < tree.Count; node++)
        {
            int depth = tree.Depth(node);
            if (depth == Math.Min(widths.Length, tree.MaxDepth) || Math.Exp(tree.Score(node)) < Confidence)
            {
                continue;
            }

            int[] path = new int[depth];
            for (int n = node, i = depth; i > 0; n = tree.Parent(n))
            {
                path[--i] = tree.Token(n);
            }

            var before = new TokenPath(context.Committed, context.PromptLength, path);
            shape.Apply(before, states, draft.Logits([.. context.Committed, .. path]), _q);
            if (mode == ProposalModes.Deterministic)
            {
                _q.Sort();
                for (int i = 0; i < Math.Min(widths[depth], _q.Count) && tree.Room > 0; i++)
                {
                    tree.Add(node, _q.Ids[i], tree.Score(node) + (float)_q.LogProbability(_q.Ids[i]));
                }

                continue;
            }

            tree.Propose(node, mode, _q);
            for (int t = 0; t < _left.Length; t++)
            {
                _left[t] = _q.Probability(t);
            }

            for (int draw = 0; draw < widths[depth] && tree.Room > 0 && _left.Max() > 0; draw++)
            {
                var key = DrawKey.InRound(context.SequenceIndex, DrawStream.Draft, context.Committed.Length, node, draw);
                int token = context.Randomness.Pick(key, [], _left);
                tree.Add(node, token, (float)Math.Log(_q.Probability(token)));
                if (mode == ProposalModes.WithoutReplacement)
                {
                    _left[token] = 0;
                }
            }
        }

        return default;
    }
}
