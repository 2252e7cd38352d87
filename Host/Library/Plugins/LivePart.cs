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

    /// <summary>Sets its options as a request does, and checks them all, those left at their defaults too.</summary>
    /// <param name="options">Values by name, as users type them.</param>
    /// <exception cref="PlanException">A value cannot be read, is out of range, or the part refuses it.</exception>
    public void Set(IReadOnlyDictionary<string, string> options) =>
        new OptionValues(
            new HostSettings(),
            new GenerationRequest { Options = options.ToDictionary(option => option.Key, option => option.Value) },
            [Info]
        ).Bind(this);

    /// <inheritdoc/>
    public void Dispose() => _dispose();

    /// <inheritdoc/>
    public override string ToString() => Info.ToString();
}
