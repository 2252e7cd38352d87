using System.Runtime.CompilerServices;

namespace Tokenwright.Mutants;

/// <summary>Draft, forward, verify, commit, learn: as plain as it can be, with a place for every mutation.</summary>
[Sound]
[DecodingLoop("naive-loop", "Drafts, checks, commits.")]
public class NaiveLoop : IDecodingLoop
{
    public async IAsyncEnumerable<Step> RunAsync(
        Generation generation,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        var verification = generation.Verification;
        var tree = verification.Tree;
        var drafter = generation.Drafter;
        var sequence = generation.Target.CreateSequence();
        var forward = new ForwardItem[1];
        try
        {
            int done = await generation.FeedPromptAsync(sequence, cancellation).ConfigureAwait(false);
            var fed = generation.TokensFrom(done);
            var wanted = (drafter?.PromptRows ?? default) | generation.Wanted(RowSelection.Last);
            verification.Begin(0);
            tree.Arrange(Root(fed.Length));
            bool isPrompt = true;
            while (true)
            {
                Heed(cancellation);
                forward[0] = new ForwardItem
                {
                    Sequence = sequence,
                    Tokens = fed,
                    Parents = tree.FedParents,
                    Wanted = wanted,
                };
                await ForwardAsync(generation.Target, forward, cancellation).ConfigureAwait(false);
                verification.Bind(sequence.Rows);
                generation.Verifier.Verify(verification);
                if (isPrompt)
                {
                    sequence.Commit(fed.Length);
                }
                else
                {
                    Commit(sequence, verification);
                }

                if (drafter is not null)
                {
                    Tell(drafter, verification.Observe(fed.Span), isPrompt);
                }

                verification.End();
                var step = generation.TakeStep();
                yield return step;
                if (Repeats)
                {
                    yield return step;
                }

                if (IsOver(generation))
                {
                    yield break;
                }

                isPrompt = false;
                verification.Begin(drafter is null ? 0 : MaxNodes);
                if (drafter is not null && tree.Room > 0)
                {
                    await drafter.DraftAsync(generation.DraftContext, tree, cancellation).ConfigureAwait(false);
                }

                tree.Arrange();
                fed = tree.FedTokens;
                wanted = (drafter?.StepRows ?? default) | generation.Wanted(RowSelection.All);
            }
        }
        finally
        {
            Release(sequence);
        }
    }

    protected virtual int MaxNodes => 64;

    protected virtual bool Repeats => false;

    protected virtual int Root(int length) => length - 1;

    protected virtual void Heed(CancellationToken cancellation) => cancellation.ThrowIfCancellationRequested();

    protected virtual ValueTask ForwardAsync(ICausalModel model, ForwardItem[] items, CancellationToken cancellation) =>
        model.ForwardAsync(items, cancellation);

    protected virtual void Commit(ISequence sequence, Verification verification) => sequence.Commit(verification.KeptRows);

    protected virtual void Tell(IDrafter drafter, in Observation observation, bool isPrompt) => drafter.Observe(observation);

    protected virtual bool IsOver(Generation generation) => generation.IsFinished;

    protected virtual void Release(ISequence sequence) => sequence.Dispose();
}

// One kept row too few stays in the cache.
[CaughtBy("LOP-010")]
[CaughtBy("LOP-012")]
[CaughtBy("LOP-020")]
[CaughtBy("LOP-030")]
[DecodingLoop("cache-off-by-one", "Wrong on purpose.")]
public sealed class CacheOffByOne : NaiveLoop
{
    protected override void Commit(ISequence sequence, Verification verification)
    {
        var rows = verification.KeptRows;
        sequence.Commit(rows.Length > 1 ? rows[..^1] : rows);
    }
}

// The rows of the whole draft stay in the cache, kept or not.
[CaughtBy("LOP-004")]
[DecodingLoop("keeps-rejected-rows", "Wrong on purpose.")]
public sealed class KeepsRejectedRows : NaiveLoop
{
    protected override void Commit(ISequence sequence, Verification verification)
    {
        var tree = verification.Tree;
        var rows = new List<int> { tree.Row(0) };
        for (int node = tree.FirstChild(0); node >= 0; node = tree.FirstChild(node))
        {
            rows.Add(tree.Row(node));
        }

        sequence.Commit([.. rows]);
    }
}

// The first row of the prompt is read instead of the last.
[CaughtBy("LOP-010")]
[CaughtBy("LOP-011")]
[DecodingLoop("reads-the-first-row", "Wrong on purpose.")]
public sealed class ReadsTheFirstRow : NaiveLoop
{
    protected override int Root(int length) => 0;
}

// Nobody can stop it.
[CaughtBy("LOP-005")]
[DecodingLoop("cannot-be-cancelled", "Wrong on purpose.")]
public sealed class CannotBeCancelled : NaiveLoop
{
    protected override void Heed(CancellationToken cancellation) { }

    protected override ValueTask ForwardAsync(ICausalModel model, ForwardItem[] items, CancellationToken cancellation) =>
        model.ForwardAsync(items, CancellationToken.None);
}

// It leaves stopping to the target, which may not look.
[CaughtBy("LOP-005")]
[DecodingLoop("leaves-stopping-to-the-target", "Wrong on purpose.")]
public sealed class LeavesStoppingToTheTarget : NaiveLoop
{
    protected override void Heed(CancellationToken cancellation) { }
}

// The cache is never given back.
[CaughtBy("LOP-005")]
[DecodingLoop("leaks-its-cache", "Wrong on purpose.")]
public sealed class LeaksItsCache : NaiveLoop
{
    protected override void Release(ISequence sequence) { }
}

// One token before the budget is reached it stops.
[CaughtBy("LOP-001")]
[DecodingLoop("stops-early", "Wrong on purpose.")]
public sealed class StopsEarly : NaiveLoop
{
    protected override bool IsOver(Generation generation) => generation.IsFinished || generation.Remaining == 1;
}

// Goes on after the end of the text.
[CaughtBy("LOP-002")]
[DecodingLoop("never-stops", "Wrong on purpose.")]
public sealed class NeverStops : NaiveLoop
{
    protected override bool IsOver(Generation generation) => generation.Remaining == 0;
}

// Shows every step twice.
[CaughtBy("LOP-003")]
[DecodingLoop("shows-steps-twice", "Wrong on purpose.")]
public sealed class ShowsStepsTwice : NaiveLoop
{
    protected override bool Repeats => true;
}

// The drafter learns from the prompt alone.
[CaughtBy("LOP-006")]
[DecodingLoop("tells-the-drafter-nothing", "Wrong on purpose.")]
public sealed class TellsTheDrafterNothing : NaiveLoop
{
    protected override void Tell(IDrafter drafter, in Observation observation, bool isPrompt)
    {
        if (isPrompt)
        {
            drafter.Observe(observation);
        }
    }
}

// Right, and every token costs a forward.
[CaughtBy("LOP-050")]
[DecodingLoop("ignores-drafts", "Wrong on purpose.")]
public sealed class IgnoresDrafts : NaiveLoop
{
    protected override int MaxNodes => 0;
}

// Right, and makes garbage at every step.
[CaughtBy("LOP-051")]
[DecodingLoop("copies-rows", "Wrong on purpose.")]
public sealed class CopiesRows : NaiveLoop
{
    protected override void Commit(ISequence sequence, Verification verification) =>
        sequence.Commit(verification.KeptRows.ToArray());
}

// One root for all texts: the row that another text reads.
[CaughtBy("LOP-040")]
[DecodingLoop("shares-its-rows", "Wrong on purpose.")]
public sealed class SharesItsRows : NaiveLoop
{
    private static int[] rows = [];

    protected override ValueTask ForwardAsync(ICausalModel model, ForwardItem[] items, CancellationToken cancellation)
    {
        rows = [];
        return base.ForwardAsync(model, items, cancellation);
    }

    protected override void Commit(ISequence sequence, Verification verification)
    {
        if (rows.Length == 0)
        {
            rows = verification.KeptRows.ToArray();
        }

        sequence.Commit(rows);
    }

    // What comes between is another text's step.
    protected override void Tell(IDrafter drafter, in Observation observation, bool isPrompt)
    {
        rows = isPrompt ? rows : [0];
        base.Tell(drafter, observation, isPrompt);
    }
}
