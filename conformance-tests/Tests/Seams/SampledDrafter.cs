namespace Tokenwright.Tests.Seams;

/// <summary>Children drawn from a draft model shaped like the target: independently, without replacement, or with the target's own noise.</summary>
/// <param name="mode">Deterministic means the pick that the target's noise gives under q.</param>
/// <param name="width">Draws at the root; deeper nodes get one.</param>
/// <param name="depth">Depth of the tree.</param>
/// <param name="key">The name of a draw by (context, node, depth of the node, draw); a mutant passes a wrong one.</param>
internal sealed class SampledDrafter(ProposalModes mode, int width, int depth, SampledDrafter.KeyOf? key = null)
    : IDrafter,
        IDisposable
{
    internal delegate DrawKey KeyOf(DraftContext context, int node, int depth, int draw);

    private readonly ShapeState[][] _states = new ShapeState[64][];
    private readonly int[] _path = new int[16];
    private readonly int[] _rows = new int[64];
    private DraftStream? _stream;
    private Distribution? _q;

    public ProposalModes Proposes => mode;

    public Capabilities Needs => width > 1 ? Capabilities.Tree : Capabilities.None;

    public async ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
        _stream = new DraftStream(await context.Models!.OpenAsync("draft", null, cancellation));

    public async ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        await _stream!.CatchUpAsync(context, cancellation);
        _q ??= context.Shape.CreateDistribution();
        _states[0] = context.RootStates.ToArray();
        AddChildren(context, tree, 0, _stream.Rows.Count - 1);
        for (int node = 1; node < tree.Count && tree.Room > 0; node++)
        {
            if (tree.Depth(node) < Math.Min(depth, tree.MaxDepth))
            {
                _rows[node] = _stream.Queue(tree.Token(node), tree.Parent(node) == 0 ? -1 : _rows[tree.Parent(node)]);
                await _stream.FeedAsync(cancellation);
                AddChildren(context, tree, node, 0);
            }
        }

        _stream.Drop();
    }

    public void Dispose() => _stream?.Dispose();

    private void AddChildren(DraftContext context, DraftTree tree, int node, int row)
    {
        int d = tree.Depth(node);
        for (int n = node, i = d; i > 0; n = tree.Parent(n))
        {
            _path[--i] = tree.Token(n);
        }

        var path = new TokenPath(context.Committed, context.PromptLength, _path.AsSpan(0, d));
        context.Shape.Apply(path, _states[node], _stream!.Rows.Logits(row), _q!);
        if (mode != ProposalModes.Deterministic)
        {
            tree.Propose(node, mode, _q!);
        }

        var left = new double[_q!.VocabularySize];
        for (int t = 0; t < left.Length; t++)
        {
            left[t] = _q.Probability(t);
        }

        for (int draw = 0; draw < (node == 0 ? width : 1) && tree.Room > 0 && left.Max() > 0; draw++)
        {
            int token =
                mode == ProposalModes.Deterministic
                    ? context.Randomness.Pick(DrawKey.At(context.SequenceIndex, context.Committed.Length + d), _q)
                    : context.Randomness.Pick(Key(context, node, d, draw), [], left);
            int child = tree.Add(node, token, tree.Score(node) + (float)_q.LogProbability(token));
            if (d + 1 < depth)
            {
                // A constraint is asked only about tokens of its support, and q has no others.
                _states[child] = new ShapeState[context.Shape.StateCount];
                context.Shape.Next(_states[node], _q, token, _states[child]);
            }

            if (mode == ProposalModes.WithoutReplacement)
            {
                left[token] = 0;
            }
        }
    }

    private DrawKey Key(DraftContext context, int node, int d, int draw) =>
        key?.Invoke(context, node, d, draw)
        ?? DrawKey.InRound(context.SequenceIndex, DrawStream.Draft, context.Committed.Length, node, draw);
}
