namespace Tokenwright;

/// <summary>Keeps the sequence of the last text, so that a text which begins like it need not be fed from the start.</summary>
/// <remarks>Holds one sequence of one model that can rewind. Not safe for concurrent use.</remarks>
public sealed class SequenceStore : IDisposable
{
    private ICausalModel? _model;
    private ISequence? _sequence;

    /// <inheritdoc/>
    public void Dispose()
    {
        _sequence?.Dispose();
        _sequence = null;
    }

    /// <summary>A sequence that holds what the last one has in common with a prompt, but for the prompt's last token; the caller owns it.</summary>
    internal ISequence Take(ICausalModel model, ReadOnlySpan<int> prompt)
    {
        if (_sequence is not { } sequence || _model != model)
        {
            Dispose();
            return model.CreateSequence();
        }

        _sequence = null;
        sequence.Rewind(Math.Min(sequence.Tokens.CommonPrefixLength(prompt), prompt.Length - 1));
        return sequence;
    }

    /// <summary>Takes a sequence over.</summary>
    internal void Keep(ICausalModel model, ISequence sequence)
    {
        Dispose();
        if (model.Capabilities.HasFlag(Capabilities.Rewind))
        {
            (_model, _sequence) = (model, sequence);
        }
        else
        {
            sequence.Dispose();
        }
    }
}

/// <summary>The sequence of a generation while its loop runs; disposing ends that.</summary>
public readonly struct SequenceLease : IDisposable
{
    private readonly Generation _generation;

    internal SequenceLease(Generation generation)
    {
        _generation = generation;
        Sequence =
            generation.Sequences?.Take(generation.Target, generation.Tokens[..generation.PromptLength])
            ?? generation.Target.CreateSequence();
    }

    /// <summary>A sequence of the target, empty or holding a prefix of the prompt.</summary>
    public ISequence Sequence { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_generation.Sequences is { } sequences)
        {
            sequences.Keep(_generation.Target, Sequence);
        }
        else
        {
            Sequence.Dispose();
        }
    }
}
