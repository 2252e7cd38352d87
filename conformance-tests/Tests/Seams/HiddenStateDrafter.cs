namespace Tokenwright.Tests.Seams;

/// <summary>Heads on the target's hidden state: the h-th child chain token is an arg-max of a fixed mixing of the last kept row's hidden state.</summary>
internal sealed class HiddenStateDrafter(int heads) : IDrafter
{
    private float[] _hidden = [];
    private bool _hasHidden;

    public ProposalModes Proposes => ProposalModes.Deterministic;

    public Capabilities Needs => Capabilities.HiddenStates;

    public Wanted PromptRows => new(Hidden: RowSelection.Last);

    public Wanted StepRows => new(Hidden: RowSelection.All);

    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        int node = 0;
        for (int h = 1; _hasHidden && h <= Math.Min(heads, tree.MaxDepth) && tree.Room > 0; h++)
        {
            int best = 0;
            for (int t = 1; t < _hidden.Length; t++)
            {
                if (Score(t, h) > Score(best, h))
                {
                    best = t;
                }
            }

            node = tree.Add(node, best);
        }

        return default;
    }

    public void Observe(in Observation observation)
    {
        if (observation.Tree is { } tree)
        {
            var hidden = observation.Rows.Hidden(tree.Row(observation.Kept[^1]));
            if (_hidden.Length != hidden.Length)
            {
                _hidden = new float[hidden.Length];
            }

            hidden.CopyTo(_hidden);
            _hasHidden = true;
        }
    }

    private float Score(int token, int head) => _hidden[(token + head) % _hidden.Length] + _hidden[token];
}
