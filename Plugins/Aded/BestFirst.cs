namespace Tokenwright.Plugins.Aded;

/// <summary>Adds the paths of greatest probability, the product of normalised weights, until the budget is spent.</summary>
internal sealed class BestFirst
{
    private const int MostWaiting = 4096;

    private readonly PriorityQueue<(int Parent, int Token, float Score), (float Score, int Order)> _waiting = new(MostWaiting);
    private int _pushed;

    public void Fill(DraftTree tree, TrigramStore store, int before, int maxDepth, bool isTree)
    {
        _waiting.Clear();
        _pushed = 0;
        Expand(tree, store, before, 0);
        while (tree.Room > 0 && _waiting.TryDequeue(out var best, out _))
        {
            int node = tree.Add(best.Parent, best.Token, best.Score);
            if (!isTree)
            {
                _waiting.Clear();
            }

            if (tree.Depth(node) < maxDepth)
            {
                Expand(tree, store, tree.Token(best.Parent), node);
            }
        }
    }

    private void Expand(DraftTree tree, TrigramStore store, int before, int node)
    {
        var row = store.Row(before, tree.Token(node));
        float total = 0;
        foreach (var successor in row)
        {
            total += successor.Weight;
        }

        foreach (var successor in row)
        {
            if (_waiting.Count < MostWaiting)
            {
                float score = tree.Score(node) + MathF.Log(successor.Weight / total);
                _waiting.Enqueue((node, successor.Token, score), (-score, _pushed++));
            }
        }
    }
}
