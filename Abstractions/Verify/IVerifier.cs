namespace Tokenwright;

/// <summary>The Verify seam: which nodes of a draft may be kept, and which token follows them?</summary>
/// <remarks>
/// A verifier walks the tree from the root with <see cref="Verification.Keep"/> and ends with <see cref="Verification.Finish(int)"/>. It takes
/// every random choice through the verification, never divides by a mass that may be zero, and keeps accept and residual arithmetic in float64.
/// </remarks>
public interface IVerifier : IPart
{
    /// <summary>The modes of proposals whose law it keeps.</summary>
    ProposalModes Accepts { get; }

    /// <summary>Decides one step.</summary>
    void Verify(Verification verification);
}
