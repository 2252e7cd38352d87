using System.Runtime.InteropServices;

namespace Tokenwright.Mutants;

/// <summary>Drafts a chain of what followed the last token where it stood before.</summary>
[Sound]
[Drafter("echo", "A chain of what followed the last token before.")]
public class Echo : IDrafter
{
    public virtual ProposalModes Proposes => ProposalModes.Deterministic;

    public virtual Wanted StepRows => default;

    /// <summary>The most tokens of a draft.</summary>
    protected virtual int Length => 4;

    public virtual ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) => default;

    public virtual ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        var committed = context.Committed;
        int at = committed[..^1].LastIndexOf(committed[^1]);
        int node = 0;
        for (int i = at + 1; at >= 0 && i < committed.Length && Fits(tree, node); i++)
        {
            node = tree.Add(node, committed[i]);
        }

        return default;
    }

    public virtual void Observe(in Observation observation) { }

    /// <summary>Whether one more node fits below a node.</summary>
    protected virtual bool Fits(DraftTree tree, int node) => tree.Room > 0 && tree.Depth(node) < Math.Min(Length, tree.MaxDepth);
}

/// <summary>Draws a chain from a fixed q that every text shares.</summary>
[Sound]
[Drafter("drawn", "A chain of independent draws from a fixed distribution.")]
public class Drawn : IDrafter
{
    private Distribution? _q;
    private float[] _hot = [];
    private float[] _cold = [];

    public virtual ProposalModes Proposes => ProposalModes.Independent;

    /// <summary>What children are drawn from.</summary>
    protected ReadOnlySpan<float> Hot => _hot;

    /// <summary>Something sharper.</summary>
    protected ReadOnlySpan<float> Cold => _cold;

    public virtual ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        int vocabulary = context.Target.Info.VocabularySize;
        _q = new Distribution(vocabulary);
        _hot = [.. Enumerable.Range(0, vocabulary).Select(token => token % 3 * 0.4f)];
        _cold = [.. _hot.Select(logit => 3 * logit)];
        return default;
    }

    public virtual ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        int node = 0;
        for (int depth = 0; depth < 2 && depth < tree.MaxDepth && tree.Room > 0; depth++)
        {
            node = Add(context, tree, node);
        }

        return default;
    }

    /// <summary>Draws a child.</summary>
    protected virtual int Add(DraftContext context, DraftTree tree, int node)
    {
        var q = Load(Hot);
        tree.Propose(node, ProposalModes.Independent, q);
        return tree.Add(node, Draw(context, tree, node, q));
    }

    /// <summary>The name of a draw.</summary>
    protected virtual DrawKey Key(DraftContext context, DraftTree tree, int node) =>
        DrawKey.InRound(context.SequenceIndex, DrawStream.Draft, context.Committed.Length, node);

    protected int Draw(DraftContext context, DraftTree tree, int node, Distribution q) =>
        context.Randomness.Pick(Key(context, tree, node), q);

    protected Distribution Load(ReadOnlySpan<float> logits)
    {
        _q!.Load(logits);
        return _q;
    }
}

/// <summary>Drafts what a second model finds likeliest.</summary>
[Sound]
[Drafter("second", "A chain of the likeliest tokens of a second model.")]
public class Second : IDrafter, IDisposable
{
    private readonly ForwardItem[] _item = new ForwardItem[1];

    protected ICausalModel? Model { get; private set; }

    protected ISequence? Sequence { get; set; }

    public ProposalModes Proposes => ProposalModes.Deterministic;

    public async ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        Model = await context.Models!.OpenAsync("draft", null, cancellation).ConfigureAwait(false);
        Sequence = Model.CreateSequence();
    }

    public virtual async ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        var sequence = Sequence!;
        int same = sequence.Tokens.CommonPrefixLength(context.Committed[..^1]);
        sequence.Rewind(same);
        await FeedAsync(context.Committed[same..].ToArray(), cancellation).ConfigureAwait(false);
        sequence.Commit(sequence.Provisional);
        int node = 0;
        while (tree.Room > 0 && tree.Depth(node) < Math.Min(3, tree.MaxDepth))
        {
            node = tree.Add(node, sequence.Rows.ArgMax(sequence.Rows.Count - 1));
            if (sequence.Tokens.Length + sequence.Provisional == Model!.Info.ContextLength)
            {
                break;
            }

            await FeedAsync([tree.Token(node)], cancellation).ConfigureAwait(false);
        }

        sequence.Drop();
    }

    public virtual void Dispose() => Sequence?.Dispose();

    protected virtual ValueTask FeedAsync(int[] tokens, CancellationToken cancellation)
    {
        _item[0] = new ForwardItem
        {
            Sequence = Sequence!,
            Tokens = tokens,
            Wanted = new Wanted(ArgMax: RowSelection.Last),
        };
        return Model!.ForwardAsync(_item, cancellation);
    }
}

// Asks nobody whether another node fits.
[CaughtBy("DRF-001")]
[Drafter("overshoots", "Wrong on purpose.")]
public sealed class Overshoots : Echo
{
    protected override bool Fits(DraftTree tree, int node) => tree.Depth(node) < Length;
}

// Counts tokens from 1: the last one does not exist.
[CaughtBy("DRF-001")]
[Drafter("outside-the-vocabulary", "Wrong on purpose.")]
public sealed class OutsideTheVocabulary : Echo
{
    private int _vocabulary;

    public override ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        _vocabulary = context.Target.Info.VocabularySize;
        return default;
    }

    public override ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        if (tree.Room > 0)
        {
            tree.Add(0, _vocabulary);
        }

        return default;
    }
}

// Drafts more the longer the process runs: no run comes again.
[CaughtBy("DRF-003")]
[Drafter("counts-its-calls", "Wrong on purpose.")]
public sealed class CountsItsCalls : Echo
{
    private static int calls;

    protected override int Length => 1 + Interlocked.Increment(ref calls) / 37 % 4;
}

// Writes the token that it expects into the committed text.
[CaughtBy("DRF-004")]
[CaughtBy("DRF-011")]
[Drafter("changes-the-text", "Wrong on purpose.")]
public sealed class ChangesTheText : Echo
{
    public override ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(context.Committed), context.Committed.Length)[^1] = 0;
        return default;
    }
}

// Learns, and forgets to whom the emitted tokens belong: it sorts them in place.
[CaughtBy("DRF-004")]
[Drafter("sorts-what-it-observes", "Wrong on purpose.")]
public sealed class SortsWhatItObserves : Echo
{
    public override void Observe(in Observation observation) =>
        MemoryMarshal
            .CreateSpan(ref MemoryMarshal.GetReference(observation.Emitted), observation.Emitted.Length)
            .Sort((a, b) => b.CompareTo(a));
}

// Draws siblings with replacement and says that it drew without.
[CaughtBy("DRF-002")]
[Drafter("repeats-siblings", "Wrong on purpose.")]
public sealed class RepeatsSiblings : Drawn
{
    public override ProposalModes Proposes => ProposalModes.WithoutReplacement;

    public override ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        if (tree.MaxDepth > 0 && tree.Room > 1)
        {
            var q = Load(Hot);
            tree.Propose(0, ProposalModes.WithoutReplacement, q);
            for (int draw = 0; draw < 2; draw++)
            {
                tree.Add(
                    0,
                    context.Randomness.Pick(
                        DrawKey.InRound(context.SequenceIndex, DrawStream.Draft, context.Committed.Length, 0, draw),
                        q
                    )
                );
            }
        }

        return default;
    }
}

// Says nothing about its mode and hands over draws.
[CaughtBy("DRF-002")]
[Drafter("misstates-its-mode", "Wrong on purpose.")]
public sealed class MisstatesItsMode : Drawn
{
    public override ProposalModes Proposes => ProposalModes.Deterministic;
}

// Takes the likeliest token and says that it was drawn.
[CaughtBy("DRF-020")]
[Drafter("poses-as-drawn", "Wrong on purpose.")]
public sealed class PosesAsDrawn : Drawn
{
    protected override int Add(DraftContext context, DraftTree tree, int node)
    {
        var q = Load(Hot);
        tree.Propose(node, ProposalModes.Independent, q);
        return tree.Add(node, q.ArgMax());
    }
}

// Draws from one distribution and hands over a sharper one.
[CaughtBy("DRF-020")]
[CaughtBy("DRF-021")]
[CaughtBy("DRF-031")]
[Drafter("hands-over-another-q", "Wrong on purpose.")]
public sealed class HandsOverAnotherQ : Drawn
{
    protected override int Add(DraftContext context, DraftTree tree, int node)
    {
        int token = Draw(context, tree, node, Load(Hot));
        tree.Propose(node, ProposalModes.Independent, Load(Cold));
        return tree.Add(node, token);
    }
}

// Draws with the noise of the pick at the same position, which a rule that compares p and q must not see again.
[CaughtBy("DRF-020")]
[Drafter("reuses-the-noise", "Wrong on purpose.")]
public sealed class ReusesTheNoise : Drawn
{
    protected override DrawKey Key(DraftContext context, DraftTree tree, int node) =>
        DrawKey.At(context.SequenceIndex, context.Committed.Length + tree.Depth(node));
}

// Names its draws by the position: the next round looks at them a second time.
[CaughtBy("DRF-020")]
[Drafter("draws-by-position", "Wrong on purpose.")]
public sealed class DrawsByPosition : Drawn
{
    protected override DrawKey Key(DraftContext context, DraftTree tree, int node) =>
        DrawKey.InRound(context.SequenceIndex, DrawStream.Draft, context.Committed.Length + tree.Depth(node));
}

// All nodes of a draft share one draw.
[CaughtBy("DRF-020")]
[Drafter("draws-once", "Wrong on purpose.")]
public sealed class DrawsOnce : Drawn
{
    private int _first;

    protected override int Add(DraftContext context, DraftTree tree, int node)
    {
        var q = Load(Hot);
        tree.Propose(node, ProposalModes.Independent, q);
        _first = node == 0 ? Draw(context, tree, node, q) : _first;
        return tree.Add(node, _first);
    }
}

// Drops a drawn token that came out unlikely: what stays is no draw from q any more.
[CaughtBy("DRF-020")]
[Drafter("drops-unlikely-draws", "Wrong on purpose.")]
public sealed class DropsUnlikelyDraws : Drawn
{
    public override ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        if (tree.MaxDepth > 0 && tree.Room > 0)
        {
            var q = Load(Hot);
            int token = Draw(context, tree, 0, q);
            if (q.Probability(token) > 0.3)
            {
                tree.Propose(0, ProposalModes.Independent, q);
                tree.Add(0, token);
            }
        }

        return default;
    }
}

// A generator of its own: the draft does not follow the seed.
[CaughtBy("DRF-003")]
[Drafter("rolls-its-own-dice", "Wrong on purpose.")]
public sealed class RollsItsOwnDice : Drawn
{
    protected override int Add(DraftContext context, DraftTree tree, int node)
    {
        var q = Load(Hot);
        tree.Propose(node, ProposalModes.Independent, q);
        return tree.Add(node, new KeyedRandomness((ulong)Random.Shared.NextInt64()).Pick(DrawKey.At(0, 0), q));
    }
}

// Branches, and does not say that it needs trees.
[CaughtBy("DRF-005")]
[Drafter("needs-trees-silently", "Wrong on purpose.")]
public sealed class NeedsTreesSilently : Echo
{
    public override ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        if (tree.Room > 1)
        {
            tree.Add(0, 0);
            tree.Add(0, 1);
        }

        return default;
    }
}

// Reads hidden states that it did not ask for.
[CaughtBy("DRF-010")]
[CaughtBy("DRF-012")]
[Drafter("reads-what-it-did-not-ask-for", "Wrong on purpose.")]
public sealed class ReadsWhatItDidNotAskFor : Echo
{
    public override void Observe(in Observation observation) => observation.Rows.Hidden(0);
}

// Never gives its sequence back.
[CaughtBy("DRF-006")]
[Drafter("keeps-its-sequence", "Wrong on purpose.")]
public sealed class KeepsItsSequence : Second
{
    public override void Dispose() { }
}

// Runs its model to the end of the draft, whoever cancels.
[CaughtBy("DRF-007")]
[Drafter("ignores-cancellation", "Wrong on purpose.")]
public sealed class IgnoresCancellation : Second
{
    protected override ValueTask FeedAsync(int[] tokens, CancellationToken cancellation) =>
        base.FeedAsync(tokens, CancellationToken.None);
}

// Swallows the cancellation and carries on with a shorter draft.
[CaughtBy("DRF-007")]
[Drafter("swallows-cancellation", "Wrong on purpose.")]
public sealed class SwallowsCancellation : Second
{
    public override async ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        try
        {
            await base.DraftAsync(context, tree, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await base.DraftAsync(context, tree, CancellationToken.None).ConfigureAwait(false);
        }
    }
}

// The lazy stub: right in everything, of no use.
[CaughtBy("DRF-050")]
[Drafter("drafts-nothing", "Wrong on purpose.")]
public sealed class DraftsNothing : Echo
{
    protected override int Length => 0;
}

// Right, and makes garbage at every step.
[CaughtBy("DRF-051")]
[Drafter("copies-the-text", "Wrong on purpose.")]
public sealed class CopiesTheText : Echo
{
    private int _sum;

    public override void Observe(in Observation observation) => _sum += observation.Emitted.ToArray().Length;
}

// One distribution for all texts: between the draw and the hand-over another text loads its own.
[CaughtBy("DRF-040")]
[Drafter("shares-its-q", "Wrong on purpose.")]
public sealed class SharesItsQ : Drawn
{
    private static readonly float[] Shared = new float[64];

    protected override int Add(DraftContext context, DraftTree tree, int node)
    {
        int vocabulary = Hot.Length;
        for (int token = 0; token < vocabulary; token++)
        {
            Shared[token] = (token + context.Committed[^1] + tree.Depth(node)) % 3;
        }

        int drawn = Draw(context, tree, node, Load(Shared.AsSpan(0, vocabulary)));
        tree.Propose(node, ProposalModes.Independent, Load(Shared.AsSpan(0, vocabulary)));
        return tree.Add(node, drawn);
    }
}

// Walks the constraint along its own draft and hands forbidden tokens to it.
[CaughtBy("DRF-030")]
[Drafter("leads-the-constraint-astray", "Wrong on purpose.")]
public sealed class LeadsTheConstraintAstray : Echo
{
    public override ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        var state = context.RootStates[^1];
        base.DraftAsync(context, tree, cancellation).GetAwaiter().GetResult();
        for (int node = 1; node < tree.Count && context.Shape.Constraint is { } constraint; node++)
        {
            state = constraint.Next(state, tree.Token(node));
        }

        return default;
    }
}
