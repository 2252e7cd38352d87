namespace Tokenwright.Plugins.Standard;

/// <summary>Reads drawn children.</summary>
internal static class DrawnChildren
{
    /// <summary>The distribution from which a child was drawn; it gives the child's token a probability.</summary>
    /// <exception cref="InvalidOperationException">The child was not drawn from anything, or could not have been.</exception>
    public static Distribution Drawn(this Verification verification, int child)
    {
        var tree = verification.Tree;
        int token = tree.Token(child);
        var q =
            verification.Proposal(tree.Parent(child))
            ?? throw new InvalidOperationException(
                $"Draft node {child} (token {token}) is deterministic, and this verifier judges tokens that were drawn. Use the verifier agree, or correct what the drafter says it proposes."
            );
        return q.Probability(token) > 0
            ? q
            : throw new InvalidOperationException(
                $"Draft node {child} holds token {token}, which has probability 0 in the distribution the drafter says it was drawn from."
            );
    }
}
