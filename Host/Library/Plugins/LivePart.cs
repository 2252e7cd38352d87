namespace Tokenwright.Host;

/// <summary>A part that was made for one generation. Disposing it disposes the part.</summary>
public sealed class LivePart : IDisposable
{
    private readonly Action _dispose;

    internal LivePart(PartInfo info, IPart part, Action dispose)
    {
        Info = info;
        Part = part;
        _dispose = dispose;
    }

    /// <summary>What it says about itself.</summary>
    public PartInfo Info { get; }

    /// <summary>The part.</summary>
    public IPart Part { get; }

    /// <inheritdoc/>
    public void Dispose() => _dispose();

    /// <inheritdoc/>
    public override string ToString() => Info.ToString();
}
