namespace Tokenwright;

/// <summary>The Draft seam: which continuations are worth checking?</summary>
/// <remarks>A draft changes speed only. Whatever a drafter proposes, a lossless verifier keeps the law of the text.</remarks>
public interface IDrafter : IPart
{
    /// <summary>The modes in which it proposes; the verifier must accept them all.</summary>
    ProposalModes Proposes { get; }

    /// <summary>
    /// Says which modes the verifier of the recipe accepts; called once, after the options are set and before anything else. A drafter that can
    /// propose in several modes settles for one of these; by default nothing is to be decided.
    /// </summary>
    void Suit(ProposalModes accepted) { }

    /// <summary>The outputs it wants to observe of prompt rows.</summary>
    Wanted PromptRows => default;

    /// <summary>The outputs it wants to observe of every step's rows.</summary>
    Wanted StepRows => default;

    /// <summary>Adds nodes to the tree; adding none is a plain step.</summary>
    /// <param name="context">What is known.</param>
    /// <param name="tree">Holds the root alone; room and depth are limits.</param>
    /// <param name="cancellation">Cancels forwards of the drafter's own models.</param>
    ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation);

    /// <summary>Learns from verified rows: first those of the prompt, then those of every step. By default learns nothing.</summary>
    void Observe(in Observation observation) { }
}
