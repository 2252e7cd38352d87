using System.Diagnostics;

namespace Tokenwright;

/// <summary>One text in the making: the parts that make it, its committed tokens, and the rules that end it.</summary>
/// <remarks>
/// The committed tokens are the only truth; caches, constraint states and drafters are reconciled to them after every step. The token
/// budget and the context hold exactly: committing past the end throws. Not safe for concurrent use; allocates nothing per token after
/// warm-up unless log-probabilities are asked for.
/// </remarks>
public sealed class Generation
{
    /// <summary>Rows of the prompt per forward: bounds the attention's scratch memory and the wait for a cancellation.</summary>
    public const int PromptPart = 512;

    private readonly int[] _tokens;
    private readonly bool[] _isEnd;
    private readonly Step _step = new();
    private readonly List<TokenLogProbability> _logProbabilities = [];
    private readonly ForwardItem[] _item = new ForwardItem[1];
    private int _count;
    private int _stepStart;

    /// <summary>Starts a generation.</summary>
    /// <param name="setup">The request and its parts.</param>
    /// <exception cref="ArgumentException">The prompt is empty, holds a token out of range, or leaves no room in the context.</exception>
    public Generation(GenerationSetup setup)
    {
        Target = setup.Target;
        Shape = setup.Shape;
        Drafter = setup.Drafter;
        Verifier = setup.Verifier;
        Randomness = setup.Randomness;
        Stops = setup.Stops;
        Vocabulary = setup.Vocabulary;
        Profile = setup.Profile;
        Trace = setup.Trace;
        Sequences = setup.Sequences;
        SequenceIndex = setup.SequenceIndex;
        TopLogProbabilities = setup.TopLogProbabilities;
        var info = Target.Info;
        var prompt = setup.Prompt.Span;
        CheckPrompt(prompt, info);
        ArgumentOutOfRangeException.ThrowIfLessThan(setup.MaxTokens, 1);
        if (Stops is not null && Vocabulary is null)
        {
            throw new ArgumentException("Stop strings need the bytes of tokens, and this model runs without a tokenizer.");
        }

        PromptLength = prompt.Length;
        Limit = Math.Min(info.ContextLength, (int)Math.Min(int.MaxValue, (long)prompt.Length + setup.MaxTokens));
        _tokens = new int[Limit];
        prompt.CopyTo(_tokens);
        _count = _stepStart = PromptLength;
        _isEnd = new bool[info.VocabularySize];
        if (!setup.IgnoreEndTokens)
        {
            foreach (int end in info.EndTokens)
            {
                _isEnd[end] = true;
            }
        }

        Verification = new Verification(this);
        DraftContext = new DraftContext(this);
    }

    /// <summary>The model that is decoded.</summary>
    public ICausalModel Target { get; }

    /// <summary>How its distributions are shaped.</summary>
    public ShapeChain Shape { get; }

    /// <summary>The drafter; null drafts nothing.</summary>
    public IDrafter? Drafter { get; }

    /// <summary>The verifier.</summary>
    public IVerifier Verifier { get; }

    /// <summary>The only source of randomness.</summary>
    public IRandomness Randomness { get; }

    /// <summary>The stop strings; null where there are none.</summary>
    public StopMatcher? Stops { get; }

    /// <summary>The bytes of tokens; null where the model runs without a tokenizer.</summary>
    public IVocabulary? Vocabulary { get; }

    /// <summary>The measured cost of the target's forwards; null where nobody measured it.</summary>
    public ForwardProfile? Profile { get; }

    /// <summary>Watches the steps; null where nobody does. A loop records every step that it verified.</summary>
    public ITrace? Trace { get; }

    /// <summary>The number of this text among those of a request, for keys of draws.</summary>
    public int SequenceIndex { get; }

    /// <summary>How many alternatives each log-probability carries; −1 asks for no log-probabilities.</summary>
    public int TopLogProbabilities { get; }

    /// <summary>Prompt and output so far.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _count);

    /// <summary>How many of <see cref="Tokens"/> are the prompt.</summary>
    public int PromptLength { get; }

    /// <summary>The most tokens, prompt included, that this text may have.</summary>
    public int Limit { get; }

    /// <summary>How many more tokens may be committed.</summary>
    public int Remaining => Limit - _count;

    /// <summary>Why the text ended; null while it goes on.</summary>
    public FinishReason? FinishReason { get; private set; }

    /// <summary>Whether the text has ended.</summary>
    public bool IsFinished => FinishReason is not null;

    /// <summary>Counters and times, kept by the loop.</summary>
    public Statistics Statistics { get; } = new();

    /// <summary>The verification of this text's steps.</summary>
    public Verification Verification { get; }

    /// <summary>What a drafter of this text knows.</summary>
    public DraftContext DraftContext { get; }

    /// <summary>The outputs of the target that verification reads: logits, or the arg-max where that is all the shape looks at.</summary>
    /// <param name="rows">Rows that may be visited.</param>
    public Wanted Wanted(RowSelection rows) =>
        Shape.IsPlainArgMax && TopLogProbabilities < 0 ? new Wanted(ArgMax: rows) : new Wanted(Logits: rows);

    /// <summary>The sequence for a loop to decode in; one that begins with what an earlier text left, where the caller keeps such.</summary>
    public SequenceLease LeaseSequence() => new(this);

    internal SequenceStore? Sequences { get; }

    /// <summary>Feeds the prompt but for its last part, which the loop feeds with its first step, and commits its rows.</summary>
    /// <param name="sequence">An empty sequence of the target, or one that holds a prefix of the prompt.</param>
    /// <param name="cancellation">Checked between parts, and inside them where the model can.</param>
    /// <returns>How many tokens of the prompt are committed; at least one and at most <see cref="PromptPart"/> are left.</returns>
    public async ValueTask<int> FeedPromptAsync(ISequence sequence, CancellationToken cancellation = default)
    {
        int done = sequence.Tokens.Length;
        while (PromptLength - done > PromptPart)
        {
            cancellation.ThrowIfCancellationRequested();
            _item[0] = new ForwardItem
            {
                Sequence = sequence,
                Tokens = _tokens.AsMemory(done, PromptPart),
                Wanted = Drafter?.PromptRows ?? default,
            };
            long start = Stopwatch.GetTimestamp();
            await Target.ForwardAsync(_item, cancellation).ConfigureAwait(false);
            Statistics.CountForward(PromptPart, Stopwatch.GetElapsedTime(start), isPrompt: true);
            sequence.Commit(PromptPart);
            Drafter?.Observe(new Observation { Fed = _tokens.AsSpan(done, PromptPart), Rows = sequence.Rows });
            done += PromptPart;
        }

        return done;
    }

    /// <summary>Commits one token: the only way by which a token becomes visible.</summary>
    /// <returns>False when the text ended with it.</returns>
    /// <exception cref="InvalidOperationException">The text has ended, or the token is out of range.</exception>
    public bool Emit(int token)
    {
        if (IsFinished)
        {
            throw new InvalidOperationException($"The text has ended ({FinishReason}); no token can follow.");
        }

        if ((uint)token >= (uint)_isEnd.Length)
        {
            throw new InvalidOperationException($"Token {token} is not in the vocabulary of {_isEnd.Length}.");
        }

        _tokens[_count++] = token;
        Statistics.Tokens++;
        if (_isEnd[token] || (Stops is not null && Stops.Append(Vocabulary!.Bytes(token))))
        {
            FinishReason = Tokenwright.FinishReason.Stop;
        }
        else if (Remaining == 0)
        {
            FinishReason = Tokenwright.FinishReason.Length;
        }

        return !IsFinished;
    }

    /// <summary>Takes what was committed since the last call as a step.</summary>
    public Step TakeStep()
    {
        _step.Tokens = _tokens.AsMemory(_stepStart, _count - _stepStart);
        _step.LogProbabilities = _logProbabilities.Count == 0 ? [] : _logProbabilities.ToArray();
        _logProbabilities.Clear();
        _stepStart = _count;
        return _step;
    }

    /// <summary>The tokens of the prompt and output as memory, for feeding them.</summary>
    /// <param name="start">The first token.</param>
    public ReadOnlyMemory<int> TokensFrom(int start) => _tokens.AsMemory(start, _count - start);

    internal bool Emit(int token, Verification verification, int node)
    {
        if (TopLogProbabilities >= 0)
        {
            _logProbabilities.Add(verification.LogProbabilityOf(token, node, TopLogProbabilities));
        }

        return Emit(token);
    }

    private static void CheckPrompt(ReadOnlySpan<int> prompt, ModelInfo info)
    {
        if (prompt.IsEmpty)
        {
            throw new ArgumentException("The prompt is empty: a text needs at least one token to start from.");
        }

        if (prompt.Length >= info.ContextLength)
        {
            throw new ArgumentException(
                $"The prompt has {prompt.Length} tokens and the context of {info.Name} holds {info.ContextLength}: at least one must be left for the output. Shorten the prompt."
            );
        }

        for (int i = 0; i < prompt.Length; i++)
        {
            if ((uint)prompt[i] >= (uint)info.VocabularySize)
            {
                throw new ArgumentException(
                    $"Prompt token {i} is {prompt[i]}; the vocabulary of {info.Name} has ids 0 to {info.VocabularySize - 1}."
                );
            }
        }
    }
}
