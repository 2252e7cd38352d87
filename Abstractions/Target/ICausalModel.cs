namespace Tokenwright;

/// <summary>A model that gives, for each token of a sequence, the logits of the next one.</summary>
/// <remarks>
/// A model is immutable and safe to share; all state lives in its sequences. One sequence is used by one caller at a time.
/// </remarks>
public interface ICausalModel : IDisposable
{
    /// <summary>Sizes, context length and end tokens.</summary>
    ModelInfo Info { get; }

    /// <summary>What this model can do.</summary>
    Capabilities Capabilities { get; }

    /// <summary>Says why capabilities are missing and what the user can do about it, in one or two sentences.</summary>
    /// <param name="missing">Capabilities that <see cref="Capabilities"/> lacks.</param>
    string Explain(Capabilities missing);

    /// <summary>Creates an empty sequence. The caller disposes it.</summary>
    ISequence CreateSequence();

    /// <summary>Runs the model over one item per sequence; each sequence then has new provisional rows and new <see cref="ISequence.Rows"/>.</summary>
    /// <remarks>
    /// Completes synchronously where one sequence runs on the CPU, and then allocates nothing after warm-up. Cancelling leaves every
    /// sequence of the call as it was before.
    /// </remarks>
    /// <param name="items">One item per sequence, no sequence twice.</param>
    /// <param name="cancellation">Ends a long forward early.</param>
    /// <exception cref="ArgumentException">An item has no tokens, a token out of range, or parents that do not come first.</exception>
    /// <exception cref="NotSupportedException">An item asks for something outside <see cref="Capabilities"/>.</exception>
    /// <exception cref="InvalidOperationException">A sequence would grow beyond the context.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default);
}
