using System.Reflection;

namespace Tokenwright.Conformance;

/// <summary>Makes whole texts from parts: what a host does, without options, plugins and tokenizers.</summary>
public static class Run
{
    /// <summary>Orders processors and a constraint, ids taken from their attributes. They must be prepared.</summary>
    public static ShapeChain Shape(
        ICausalModel model,
        IEnumerable<ILogitsProcessor>? processors = null,
        ITokenConstraint? constraint = null
    ) =>
        new(
            (processors ?? []).Select(p =>
                KeyValuePair.Create(p.GetType().GetCustomAttribute<LogitsProcessorAttribute>()?.Id ?? p.GetType().Name, p)
            ),
            constraint,
            model.Info
        );

    /// <summary>Prepares the parts, refuses what cannot compose, and makes a generation.</summary>
    /// <exception cref="NotSupportedException">A part needs a capability that the model lacks, or the verifier does not accept the drafter's proposals.</exception>
    public static async Task<Generation> StartAsync(Request request)
    {
        var model = request.Model;
        request.Drafter?.Suit(request.Verifier.Accepts);
        var context = new PartContext
        {
            Target = model,
            Vocabulary = request.Vocabulary,
            MaxTokens = Math.Min(request.MaxTokens, Math.Max(1, model.Info.ContextLength - request.Prompt.Length)),
            Models = request.Models,
            Stores = request.Stores,
        };
        foreach (var part in Parts(request))
        {
            var missing = part.Needs & ~model.Capabilities;
            if (missing != Capabilities.None)
            {
                throw new NotSupportedException($"{part.GetType().Name} needs {missing}: {model.Explain(missing)}");
            }

            await part.PrepareAsync(context).ConfigureAwait(false);
        }

        if (request.Drafter is { } drafter && (drafter.Proposes & ~request.Verifier.Accepts) != ProposalModes.None)
        {
            throw new NotSupportedException(
                $"{drafter.GetType().Name} proposes {drafter.Proposes}; {request.Verifier.GetType().Name} accepts {request.Verifier.Accepts}."
            );
        }

        return new Generation(
            new GenerationSetup
            {
                Target = model,
                Prompt = request.Prompt,
                Shape = Shape(model, request.Processors, request.Constraint),
                Drafter = request.Drafter,
                Verifier = request.Verifier,
                Randomness = request.Randomness,
                MaxTokens = request.MaxTokens,
                IgnoreEndTokens = request.IgnoreEndTokens,
                Stops = request.Stops is null ? null : new StopMatcher(request.Stops),
                Vocabulary = request.Vocabulary,
                TopLogProbabilities = request.TopLogProbabilities,
                SequenceIndex = request.SequenceIndex,
                Profile = request.Profile,
                Trace = request.Trace,
            }
        );
    }

    /// <summary>Makes a text.</summary>
    public static async Task<Text> TextAsync(Request request, CancellationToken cancellation = default)
    {
        var generation = await StartAsync(request).ConfigureAwait(false);
        var tokens = new List<int>();
        var steps = new List<int>();
        var logProbabilities = new List<TokenLogProbability>();
        try
        {
            await foreach (var step in request.Loop.RunAsync(generation, cancellation).ConfigureAwait(false))
            {
                tokens.AddRange(step.Tokens.Span);
                steps.Add(step.Tokens.Length);
                logProbabilities.AddRange(step.LogProbabilities);
            }
        }
        finally
        {
            foreach (var part in Parts(request).OfType<IDisposable>())
            {
                part.Dispose();
            }
        }

        return new Text(tokens, steps, generation.FinishReason, logProbabilities, generation.Statistics);
    }

    internal static IEnumerable<IPart> Parts(Request request)
    {
        IPart?[] parts =
        [
            .. request.Processors,
            request.Constraint,
            .. (request.Drafter as ICombinedDrafter)?.Drafters ?? [],
            request.Drafter,
            request.Verifier,
            request.Loop,
        ];
        return parts.OfType<IPart>();
    }

    /// <summary>Makes a text whose forwards complete at once, as those of table models do.</summary>
    public static Text Text(Request request)
    {
        var task = TextAsync(request);
        return task.IsCompleted
            ? task.GetAwaiter().GetResult()
            : throw new InvalidOperationException("The model completes later; use TextAsync.");
    }
}

/// <summary>The parts of a text in the making, fresh for each text.</summary>
public sealed record Request
{
    /// <summary>The model.</summary>
    public required ICausalModel Model { get; init; }

    /// <summary>The loop.</summary>
    public required IDecodingLoop Loop { get; init; }

    /// <summary>The verifier.</summary>
    public required IVerifier Verifier { get; init; }

    /// <summary>The randomness.</summary>
    public required IRandomness Randomness { get; init; }

    /// <summary>The prompt.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>The most tokens.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>The processors.</summary>
    public IReadOnlyList<ILogitsProcessor> Processors { get; init; } = [];

    /// <summary>The constraint.</summary>
    public ITokenConstraint? Constraint { get; init; }

    /// <summary>The drafter.</summary>
    public IDrafter? Drafter { get; init; }

    /// <summary>The stop strings.</summary>
    public IReadOnlyList<string>? Stops { get; init; }

    /// <summary>The bytes of tokens.</summary>
    public IVocabulary? Vocabulary { get; init; }

    /// <summary>Further models.</summary>
    public IModelSource? Models { get; init; }

    /// <summary>Watches the steps.</summary>
    public ITrace? Trace { get; init; }

    /// <summary>The cost of the model's forwards; null where nobody measured it.</summary>
    public ForwardProfile? Profile { get; init; }

    /// <summary>Stores shared between texts.</summary>
    public SharedStores Stores { get; init; } = new();

    /// <summary>Whether end tokens are tokens like any other.</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>Alternatives per log-probability; −1 asks for none.</summary>
    public int TopLogProbabilities { get; init; } = -1;

    /// <summary>The number of this text among those of a request.</summary>
    public int SequenceIndex { get; init; }
}

/// <summary>A text that was made.</summary>
/// <param name="Tokens">What was committed.</param>
/// <param name="Steps">How many tokens each step committed.</param>
/// <param name="Reason">Why it ended.</param>
/// <param name="LogProbabilities">One per token where asked for.</param>
/// <param name="Statistics">What it cost.</param>
public sealed record Text(
    IReadOnlyList<int> Tokens,
    IReadOnlyList<int> Steps,
    FinishReason? Reason,
    IReadOnlyList<TokenLogProbability> LogProbabilities,
    Statistics Statistics
);
