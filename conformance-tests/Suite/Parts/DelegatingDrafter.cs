namespace Tokenwright.Conformance;

/// <summary>A drafter that does what another one does; for watching it.</summary>
internal abstract class DelegatingDrafter(IDrafter inner) : IDrafter, IDisposable
{
    public ProposalModes Proposes => inner.Proposes;

    public Capabilities Needs => inner.Needs;

    public Wanted PromptRows => inner.PromptRows;

    public Wanted StepRows => inner.StepRows;

    public void Suit(ProposalModes accepted) => inner.Suit(accepted);

    public async ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        // What a combination is made of is prepared by the host, before it.
        foreach (var drafter in (inner as ICombinedDrafter)?.Drafters ?? [])
        {
            await drafter.PrepareAsync(context, cancellation).ConfigureAwait(false);
        }

        await inner.PrepareAsync(context, cancellation).ConfigureAwait(false);
    }

    public virtual ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation) =>
        inner.DraftAsync(context, tree, cancellation);

    public virtual void Observe(in Observation observation) => inner.Observe(observation);

    public void Dispose()
    {
        foreach (var drafter in ((inner as ICombinedDrafter)?.Drafters ?? []).Prepend(inner))
        {
            (drafter as IDisposable)?.Dispose();
        }
    }
}
