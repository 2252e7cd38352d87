namespace Tokenwright.Conformance;

/// <summary>Hands out one model for every role.</summary>
public sealed class OneModel(ICausalModel model) : IModelSource
{
    /// <inheritdoc/>
    public ValueTask<ICausalModel> OpenAsync(string role, string? name, CancellationToken cancellation = default) => new(model);
}
