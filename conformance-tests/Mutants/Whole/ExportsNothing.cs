using Tokenwright;

// PLG-001. Forgets to mark its part.
public sealed class Unmarked : IDrafter
{
    public ProposalModes Proposes => ProposalModes.Deterministic;

    public System.Threading.Tasks.ValueTask DraftAsync(
        DraftContext context,
        DraftTree tree,
        System.Threading.CancellationToken cancellation
    ) => default;
}
