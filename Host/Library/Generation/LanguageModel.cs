namespace Tokenwright.Host;

/// <summary>A model that is ready to generate. Several generations may run at once.</summary>
public sealed class LanguageModel : IDisposable
{
    private static readonly GenerationRequest Default = new();

    private readonly Planner _planner;
    private readonly LoadedModel _model;

    internal LanguageModel(Planner planner, LoadedModel model)
    {
        _planner = planner;
        _model = model;
    }

    /// <summary>Sizes, context length and end tokens.</summary>
    public ModelInfo Info => _model.Model.Info;

    /// <summary>The model and what belongs to it.</summary>
    public LoadedModel Model => _model;

    /// <summary>Continues a text.</summary>
    /// <param name="prompt">The text to continue.</param>
    /// <param name="request">How; null takes every default.</param>
    /// <returns>The generation, which begins when it is enumerated.</returns>
    /// <exception cref="PlanException">The model has no tokenizer.</exception>
    public TextGeneration Generate(string prompt, GenerationRequest? request = null)
    {
        if (_model.Encode is null)
        {
            throw new PlanException($"Model '{Info.Name}' runs without a tokenizer. Give the prompt as token ids.");
        }

        return Generate(_model.Encode(prompt).ToArray(), request);
    }

    /// <summary>Continues a sequence of tokens.</summary>
    /// <param name="prompt">The tokens to continue, at least one.</param>
    /// <param name="request">How; null takes every default.</param>
    /// <returns>The generation, which begins when it is enumerated.</returns>
    public TextGeneration Generate(ReadOnlyMemory<int> prompt, GenerationRequest? request = null) =>
        new(_planner, _model, prompt, request ?? Default);

    /// <summary>Frees the model and those that were opened beside it. No generation may be running.</summary>
    public void Dispose()
    {
        _model.Model.Dispose();
        (_model.Models as IDisposable)?.Dispose();
    }
}
