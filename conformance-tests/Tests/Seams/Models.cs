namespace Tokenwright.Tests.Seams;

/// <summary>Hands out one model for every role.</summary>
internal sealed class OneModel(ICausalModel model) : IModelSource
{
    public ValueTask<ICausalModel> OpenAsync(string role, string? name, CancellationToken cancellation = default) => new(model);
}
