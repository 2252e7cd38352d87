namespace Tokenwright;

/// <summary>The Schedule seam: when does each model run?</summary>
public interface IDecodingLoop : IPart
{
    /// <summary>Runs a generation to its end.</summary>
    /// <remarks>
    /// Yields after every step that committed tokens; a step is valid until the next one is asked for. Each verified token goes through
    /// <see cref="Generation.Emit(int)"/> or a <see cref="Verification"/>, nothing else becomes visible. Cancelling throws within one step.
    /// </remarks>
    /// <param name="generation">The request, its parts and its committed tokens.</param>
    /// <param name="cancellation">Ends the generation early.</param>
    IAsyncEnumerable<Step> RunAsync(Generation generation, CancellationToken cancellation = default);
}
