using Tokenwright.Models.Chat;

namespace Tokenwright.Host;

/// <summary>A model and what belongs to it.</summary>
/// <param name="Model">The causal model; disposed with the <see cref="LanguageModel"/> made from this.</param>
/// <param name="Vocabulary">The bytes of its tokens; null where it runs without a tokenizer, on ids alone.</param>
/// <param name="Encode">A prompt's ids, special tokens in front included; null where there is no tokenizer.</param>
/// <param name="Models">Opens what a part needs besides the target; disposed with it where it is disposable.</param>
/// <param name="Profile">
/// Measures the cost of its forwards, or reads it where it was measured before; asked only where something is drafted. Null: unknown.
/// </param>
public sealed record LoadedModel(
    ICausalModel Model,
    IVocabulary? Vocabulary = null,
    Func<string, IReadOnlyList<int>>? Encode = null,
    IModelSource? Models = null,
    Func<CancellationToken, ValueTask<ForwardProfile>>? Profile = null
)
{
    /// <summary>The ids of a text in the middle of another one: no special tokens are added or recognised. Null where unknown.</summary>
    public Func<string, IReadOnlyList<int>>? EncodePart { get; init; }

    /// <summary>
    /// The ids of a conversation's prompt, by the model's chat template; throws a <see cref="HostException"/> where there is no template, or
    /// where it refuses the conversation. Null where there is no tokenizer.
    /// </summary>
    public Func<IReadOnlyList<ChatMessage>, IReadOnlyList<int>>? EncodeChat { get; init; }

    /// <summary>What parts learn about this model and keep between generations.</summary>
    public SharedStores Stores { get; init; } = new();
}

/// <summary>Opens models by the names that users give.</summary>
public interface IModelLibrary
{
    /// <summary>Opens a model; the caller owns it.</summary>
    /// <param name="name">A known name or a path; null opens the default model.</param>
    /// <param name="cancellation">Ends a long import early; nothing is left behind.</param>
    /// <exception cref="HostException">There is no such model, or it cannot be run; the message says what to do.</exception>
    LoadedModel Open(string? name, CancellationToken cancellation = default);
}
