namespace Tokenwright.Host;

/// <summary>A verifier that is held to its end: a step without a decision is its fault and not the loop's.</summary>
internal sealed class GuardedVerifier(IVerifier inner, PartInfo part, Watch watch) : IVerifier
{
    public Capabilities Needs => inner.Needs;

    public ProposalModes Accepts => inner.Accepts;

    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
        inner.PrepareAsync(context, cancellation);

    public void Verify(Verification verification)
    {
        var before = watch.Enter(part);
        try
        {
            inner.Verify(verification);
            if (!verification.IsFinished)
            {
                throw new InvalidOperationException(
                    "it returned without finishing the step: it must call Finish, or keep a token that ends the text."
                );
            }
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        watch.Leave(before);
    }
}
