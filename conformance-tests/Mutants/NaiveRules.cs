namespace Tokenwright.Mutants;

/// <summary>The rules that compare p and q written down naively, over arrays of the vocabulary, with a place for every mutation.</summary>
public abstract class NaiveRule : IVerifier
{
    public abstract ProposalModes Accepts { get; }

    public abstract void Verify(Verification verification);

    /// <summary>The probability that a token is kept.</summary>
    protected virtual double Acceptance(double ratio) => Math.Min(1, ratio);

    /// <summary>What is left of p after a rejection.</summary>
    protected virtual double[] Left(double[] p, double[] q, double scale = 1) =>
        [.. p.Select((x, t) => Math.Max(0, scale * x - q[t]))];

    /// <summary>The distribution of the token after a draft that was kept whole.</summary>
    protected virtual double[] BonusOf(Verification verification, int node) => Dense(verification.Target(node));

    protected void Bonus(Verification verification, int node) =>
        verification.Finish(verification.Draw(DrawStream.Bonus, node, 0, [], BonusOf(verification, node)));

    protected bool Flip(Verification verification, int child, double ratio) =>
        verification.Flip(DrawStream.Accept, child, 0, Acceptance(ratio));

    protected static double[] Dense(Distribution distribution) =>
        [.. Enumerable.Range(0, distribution.VocabularySize).Select(distribution.Probability)];

    protected static double[] Unshaped(Verification verification, int node)
    {
        var raw = new Distribution(verification.Target(node).VocabularySize);
        raw.Load(verification.Rows.Logits(verification.Tree.Row(node)));
        return Dense(raw);
    }

    protected static double[] Normalised(double[] values) =>
        values.Sum() is > 0 and var sum ? [.. values.Select(v => v / sum)] : values;

    protected static void FinishFrom(Verification verification, int node, double[] left) =>
        verification.Finish(verification.Draw(DrawStream.Residual, node, 0, [], left));
}

/// <summary>Keeps x with probability min(1, p/q), else draws from [p − q]₊.</summary>
[Sound]
[Verifier("naive-token", "The token rule, written naively.", Lossless = Lossless.Yes)]
public class NaiveToken : NaiveRule
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

/// <summary>Block verification: tries every prefix, keeps the longest that passes.</summary>
[Sound]
[Verifier("naive-block", "Block verification, written naively.", Lossless = Lossless.Yes)]
public class NaiveBlock : NaiveRule
{
    public override ProposalModes Accepts => ProposalModes.Independent;

    /// <summary>Whether nothing after the first prefix that fails is looked at.</summary>
    protected virtual bool BreaksAtFirstReject => false;

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
            else if (BreaksAtFirstReject)
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

        int last = chain[kept];
        double[] left = Left(Dense(verification.Target(last)), Dense(verification.Proposal(last)!), keptA);

        // Where nothing but rounding is left p and q are the same.
        FinishFrom(verification, last, left.Sum() > 1e-12 ? left : Dense(verification.Target(last)));
    }
}

/// <summary>Recursive rejection: siblings in draw order, each against what the ones before it left.</summary>
[Sound]
[Verifier("naive-rejection", "Recursive rejection, written naively.", Lossless = Lossless.Yes)]
public class NaiveRejection : NaiveRule
{
    public override ProposalModes Accepts => ProposalModes.Independent | ProposalModes.WithoutReplacement;

    /// <summary>The order in which siblings are tried.</summary>
    protected virtual void Order(List<int> children, DraftTree tree) { }

    /// <summary>What is left of q once a sibling drawn without replacement was rejected.</summary>
    protected virtual double[] Removed(double[] q, int token)
    {
        q[token] = 0;
        return Normalised(q);
    }

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

        Order(children, tree);
        double[] p = Dense(verification.Target(node));
        double[] q = Dense(verification.Proposal(node)!);
        foreach (int child in children)
        {
            int token = tree.Token(child);
            if (Flip(verification, child, q[token] > 0 ? p[token] / q[token] : 0))
            {
                return verification.Keep(child) ? child : -1;
            }

            double[] left = Left(p, q);
            p = left.Sum() > 1e-12 ? Normalised(left) : p;
            if (tree.Mode(node) == ProposalModes.WithoutReplacement)
            {
                q = Removed(q, token);
            }
        }

        FinishFrom(verification, node, p);
        return -1;
    }
}

/// <summary>Emits what plain decoding would and goes on while a child agrees.</summary>
[Sound]
[Verifier("naive-agree", "Keeps the draft while it is what plain decoding picks.", Lossless = Lossless.Seed)]
public class NaiveAgree : IVerifier
{
    public ProposalModes Accepts => ProposalModes.Any;

    /// <summary>The token after a node.</summary>
    protected virtual int Pick(Verification verification, int node) => verification.Pick(node);

    /// <summary>The token after a node none of whose children was picked.</summary>
    protected virtual int Mismatch(Verification verification, int node, int pick) => pick;

    public virtual void Verify(Verification verification)
    {
        int node = 0;
        while (true)
        {
            int pick = Pick(verification, node);
            int child = verification.Tree.Child(node, pick);
            if (child < 0)
            {
                verification.Finish(verification.Tree.FirstChild(node) < 0 ? pick : Mismatch(verification, node, pick));
                return;
            }

            if (!verification.Keep(child))
            {
                return;
            }

            node = child;
        }
    }
}
