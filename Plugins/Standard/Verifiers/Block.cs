namespace Tokenwright.Plugins.Standard;

/// <summary>Block verification (Sun et al., 2024, arXiv 2403.10444): judges a chain as a whole and keeps at least as much of it as the token rule.</summary>
/// <remarks>
/// <para>
/// a₀ = 1, aᵢ = min(1, aᵢ₋₁·p(xᵢ)/q(xᵢ)); Sᵢ = Σ [aᵢ·p − q]₊ after xᵢ; xᵢ passes with probability hᵢ = Sᵢ/(Sᵢ + 1 − aᵢ), the last one with its
/// a. Every xᵢ is tried on its own and the longest prefix whose end passes is kept, whatever failed before it; then comes a draw from
/// [a·p − q]₊ there, or from p after the whole chain. The chain's length may depend on what was drawn so far.
/// </para>
/// <para>Reads a tree as the chain of its first children. Deterministic children are refused, as by <see cref="Token"/>.</para>
/// </remarks>
[Verifier(
    "block",
    "Judges a chain of independent draws as a whole; exact, and keeps at least as much as token.",
    Lossless = Lossless.Yes
)]
public sealed class Block : IVerifier
{
    private readonly Measure _left = new();
    private readonly Measure _q = new();
    private int[] _chain = new int[16];
    private double[] _a = new double[16];

    /// <inheritdoc/>
    public ProposalModes Accepts => ProposalModes.Independent;

    /// <inheritdoc/>
    public void Verify(Verification verification)
    {
        int kept = Follow(verification);
        bool rejected = verification.Tree.FirstChild(_chain[kept]) >= 0;

        // From the end: the first prefix that passes is the longest. Trials that could no longer matter are not drawn.
        while (kept > 0)
        {
            double pass = rejected ? Left(verification, kept) : _a[kept];
            if (verification.Flip(DrawStream.Accept, _chain[kept], 0, pass))
            {
                break;
            }

            kept--;
            rejected = true;
        }

        if (kept == 0 && rejected)
        {
            Left(verification, 0);
        }

        for (int i = 1; i <= kept; i++)
        {
            if (!verification.Keep(_chain[i]))
            {
                return;
            }
        }

        int last = _chain[kept];
        verification.Finish(
            rejected ? _left.Draw(verification, last) : verification.Draw(DrawStream.Bonus, last, 0, verification.Target(last))
        );
    }

    // Lays out the chain and its a; returns where it ends, or where what follows has become impossible and is not to be looked at.
    private int Follow(Verification verification)
    {
        var tree = verification.Tree;
        if (_chain.Length < tree.Count)
        {
            Array.Resize(ref _chain, 2 * tree.Count);
            Array.Resize(ref _a, 2 * tree.Count);
        }

        _chain[0] = 0;
        _a[0] = 1;
        int length = 0;
        for (int child = tree.FirstChild(0); child >= 0; child = tree.FirstChild(child))
        {
            var q = verification.Drawn(child);
            int token = tree.Token(child);
            double a = Math.Min(1, _a[length] * verification.Target(_chain[length]).Probability(token) / q.Probability(token));
            if (a == 0)
            {
                break;
            }

            _chain[++length] = child;
            _a[length] = a;
        }

        return length;
    }

    // Makes what is left after a prefix; returns the probability that the prefix passes.
    private double Left(Verification verification, int at)
    {
        int node = _chain[at];
        _left.Load(verification.Target(node));
        _q.Load(verification.Proposal(node)!);
        double sum = _left.Subtract(_q, _a[at]);
        double failing = 1 - _a[at];
        return sum + failing > 0 ? sum / (sum + failing) : 1;
    }
}
