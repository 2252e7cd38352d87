namespace Tokenwright.Host;

/// <summary>The steps of a loop, whatever it does wrong being said as a <see cref="GenerationException"/> that names who did it.</summary>
/// <param name="catalog">Takes note of what parts did wrong.</param>
/// <param name="plan">The parts.</param>
/// <param name="generation">The text.</param>
/// <param name="watch">Knows who ran.</param>
/// <param name="asked">Cancelled by the caller: then nothing has failed.</param>
/// <param name="cancellation">What the loop is given.</param>
internal sealed class StepsOf(
    PluginCatalog catalog,
    Plan plan,
    Generation generation,
    Watch watch,
    CancellationToken asked,
    CancellationToken cancellation
) : IAsyncDisposable
{
    private readonly PartInfo _loop = plan.LoopInfo;
    private IAsyncEnumerator<Step>? _steps;
    private int _forwards;

    /// <summary>The step, valid until the next one.</summary>
    public Step Current { get; private set; } = null!;

    /// <summary>Runs a step.</summary>
    /// <returns>False at the loop's end.</returns>
    public async ValueTask<bool> MoveNextAsync()
    {
        var before = watch.Enter(_loop);
        try
        {
            _steps ??=
                plan.Loop.RunAsync(generation, cancellation)?.GetAsyncEnumerator(cancellation)
                ?? throw new InvalidOperationException("the loop gave no steps.");
            bool hasNext = await _steps.MoveNextAsync().ConfigureAwait(false);
            if (hasNext)
            {
                Current = _steps.Current ?? throw new InvalidOperationException("the loop gave nothing for a step.");
                CheckProgress();
            }

            return hasNext;
        }
        catch (Exception error) when (!(error is OperationCanceledException && asked.IsCancellationRequested))
        {
            throw Failure(error);
        }
        finally
        {
            watch.Leave(before);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_steps is null)
        {
            return;
        }

        var before = watch.Enter(_loop);
        try
        {
            await _steps.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            throw Failure(error);
        }
        finally
        {
            watch.Leave(before);
        }
    }

    // A loop may commit late, but not without ever running the model.
    private void CheckProgress()
    {
        int forwards = generation.Statistics.ForwardPasses;
        if (Current.Tokens.IsEmpty && !generation.IsFinished && forwards == _forwards)
        {
            throw new InvalidOperationException("the loop gives steps that neither commit a token nor run the model.");
        }

        _forwards = forwards;
    }

    private GenerationException Failure(Exception error)
    {
        var culprit = watch.Culprit(error);
        var recipe = plan.Recipe;
        string message =
            $"The generation failed after {generation.Statistics.Tokens} tokens (method '{plan.Method}', loop '{recipe.Loop}', verifier '{recipe.Verifier}'"
            + (recipe.Drafter is null ? "" : $", drafter '{recipe.Drafter}'")
            + (recipe.Target is null ? "" : $", target '{recipe.Target}'")
            + ")";
        if (culprit is null)
        {
            return new GenerationException($"{message}: {error.Message}", error);
        }

        var fault = new PluginDiagnostic(
            PluginFault.PartFailed,
            culprit.Plugin,
            culprit.File,
            "generating",
            $"Its {culprit} failed: {error.Message.TrimEnd('.')}.",
            "Ask the plugin's author. Only this request failed."
        );
        catalog.Note(fault);
        return new GenerationException($"{message}. {fault}", error) { Diagnostic = fault };
    }
}
