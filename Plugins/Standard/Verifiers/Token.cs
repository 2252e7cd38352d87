namespace Tokenwright.Plugins.Standard;

/// <summary>The token rule (Leviathan et al., 2023; Chen et al., 2023): keeps a drawn token x with probability min(1, p(x)/q(x)), else draws from [p − q]₊.</summary>
/// <remarks>
/// Reads a tree as the chain of its first children. Deterministic children have no q, and judging them by p/q would bend the law, so
/// drafters that propose them are refused; agree takes them, and is as exact.
/// </remarks>
[Verifier(
    "token",
    "Keeps a drawn token with probability min(1, p/q); exact for chains of independent draws.",
    Lossless = Lossless.Yes
)]
public sealed class Token : IVerifier
{
    private readonly Measure _left = new();
    private readonly Measure _q = new();

    /// <inheritdoc/>
    public ProposalModes Accepts => ProposalModes.Independent;

    /// <inheritdoc/>
    public void Verify(Verification verification)
    {
        int node = 0;
        while (true)
        {
            var p = verification.Target(node);
            int child = verification.Tree.FirstChild(node);
            if (child < 0)
            {
                verification.Finish(verification.Draw(DrawStream.Bonus, node, 0, p));
                return;
            }

            var drawn = verification.Drawn(child);
            int token = verification.Tree.Token(child);
            if (!verification.Flip(DrawStream.Accept, child, 0, p.Probability(token) / drawn.Probability(token)))
            {
                _left.Load(p);
                _q.Load(drawn);
                _left.Subtract(_q);
                verification.Finish(_left.Draw(verification, node));
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
