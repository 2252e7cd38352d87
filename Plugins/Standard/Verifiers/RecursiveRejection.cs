namespace Tokenwright.Plugins.Standard;

/// <summary>Recursive rejection sampling without replacement (RSD and Sequoia, 2024): tries siblings in the order they were drawn, each against what the ones before it left.</summary>
/// <remarks>
/// A child x is kept with probability min(1, p(x)/q(x)); after a rejection p becomes [p − q]₊ and q loses x, both normalised. Where the
/// children were drawn independently q stays as it is (SpecInfer). Deterministic children are refused, as by <see cref="Token"/>.
/// </remarks>
[Verifier(
    "rrsw",
    "Tries drawn siblings one after another; exact for trees drawn with or without replacement.",
    Lossless = Lossless.Yes
)]
public sealed class RecursiveRejection : IVerifier
{
    private readonly Measure _p = new();
    private readonly Measure _q = new();

    /// <inheritdoc/>
    public ProposalModes Accepts => ProposalModes.Independent | ProposalModes.WithoutReplacement;

    /// <inheritdoc/>
    public void Verify(Verification verification)
    {
        int node = 0;
        while (true)
        {
            var p = verification.Target(node);
            int first = verification.Tree.FirstChild(node);
            if (first < 0)
            {
                verification.Finish(verification.Draw(DrawStream.Bonus, node, 0, p));
                return;
            }

            int child = Select(verification, first, p);
            if (child < 0)
            {
                verification.Finish(_p.Draw(verification, node));
                return;
            }

            if (!verification.Keep(child))
            {
                return;
            }

            node = child;
        }
    }

    // The sibling that is kept, or −1; then _p is what is left of p.
    private int Select(Verification verification, int first, Distribution p)
    {
        var tree = verification.Tree;
        bool removes = tree.Mode(tree.Parent(first)) == ProposalModes.WithoutReplacement;
        for (int child = first; child >= 0; child = tree.NextSibling(child))
        {
            int token = tree.Token(child);
            var q = verification.Drawn(child);
            double ratio =
                child == first ? p.Probability(token) / q.Probability(token)
                : _q.Probability(token) > 0 ? _p.Probability(token) / _q.Probability(token)
                : 0;
            if (verification.Flip(DrawStream.Accept, child, 0, ratio))
            {
                return child;
            }

            if (child == first)
            {
                _p.Load(p);
                _q.Load(q);
            }

            _p.Subtract(_q);
            if (removes)
            {
                _q.Remove(token);
            }
        }

        return -1;
    }
}
