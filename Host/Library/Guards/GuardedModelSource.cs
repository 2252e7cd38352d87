namespace Tokenwright.Host;

/// <summary>Opening a model may take minutes, and they are not the part's.</summary>
internal sealed class GuardedModelSource(IModelSource inner, Watch watch) : IModelSource
{
    public async ValueTask<ICausalModel> OpenAsync(string role, string? name, CancellationToken cancellation = default)
    {
        var before = watch.Enter(null);
        try
        {
            return await inner.OpenAsync(role, name, cancellation).ConfigureAwait(false);
        }
        finally
        {
            watch.Leave(before);
        }
    }

    public async ValueTask<ForwardProfile?> ProfileAsync(ICausalModel model, CancellationToken cancellation = default)
    {
        var before = watch.Enter(null);
        try
        {
            return await inner.ProfileAsync(model, cancellation).ConfigureAwait(false);
        }
        finally
        {
            watch.Leave(before);
        }
    }
}
