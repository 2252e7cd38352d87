namespace Tokenwright.Conformance;

/// <summary>Drafts what followed each token last, two deep, and one token that is surely wrong beside it.</summary>
/// <param name="vocabulary">Number of tokens.</param>
internal sealed class Successors(int vocabulary) : IDrafter
{
    private readonly Dictionary<int, int> _next = [];

    public ProposalModes Proposes => ProposalModes.Deterministic;

    public Capabilities Needs => Capabilities.Tree;

    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        for (int i = 1; i < context.Committed.Length; i++)
        {
            _next[context.Committed[i - 1]] = context.Committed[i];
        }

        int node = 0;
        for (int depth = 0; depth < 4 && depth < tree.MaxDepth && tree.Room >= 2; depth++)
        {
            int token = tree.Token(node);
            int next = _next.GetValueOrDefault(token, (token + 1) % vocabulary);
            tree.Add(node, (next + 7) % vocabulary, -5);
            node = tree.Add(node, next);
        }

        return default;
    }
}
