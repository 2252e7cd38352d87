using Tokenwright.Models.Chat;

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

    /// <summary>Answers a conversation: continues the prompt that the model's chat template makes of it.</summary>
    /// <param name="messages">The conversation, the message to answer last.</param>
    /// <param name="request">How; null takes every default.</param>
    /// <returns>The generation, which begins when it is enumerated.</returns>
    /// <exception cref="HostException">
    /// The model has no tokenizer or no chat template, the template refuses the conversation, or the context does not hold it.
    /// </exception>
    public TextGeneration Generate(IReadOnlyList<ChatMessage> messages, GenerationRequest? request = null)
    {
        int[] prompt = Encode(messages);
        return prompt.Length < Info.ContextLength
            ? Generate(prompt, request)
            : throw new PlanException(
                $"The conversation has {prompt.Length} tokens and the context of {Info.Name} holds {Info.ContextLength}: at least one must be left for the answer. Shorten the last message, or leave out earlier ones."
            );
    }

    /// <summary>Continues a sequence of tokens.</summary>
    /// <param name="prompt">The tokens to continue, at least one.</param>
    /// <param name="request">How; null takes every default.</param>
    /// <returns>The generation, which begins when it is enumerated.</returns>
    public TextGeneration Generate(ReadOnlyMemory<int> prompt, GenerationRequest? request = null) =>
        new(_planner, _model, prompt, request ?? Default);

    internal int[] Encode(IReadOnlyList<ChatMessage> messages) =>
        _model.EncodeChat is { } encode
            ? [.. encode(messages)]
            : throw new PlanException(
                $"Model '{Info.Name}' runs without a tokenizer and cannot chat. Give a prompt as token ids."
            );

    internal TextGeneration Generate(int[] prompt, GenerationRequest request, SequenceStore sequences) =>
        new(_planner, _model, prompt, request, sequences);

    /// <summary>Frees the model and those that were opened beside it. No generation may be running.</summary>
    public void Dispose()
    {
        _model.Model.Dispose();
        (_model.Models as IDisposable)?.Dispose();
    }
}
