namespace Tokenwright;

/// <summary>Opens the models that a part needs besides the target. The host owns what it opens and shares it between generations; a part disposes only its sequences.</summary>
public interface IModelSource
{
    /// <summary>Opens a causal model that shares the target's vocabulary.</summary>
    /// <param name="role">What the part uses it for, in a word: "draft", "amateur".</param>
    /// <param name="name">A model's name or path; null takes the one that the target's card names for this role.</param>
    /// <param name="cancellation">Ends a long import early.</param>
    /// <exception cref="InvalidOperationException">There is no such model, or its vocabulary differs from the target's.</exception>
    ValueTask<ICausalModel> OpenAsync(string role, string? name, CancellationToken cancellation = default);
}
