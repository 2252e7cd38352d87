namespace Tokenwright.Tests.Seams;

/// <summary>A tree of the likeliest continuations under a draft model, one forward per level over one provisional region.</summary>
internal sealed class TreeDrafter(int width, int depth) : IDrafter, IDisposable
{
    private readonly int[] _rows = new int[256];
    private readonly int[] _ids = new int[width];
    private readonly float[] _logits = new float[width];
    private DraftStream? _stream;

    public ProposalModes Proposes => ProposalModes.Deterministic;

    public Capabilities Needs => width > 1 ? Capabilities.Tree : Capabilities.None;

    public async ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
        _stream = new DraftStream(await context.Models!.OpenAsync("draft", null, cancellation));

    public async ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        await _stream!.CatchUpAsync(context, cancellation);
        AddChildren(tree, 0, _stream.Rows.Count - 1);
        int from = 1;
        for (int d = 1; d < Math.Min(depth, tree.MaxDepth) && tree.Room > 0 && from < tree.Count; d++)
        {
            int to = tree.Count;
            for (int node = from; node < to; node++)
            {
                int parent = tree.Parent(node);
                _rows[node] = _stream.Queue(tree.Token(node), parent == 0 ? -1 : _rows[parent]);
            }

            int first = await _stream.FeedAsync(cancellation);
            for (int node = from; node < to; node++)
            {
                AddChildren(tree, node, _rows[node] - first);
            }

            from = to;
        }

        _stream.Drop();
    }

    public void Dispose() => _stream?.Dispose();

    private void AddChildren(DraftTree tree, int node, int row)
    {
        _stream!.Rows.TopK(row, _ids, _logits);
        for (int i = 0; i < width && tree.Room > 0; i++)
        {
            tree.Add(node, _ids[i], tree.Score(node) + _logits[i]);
        }
    }
}
