namespace Tokenwright.Tests.Plugins.Standard.Verifiers;

/// <summary>Published and likely ways to break an acceptance rule; the law check must see each of them.</summary>
public enum Mutation
{
    None,
    AcceptsTooMuch,
    ResidualMissing,
    BonusUnshaped,
    ChildrenSorted,
    QNotRenormalised,
    WithReplacement,
    BreaksAtFirstReject,
}

/// <summary>The rules written down naively, over arrays of the vocabulary, with a place for every mutation.</summary>
internal abstract class NaiveRule(Mutation mutation) : IVerifier
{
    protected Mutation Mutation { get; } = mutation;

    public abstract ProposalModes Accepts { get; }

    public abstract void Verify(Verification verification);

    protected void Bonus(Verification verification, int node)
    {
        if (Mutation == Mutation.BonusUnshaped)
        {
            var raw = new Distribution(verification.Target(node).VocabularySize);
            raw.Load(verification.Rows.Logits(verification.Tree.Row(node)));
            verification.Finish(verification.Draw(DrawStream.Bonus, node, 0, raw));
            return;
        }

        verification.Finish(verification.Draw(DrawStream.Bonus, node, 0, verification.Target(node)));
    }

    protected bool Flip(Verification verification, int child, double probability) =>
        verification.Flip(
            DrawStream.Accept,
            child,
            0,
            Mutation == Mutation.AcceptsTooMuch ? Math.Sqrt(Math.Min(1, probability)) : probability
        );

    protected static double[] Dense(Distribution distribution) =>
        [.. Enumerable.Range(0, distribution.VocabularySize).Select(distribution.Probability)];

    protected double[] Left(double[] p, double[] q, double scale = 1) =>
        Mutation == Mutation.ResidualMissing ? p : [.. p.Select((x, t) => Math.Max(0, scale * x - q[t]))];

    protected static double[] Normalised(double[] values) =>
        values.Sum() is > 0 and var sum ? [.. values.Select(v => v / sum)] : values;

    protected static void FinishFrom(Verification verification, int node, double[] left) =>
        verification.Finish(verification.Draw(DrawStream.Residual, node, 0, [], left));
}

internal sealed class NaiveToken(Mutation mutation = Mutation.None) : NaiveRule(mutation)
{
    public override ProposalModes Accepts => ProposalModes.Independent;

    public override void Verify(Verification verification)
    {
        var tree = verification.Tree;
        int node = 0;
        for (int child = tree.FirstChild(0); child >= 0; child = tree.FirstChild(child))
        {
            double[] p = Dense(verification.Target(node));
            double[] q = Dense(verification.Proposal(node)!);
            if (!Flip(verification, child, p[tree.Token(child)] / q[tree.Token(child)]))
            {
                FinishFrom(verification, node, Left(p, q));
                return;
            }

            if (!verification.Keep(child))
            {
                return;
            }

            node = child;
        }

        Bonus(verification, node);
    }
}

internal sealed class NaiveBlock(Mutation mutation = Mutation.None) : NaiveRule(mutation)
{
    public override ProposalModes Accepts => ProposalModes.Independent;

    public override void Verify(Verification verification)
    {
        var tree = verification.Tree;
        var chain = new List<int> { 0 };
        while (tree.FirstChild(chain[^1]) is >= 0 and var child)
        {
            chain.Add(child);
        }

        int kept = 0;
        double a = 1;
        double keptA = 1;
        for (int i = 1; i < chain.Count && a > 0; i++)
        {
            int token = tree.Token(chain[i]);
            a = Math.Min(
                1,
                a * verification.Target(chain[i - 1]).Probability(token) / verification.Proposal(chain[i - 1])!.Probability(token)
            );
            double pass = a;
            if (i < chain.Count - 1 && a > 0)
            {
                double sum = Dense(verification.Target(chain[i]))
                    .Zip(Dense(verification.Proposal(chain[i])!), (p, q) => Math.Max(0, a * p - q))
                    .Sum();
                pass = sum + 1 - a > 0 ? sum / (sum + 1 - a) : 1;
            }

            if (Flip(verification, chain[i], pass))
            {
                (kept, keptA) = (i, a);
            }
            else if (Mutation == Mutation.BreaksAtFirstReject)
            {
                break;
            }
        }

        for (int i = 1; i <= kept; i++)
        {
            if (!verification.Keep(chain[i]))
            {
                return;
            }
        }

        if (kept == chain.Count - 1)
        {
            Bonus(verification, chain[kept]);
            return;
        }

        FinishFrom(
            verification,
            chain[kept],
            Left(Dense(verification.Target(chain[kept])), Dense(verification.Proposal(chain[kept])!), keptA)
        );
    }
}

internal sealed class NaiveRejection(Mutation mutation = Mutation.None) : NaiveRule(mutation)
{
    public override ProposalModes Accepts => ProposalModes.Independent | ProposalModes.WithoutReplacement;

    public override void Verify(Verification verification)
    {
        int node = 0;
        while (node >= 0)
        {
            node = Step(verification, node);
        }
    }

    private int Step(Verification verification, int node)
    {
        var tree = verification.Tree;
        var children = new List<int>();
        for (int child = tree.FirstChild(node); child >= 0; child = tree.NextSibling(child))
        {
            children.Add(child);
        }

        if (children.Count == 0)
        {
            Bonus(verification, node);
            return -1;
        }

        if (Mutation == Mutation.ChildrenSorted)
        {
            children.Sort((a, b) => tree.Score(b).CompareTo(tree.Score(a)));
        }

        double[] p = Dense(verification.Target(node));
        double[] q = Dense(verification.Proposal(node)!);
        foreach (int child in children)
        {
            int token = tree.Token(child);
            if (Flip(verification, child, p[token] / q[token]))
            {
                return verification.Keep(child) ? child : -1;
            }

            p = Normalised(Left(p, q));
            if (tree.Mode(node) == ProposalModes.WithoutReplacement && Mutation != Mutation.WithReplacement)
            {
                q[token] = 0;
                q = Mutation == Mutation.QNotRenormalised ? q : Normalised(q);
            }
        }

        FinishFrom(verification, node, p);
        return -1;
    }
}
