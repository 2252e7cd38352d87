namespace Tokenwright.Mutants;

// Flips a coin that is too kind: the square root of the probability.
[CaughtBy("VER-020")]
[Verifier("token-accepts-too-much", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class TokenAcceptsTooMuch : NaiveToken
{
    protected override double Acceptance(double ratio) => Math.Sqrt(Math.Min(1, ratio));
}

// After a rejection draws from p instead of [p − q]₊ (the most common bug of all).
[CaughtBy("VER-020")]
[CaughtBy("VER-021")]
[CaughtBy("VER-022")]
[CaughtBy("VER-023")]
[CaughtBy("VER-030")]
[Verifier("token-residual-missing", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class TokenResidualMissing : NaiveToken
{
    protected override double[] Left(double[] p, double[] q, double scale = 1) => p;
}

// The token after a draft that was kept whole comes from the raw logits: no temperature, no mask.
[CaughtBy("VER-020")]
[Verifier("token-bonus-unshaped", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class TokenBonusUnshaped : NaiveToken
{
    protected override double[] BonusOf(Verification verification, int node) => Unshaped(verification, node);
}

// Keeps a token where it is likelier under p than under q, without a coin: typical acceptance that poses as lossless.
[CaughtBy("VER-020")]
[Verifier("token-by-threshold", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class TokenByThreshold : NaiveToken
{
    protected override double Acceptance(double ratio) => ratio >= 1 ? 1 : 0;
}

// The residual is not cut at zero, and its absolute value is taken.
[CaughtBy("VER-020")]
[Verifier("token-residual-absolute", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class TokenResidualAbsolute : NaiveToken
{
    protected override double[] Left(double[] p, double[] q, double scale = 1) => [.. p.Select((x, t) => Math.Abs(x - q[t]))];
}

// Takes p one node too high up: the row before the token instead of the row after it.
[CaughtBy("VER-020")]
[Verifier("token-row-off-by-one", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class TokenRowOffByOne : NaiveToken
{
    protected override double[] BonusOf(Verification verification, int node) =>
        Dense(verification.Target(Math.Max(0, verification.Tree.Parent(node))));
}

[CaughtBy("VER-020")]
[Verifier("block-accepts-too-much", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class BlockAcceptsTooMuch : NaiveBlock
{
    protected override double Acceptance(double ratio) => Math.Sqrt(Math.Min(1, ratio));
}

[CaughtBy("VER-020")]
[Verifier("block-residual-missing", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class BlockResidualMissing : NaiveBlock
{
    protected override double[] Left(double[] p, double[] q, double scale = 1) => p;
}

[CaughtBy("VER-020")]
[Verifier("block-bonus-unshaped", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class BlockBonusUnshaped : NaiveBlock
{
    protected override double[] BonusOf(Verification verification, int node) => Unshaped(verification, node);
}

// Stops at the first prefix that fails, as the token rule does; a later one might have passed.
[CaughtBy("VER-020")]
[Verifier("block-breaks-at-first-reject", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class BlockBreaksAtFirstReject : NaiveBlock
{
    protected override bool BreaksAtFirstReject => true;
}

// Block verification with the residual of the token rule: [p − q]₊ without the factor a.
[CaughtBy("VER-020")]
[Verifier("block-residual-of-token", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class BlockResidualOfToken : NaiveBlock
{
    protected override double[] Left(double[] p, double[] q, double scale = 1) => base.Left(p, q);
}

[CaughtBy("VER-020")]
[Verifier("rejection-accepts-too-much", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class RejectionAcceptsTooMuch : NaiveRejection
{
    protected override double Acceptance(double ratio) => Math.Sqrt(Math.Min(1, ratio));
}

[CaughtBy("VER-020")]
[Verifier("rejection-residual-missing", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class RejectionResidualMissing : NaiveRejection
{
    protected override double[] Left(double[] p, double[] q, double scale = 1) => p;
}

[CaughtBy("VER-020")]
[Verifier("rejection-bonus-unshaped", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class RejectionBonusUnshaped : NaiveRejection
{
    protected override double[] BonusOf(Verification verification, int node) => Unshaped(verification, node);
}

// Tries the likeliest sibling first instead of the one drawn first.
[CaughtBy("VER-020")]
[Verifier("rejection-children-sorted", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class RejectionChildrenSorted : NaiveRejection
{
    protected override void Order(List<int> children, DraftTree tree) =>
        children.Sort((a, b) => tree.Score(b).CompareTo(tree.Score(a)));
}

// q without the rejected token does not sum to 1, and is used as if it did.
[CaughtBy("VER-020")]
[Verifier("rejection-q-not-renormalised", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class RejectionQNotRenormalised : NaiveRejection
{
    protected override double[] Removed(double[] q, int token)
    {
        q[token] = 0;
        return q;
    }
}

// Children drawn without replacement are judged as independent draws.
[CaughtBy("VER-020")]
[Verifier("rejection-as-independent", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class RejectionAsIndependent : NaiveRejection
{
    protected override double[] Removed(double[] q, int token) => q;
}

// Judges a list of the likeliest tokens by p/q, q being the scores: the children were never drawn.
[CaughtBy("VER-020")]
[Verifier("ratio-on-deterministic", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class RatioOnDeterministic : NaiveRule
{
    public override ProposalModes Accepts => ProposalModes.Deterministic;

    public override void Verify(Verification verification)
    {
        var tree = verification.Tree;
        int child = tree.FirstChild(0);
        double[] p = Dense(verification.Target(0));
        if (child < 0)
        {
            Bonus(verification, 0);
        }
        else if (Flip(verification, child, p[tree.Token(child)] / Math.Exp(tree.Score(child))))
        {
            if (verification.Keep(child))
            {
                Bonus(verification, child);
            }
        }
        else
        {
            FinishFrom(verification, 0, p);
        }
    }
}

// After a mismatch draws anew: the draft's token has had two chances not to come.
[CaughtBy("VER-011")]
[Verifier("agree-redraws", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class AgreeRedraws : NaiveAgree
{
    protected override int Mismatch(Verification verification, int node, int pick) =>
        verification.Draw(DrawStream.Residual, node, 0, verification.Target(node));
}

// The same, claiming the law alone: redrawing bends it too.
[CaughtBy("VER-020")]
[Verifier("agree-redraws-in-law", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class AgreeRedrawsInLaw : NaiveAgree
{
    protected override int Mismatch(Verification verification, int node, int pick) =>
        verification.Draw(DrawStream.Residual, node, 0, verification.Target(node));
}

// Draws by the row of the tree instead of the position: the law is right, the text of a seed depends on the draft.
[CaughtBy("VER-011")]
[Verifier("agree-draws-by-row", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class AgreeDrawsByRow : NaiveAgree
{
    protected override int Pick(Verification verification, int node) =>
        verification.Draw(DrawStream.Bonus, node, 0, verification.Target(node));
}

// Draws keyed by the depth alone: the noise of one round decides the next one too.
[CaughtBy("VER-020")]
[Verifier("agree-draws-by-depth", "Wrong on purpose.", Lossless = Lossless.Sampling)]
public sealed class AgreeDrawsByDepth : NaiveAgree
{
    private readonly KeyedRandomness _own = new(7);

    protected override int Pick(Verification verification, int node) =>
        _own.Pick(DrawKey.At(0, verification.Tree.Depth(node)), verification.Target(node));
}

// A generator of its own that nobody seeds.
[CaughtBy("VER-002")]
[Verifier("agree-with-own-generator", "Wrong on purpose.", Lossless = Lossless.Sampling)]
public sealed class AgreeWithOwnGenerator : NaiveAgree
{
    protected override int Pick(Verification verification, int node) =>
        new KeyedRandomness((ulong)Random.Shared.NextInt64()).Pick(DrawKey.At(0, 0), verification.Target(node));
}

// Takes the draft's word for it.
[CaughtBy("VER-010")]
[Verifier("keeps-all", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class KeepsAll : NaiveAgree
{
    protected override int Pick(Verification verification, int node) =>
        verification.Tree.FirstChild(node) is >= 0 and var child ? verification.Tree.Token(child) : verification.Pick(node);
}

// Right, and of no use: no draft is ever kept.
[CaughtBy("VER-050")]
[Verifier("keeps-nothing", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class KeepsNothing : IVerifier
{
    public ProposalModes Accepts => ProposalModes.Any;

    public void Verify(Verification verification) => verification.Finish(verification.Pick(0));
}

// Forgets the token after a draft that was kept whole.
[CaughtBy("VER-001")]
[Verifier("does-not-finish", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class DoesNotFinish : IVerifier
{
    public ProposalModes Accepts => ProposalModes.Any;

    public void Verify(Verification verification)
    {
        int child = verification.Tree.Child(0, verification.Pick(0));
        if (child < 0)
        {
            verification.Finish(verification.Pick(0));
        }
        else
        {
            verification.Keep(child);
        }
    }
}

// Goes on after the token that ended the text.
[CaughtBy("VER-012")]
[Verifier("goes-on-after-the-end", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class GoesOnAfterTheEnd : IVerifier
{
    public ProposalModes Accepts => ProposalModes.Any;

    public void Verify(Verification verification)
    {
        int node = 0;
        int pick = verification.Pick(node);
        while (verification.Tree.Child(node, pick) is >= 0 and var child)
        {
            verification.Keep(child);
            node = child;
            pick = verification.Pick(node);
        }

        verification.Finish(pick);
    }
}

// Sharpens p in place before it picks: log-probabilities and the next reader see another distribution.
[CaughtBy("VER-003")]
[Verifier("changes-the-target", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class ChangesTheTarget : NaiveAgree
{
    protected override int Pick(Verification verification, int node)
    {
        int pick = verification.Pick(node);
        foreach (ref float logit in verification.Target(node).Change())
        {
            logit += 1;
        }

        return pick;
    }
}

// One buffer for all texts: what another text subtracts is missing here.
[CaughtBy("VER-040")]
[Verifier("shares-a-buffer", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class SharesABuffer : NaiveToken
{
    private static readonly double[] Buffer = new double[64];

    protected override double[] Left(double[] p, double[] q, double scale = 1) => base.Left(p, q);

    public override void Verify(Verification verification)
    {
        var tree = verification.Tree;
        int child = tree.FirstChild(0);
        Dense(verification.Target(0)).CopyTo(Buffer, 0);
        if (child < 0)
        {
            Bonus(verification, 0);
            return;
        }

        double[] q = Dense(verification.Proposal(0)!);
        if (!Flip(verification, child, Buffer[tree.Token(child)] / q[tree.Token(child)]))
        {
            FinishFrom(verification, 0, Left(Buffer[..q.Length], q));
        }
        else if (verification.Keep(child))
        {
            Bonus(verification, child);
        }
    }
}

// Right, and makes garbage at every step.
[CaughtBy("VER-051")]
[Verifier("makes-garbage", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class MakesGarbage : NaiveAgree
{
    protected override int Pick(Verification verification, int node) => new List<int> { verification.Pick(node) }[0];
}

// Keeps a child that is the arg-max of the raw row: right until a constraint, or a penalty, has a say.
[CaughtBy("VER-031")]
[Verifier("ignores-the-constraint", "Wrong on purpose.", Lossless = Lossless.Greedy)]
public sealed class IgnoresTheConstraint : NaiveAgree
{
    protected override int Pick(Verification verification, int node)
    {
        int pick = verification.Pick(node);
        int raw = verification.Rows.ArgMax(verification.Tree.Row(node));
        return verification.Tree.Child(node, raw) >= 0 ? raw : pick;
    }
}
