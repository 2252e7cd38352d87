namespace Tokenwright.Tests.Seams;

/// <summary>Ways to break an acceptance rule; the law check must see each of them.</summary>
internal enum Mutation
{
    None,
    AcceptsTooMuch,
    ResidualMissing,
    ChildrenSorted,
}

/// <summary>The token rule for chains (Leviathan et al., 2023): keep x with probability min(1, p(x)/q(x)), else draw from [p − q]₊.</summary>
internal sealed class TokenRule(Mutation mutation = Mutation.None) : IVerifier
{
    public ProposalModes Accepts => ProposalModes.Independent;

    public void Verify(Verification verification)
    {
        for (int node = 0; ; )
        {
            var p = verification.Target(node);
            int child = verification.Tree.FirstChild(node);
            if (child < 0)
            {
                verification.Finish(verification.Draw(DrawStream.Bonus, node, 0, p));
                return;
            }

            var q = verification.Proposal(node)!;
            int token = verification.Tree.Token(child);
            double ratio = p.Probability(token) / q.Probability(token);
            if (
                verification.Flip(
                    DrawStream.Accept,
                    node,
                    0,
                    mutation == Mutation.AcceptsTooMuch ? Math.Sqrt(Math.Min(1, ratio)) : ratio
                )
            )
            {
                if (!verification.Keep(child))
                {
                    return;
                }

                node = child;
                continue;
            }

            var residual = new double[p.VocabularySize];
            for (int t = 0; t < residual.Length; t++)
            {
                residual[t] =
                    mutation == Mutation.ResidualMissing ? p.Probability(t) : Math.Max(0, p.Probability(t) - q.Probability(t));
            }

            verification.Finish(verification.Draw(DrawStream.Residual, node, 0, [], residual));
            return;
        }
    }
}

/// <summary>Recursive rejection (SpecInfer for independent children, RRSw without replacement): each child in draw order against what is left of p.</summary>
internal sealed class RecursiveRejection(Mutation mutation = Mutation.None) : IVerifier
{
    public ProposalModes Accepts => ProposalModes.Independent | ProposalModes.WithoutReplacement;

    public void Verify(Verification verification)
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
        double[] p = Dense(verification.Target(node));
        double[] q = verification.Proposal(node) is { } proposal ? Dense(proposal) : [];
        var children = new List<int>();
        for (int child = tree.FirstChild(node); child >= 0; child = tree.NextSibling(child))
        {
            children.Add(child);
        }

        if (mutation == Mutation.ChildrenSorted)
        {
            children.Sort((a, b) => tree.Score(b).CompareTo(tree.Score(a)));
        }

        for (int draw = 0; draw < children.Count; draw++)
        {
            int token = tree.Token(children[draw]);
            double ratio = p[token] / q[token];
            if (
                verification.Flip(
                    DrawStream.Accept,
                    node,
                    draw,
                    mutation == Mutation.AcceptsTooMuch ? Math.Sqrt(Math.Min(1, ratio)) : ratio
                )
            )
            {
                return verification.Keep(children[draw]) ? children[draw] : -1;
            }

            if (mutation != Mutation.ResidualMissing)
            {
                Normalise(p, t => Math.Max(0, p[t] - q[t]));
            }

            if (tree.Mode(node) == ProposalModes.WithoutReplacement)
            {
                Normalise(q, t => t == token ? 0 : q[t]);
            }
        }

        verification.Finish(verification.Draw(DrawStream.Residual, node, 0, [], p));
        return -1;
    }

    private static double[] Dense(Distribution distribution) =>
        [.. Enumerable.Range(0, distribution.VocabularySize).Select(distribution.Probability)];

    private static void Normalise(double[] values, Func<int, double> value)
    {
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            sum += values[i] = value(i);
        }

        for (int i = 0; sum > 0 && i < values.Length; i++)
        {
            values[i] /= sum;
        }
    }
}
