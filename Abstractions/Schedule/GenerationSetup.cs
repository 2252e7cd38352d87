namespace Tokenwright;

/// <summary>A request with its parts made and checked: what a <see cref="Generation"/> starts from.</summary>
public sealed record GenerationSetup
{
    /// <summary>The model, decorated if the recipe says so.</summary>
    public required ICausalModel Target { get; init; }

    /// <summary>The prompt, at least one token.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>The processors and the constraint.</summary>
    public required ShapeChain Shape { get; init; }

    /// <summary>The verifier.</summary>
    public required IVerifier Verifier { get; init; }

    /// <summary>The source of every random choice.</summary>
    public required IRandomness Randomness { get; init; }

    /// <summary>The drafter; null drafts nothing.</summary>
    public IDrafter? Drafter { get; init; }

    /// <summary>The most tokens to commit, at least 1. The context may end the text earlier.</summary>
    public int MaxTokens { get; init; } = int.MaxValue;

    /// <summary>Whether end tokens are tokens like any other.</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>The stop strings; fresh, since the matcher follows the text.</summary>
    public StopMatcher? Stops { get; init; }

    /// <summary>The bytes of tokens; stop strings need them.</summary>
    public IVocabulary? Vocabulary { get; init; }

    /// <summary>How many alternatives each log-probability carries, 0 to the vocabulary; −1 asks for no log-probabilities.</summary>
    public int TopLogProbabilities { get; init; } = -1;

    /// <summary>The number of this text among those of a request.</summary>
    public int SequenceIndex { get; init; }

    /// <summary>Watches the steps; null where nobody does.</summary>
    public ITrace? Trace { get; init; }

    /// <summary>Keeps the sequence between texts; null gives it up at the end.</summary>
    public SequenceStore? Sequences { get; init; }

    /// <summary>The measured cost of the target's forwards, if known.</summary>
    public ForwardProfile? Profile { get; init; }
}
