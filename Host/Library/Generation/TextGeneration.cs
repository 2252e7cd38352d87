using System.Globalization;
using System.Security.Cryptography;

namespace Tokenwright.Host;

/// <summary>One text in the making. Enumerate it once for the chunks; then <see cref="Result"/> tells all.</summary>
/// <remarks>
/// Nothing happens before the enumeration begins. Cancelling makes the enumeration throw <see cref="OperationCanceledException"/>, and leaving
/// it early ends the generation; in both cases <see cref="Result"/> holds what was committed.
/// </remarks>
public sealed class TextGeneration : IAsyncEnumerable<GeneratedChunk>
{
    private readonly Planner _planner;
    private readonly LoadedModel _model;
    private readonly ReadOnlyMemory<int> _prompt;
    private readonly GenerationRequest _request;
    private readonly SequenceStore? _sequences;
    private GenerationResult? _result;
    private int _isStarted;

    internal TextGeneration(
        Planner planner,
        LoadedModel model,
        ReadOnlyMemory<int> prompt,
        GenerationRequest request,
        SequenceStore? sequences = null
    )
    {
        _sequences = sequences;
        _planner = planner;
        _model = model;
        _prompt = prompt;
        _request = request;
    }

    /// <summary>The text as far as it came.</summary>
    /// <exception cref="InvalidOperationException">The generation has not ended, was refused, or failed.</exception>
    public GenerationResult Result =>
        _result
        ?? throw new InvalidOperationException("There is no result: the generation has not ended, was refused, or failed.");

    /// <summary>Whether there is a <see cref="Result"/>.</summary>
    public bool HasResult => _result is not null;

    /// <summary>Runs to the end, for callers that want no chunks.</summary>
    /// <returns>The result; of a cancelled generation what was committed, its reason being <see cref="FinishReason.Cancelled"/>.</returns>
    /// <exception cref="PlanException">The request is refused.</exception>
    /// <exception cref="GenerationException">A part or the model failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before it had begun.</exception>
    public async ValueTask<GenerationResult> CompleteAsync(CancellationToken cancellation = default)
    {
        try
        {
            await foreach (var _ in this.WithCancellation(cancellation).ConfigureAwait(false)) { }
        }
        catch (OperationCanceledException) when (HasResult)
        {
            // The result says that it was cancelled.
        }

        return Result;
    }

    /// <summary>Runs the generation. The parts run on the thread pool while the caller waits; a part that hangs fails this generation alone.</summary>
    /// <exception cref="PlanException">The request is refused; thrown before the first chunk.</exception>
    /// <exception cref="GenerationException">A part or the model failed.</exception>
    /// <exception cref="InvalidOperationException">It was enumerated before.</exception>
    public IAsyncEnumerator<GeneratedChunk> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isStarted, 1) != 0)
        {
            throw new InvalidOperationException("A generation runs once. Call Generate again for another text.");
        }

        var watch = new Watch();
        var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        string? marked = null;
        return new WatchedEnumerator<GeneratedChunk>(
            RunAsync(watch, giveUp, cancellationToken),
            watch,
            _planner.Watchdog,
            (part, limit) =>
            {
                var hanging = Hanging(part, limit);
                marked = part.Plugin;
                _planner.Catalog.Mark(hanging);
                // What is only slow, and looks at its token, comes back by this.
                _ = giveUp.CancelAsync();
                return new GenerationException($"The generation was given up. {hanging}") { Diagnostic = hanging };
            },
            () => _planner.Catalog.Unmark(marked!)
        );
    }

    private async IAsyncEnumerator<GeneratedChunk> RunAsync(Watch watch, CancellationTokenSource giveUp, CancellationToken asked)
    {
        using var _ = giveUp;
        asked.ThrowIfCancellationRequested();
        Check();
        using var plan = await _planner.PlanAsync(_model, _request, _prompt.Length, watch, giveUp.Token).ConfigureAwait(false);
        ulong seed = _request.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var generation = Start(plan, seed, await ProfileAsync(plan, giveUp.Token).ConfigureAwait(false));
        watch.Generation = generation;
        var text = new TextStream(generation.Vocabulary, generation.Stops);
        var steps = new StepsOf(_planner.Catalog, plan, generation, watch, asked, giveUp.Token);
        bool hasFailed = true;
        try
        {
            while (await steps.MoveNextAsync().ConfigureAwait(false))
            {
                var step = steps.Current;
                string certain = text.Append(WithoutEnd(step.Tokens.Span, generation));
                if (generation.IsFinished)
                {
                    certain += text.Finish();
                }

                if (step.Tokens.Length > 0 || certain.Length > 0)
                {
                    hasFailed = false;
                    yield return new GeneratedChunk(step.Tokens, certain, step.LogProbabilities);
                    hasFailed = true;
                }
            }

            if (!generation.IsFinished)
            {
                throw new GenerationException($"The loop '{plan.Recipe.Loop}' returned before the text had ended.");
            }

            hasFailed = false;
        }
        finally
        {
            await steps.DisposeAsync().ConfigureAwait(false);
            if (!hasFailed || asked.IsCancellationRequested)
            {
                text.Finish();
                _result = new GenerationResult
                {
                    Text = text.ToString(),
                    Tokens = generation.Tokens[generation.PromptLength..].ToArray(),
                    FinishReason = generation.FinishReason ?? FinishReason.Cancelled,
                    Statistics = generation.Statistics,
                    Seed = seed,
                    Method = plan.Method,
                    Recipe = plan.Recipe,
                    PromptLength = generation.PromptLength,
                    Diagnostics = plan.Diagnostics,
                };
            }
        }
    }

    private static PluginDiagnostic Hanging(PartInfo part, TimeSpan limit) =>
        new(
            PluginFault.PartHangs,
            part.Plugin,
            part.File,
            "generating",
            $"Its {part} has given no sign of life for {limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} seconds. Its parts are refused until it comes back.",
            "Only a restart of the process frees its thread. If it is slow and no more, raise hangSeconds in plugins.json; else ask the plugin's author."
        );

    // An end token adds no text, whatever bytes the vocabulary gives it.
    private ReadOnlySpan<int> WithoutEnd(ReadOnlySpan<int> tokens, Generation generation) =>
        !_request.IgnoreEndTokens && tokens.Length > 0 && generation.Target.Info.EndTokens.Contains(tokens[^1])
            ? tokens[..^1]
            : tokens;

    private void Check()
    {
        if (_request.MaxTokens < 1)
        {
            throw new PlanException($"The most tokens to generate must be at least 1; it is {_request.MaxTokens}.");
        }

        int vocabulary = _model.Model.Info.VocabularySize;
        if (_request.TopLogProbabilities is { } top && (top < 0 || top > vocabulary))
        {
            throw new PlanException(
                $"The alternatives of log-probabilities must be from 0 to {vocabulary}, the vocabulary's size; they are {top}."
            );
        }

        if (_request.Stops.Any(string.IsNullOrEmpty))
        {
            throw new PlanException("A stop text is empty, and would stop every text at once. Leave it out.");
        }

        if (_request.Stops.Count > 0 && _model.Vocabulary is null)
        {
            throw new PlanException(
                $"Stop texts need a tokenizer, and model '{_model.Model.Info.Name}' runs without one. Leave them out, or use a model with a tokenizer."
            );
        }
    }

    // Plain decoding has no use for a profile, and one of the bare model says nothing about what a decorator makes of it.
    private async ValueTask<ForwardProfile?> ProfileAsync(Plan plan, CancellationToken cancellation) =>
        plan.Drafter is null || plan.Target != _model.Model || _model.Profile is not { } measure
            ? null
            : await measure(cancellation).ConfigureAwait(false);

    private Generation Start(Plan plan, ulong seed, ForwardProfile? profile)
    {
        try
        {
            return new Generation(
                new GenerationSetup
                {
                    Target = plan.Target,
                    Prompt = _prompt,
                    Shape = plan.Shape,
                    Drafter = plan.Drafter,
                    Verifier = plan.Verifier,
                    Randomness = new KeyedRandomness(seed),
                    MaxTokens = _request.MaxTokens,
                    IgnoreEndTokens = _request.IgnoreEndTokens,
                    Stops = _request.Stops.Count == 0 ? null : new StopMatcher(_request.Stops),
                    Vocabulary = _model.Vocabulary,
                    TopLogProbabilities = _request.TopLogProbabilities ?? -1,
                    Profile = profile,
                    Trace = _request.Trace,
                    Sequences = _sequences,
                }
            );
        }
        catch (ArgumentException error)
        {
            throw new PlanException(
                error.Message.Replace($" (Parameter '{error.ParamName}')", "", StringComparison.Ordinal),
                error
            );
        }
    }
}
