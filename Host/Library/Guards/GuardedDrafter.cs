using System.Numerics.Tensors;

namespace Tokenwright.Host;

/// <summary>A drafter whose drafts are checked before anybody relies on them.</summary>
internal sealed class GuardedDrafter(IDrafter inner, PartInfo part, int vocabularySize, Watch watch) : IDrafter
{
    public Capabilities Needs => inner.Needs;

    public ProposalModes Proposes => inner.Proposes;

    public Wanted PromptRows => inner.PromptRows;

    public Wanted StepRows => inner.StepRows;

    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
        inner.PrepareAsync(context, cancellation);

    public void Suit(ProposalModes accepted) => inner.Suit(accepted);

    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        var before = watch.Enter(part);
        try
        {
            var drafting = inner.DraftAsync(context, tree, cancellation);
            if (!drafting.IsCompletedSuccessfully)
            {
                return Finish(drafting, tree, before);
            }

            drafting.GetAwaiter().GetResult();
            Check(tree);
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        watch.Leave(before);
        return default;
    }

    public void Observe(in Observation observation)
    {
        var before = watch.Enter(part);
        try
        {
            inner.Observe(observation);
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        watch.Leave(before);
    }

    private async ValueTask Finish(ValueTask drafting, DraftTree tree, PartInfo? before)
    {
        try
        {
            await drafting.ConfigureAwait(false);
            Check(tree);
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        watch.Leave(before);
    }

    private void Check(DraftTree tree)
    {
        for (int node = 0; node < tree.Count; node++)
        {
            int token = tree.Token(node);
            if ((uint)token >= (uint)vocabularySize)
            {
                throw new InvalidOperationException(
                    $"it drafted token {token}, which is not in the vocabulary of {vocabularySize}."
                );
            }

            if (float.IsNaN(tree.Score(node)))
            {
                throw new InvalidOperationException($"it gave node {node} of its draft a score that is not a number.");
            }

            if (tree.Proposal(node) is { } q && !float.IsFinite(TensorPrimitives.Max(q.Logits)))
            {
                throw new InvalidOperationException(
                    $"the distribution from which it drew the children of node {node} is empty or holds NaN or infinity."
                );
            }
        }
    }
}
