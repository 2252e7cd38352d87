namespace Tokenwright.Plugins.Standard;

/// <summary>Emits what plain decoding with this seed would, and goes on while a child of the tree agrees. Lossless for any drafter.</summary>
/// <remarks>
/// The pick at a position depends on the seed and the position alone, so the text of a seed is the same with and without a draft
/// (coupled sampling; at temperature 0 it is the arg-max).
/// </remarks>
[Verifier(
    "agree",
    "Keeps the draft while it equals what plain decoding would pick; exact for every drafter.",
    Lossless = Lossless.Seed
)]
public sealed class Agree : IVerifier
{
    /// <inheritdoc/>
    public ProposalModes Accepts => ProposalModes.Any;

    /// <inheritdoc/>
    public void Verify(Verification verification)
    {
        int node = 0;
        while (true)
        {
            int pick = verification.Pick(node);
            int child = verification.Tree.Child(node, pick);
            if (child < 0)
            {
                verification.Finish(pick);
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
