namespace Tokenwright;

/// <summary>What a drafter knows when it drafts. One object per sequence, its contents valid during the call.</summary>
public sealed class DraftContext
{
    private readonly Generation _generation;

    internal DraftContext(Generation generation) => _generation = generation;

    /// <summary>Prompt and output so far, the root of the tree last.</summary>
    public ReadOnlySpan<int> Committed => _generation.Tokens;

    /// <summary>How many of <see cref="Committed"/> are the prompt.</summary>
    public int PromptLength => _generation.PromptLength;

    /// <summary>The number of the sequence, for keys of draws.</summary>
    public int SequenceIndex => _generation.SequenceIndex;

    /// <summary>How the target's distributions are shaped; a drafter that samples shapes its own the same way.</summary>
    public ShapeChain Shape => _generation.Shape;

    /// <summary>The shape's states at the root.</summary>
    public ReadOnlySpan<ShapeState> RootStates => _generation.Verification.RootStates;

    /// <summary>The only source of randomness.</summary>
    public IRandomness Randomness => _generation.Randomness;

    /// <summary>The measured cost of the target's forwards; null where nobody measured it.</summary>
    public ForwardProfile? Profile => _generation.Profile;
}
