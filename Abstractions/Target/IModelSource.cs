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

    /// <summary>The cached cost of the forwards of a model that this source opened; by default nobody measured it.</summary>
    /// <remarks>Measured once per model and machine and then the same in every run, like the target's own.</remarks>
    /// <param name="model">The model.</param>
    /// <param name="cancellation">Ends a first measurement early.</param>
    ValueTask<ForwardProfile?> ProfileAsync(ICausalModel model, CancellationToken cancellation = default) => default;
}
