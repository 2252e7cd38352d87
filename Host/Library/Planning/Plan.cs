namespace Tokenwright.Host;

/// <summary>A recipe whose parts are made, set, checked and prepared for one generation; disposing it disposes them.</summary>
public sealed class Plan : IDisposable
{
    private readonly IReadOnlyList<LivePart> _parts;
    private readonly IDisposable? _decorated;
    private readonly Watch _watch;

    internal Plan(IReadOnlyList<LivePart> parts, IDisposable? decorated, Watch watch)
    {
        _parts = parts;
        _decorated = decorated;
        _watch = watch;
    }

    /// <summary>The method's id.</summary>
    public required string Method { get; init; }

    /// <summary>The parts by id, overrides applied.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>The model, decorated if the recipe says so.</summary>
    public required ICausalModel Target { get; init; }

    /// <summary>The active processors and the constraint.</summary>
    public required ShapeChain Shape { get; init; }

    /// <summary>The drafter; null drafts nothing.</summary>
    public required IDrafter? Drafter { get; init; }

    /// <summary>The verifier.</summary>
    public required IVerifier Verifier { get; init; }

    /// <summary>The loop.</summary>
    public required IDecodingLoop Loop { get; init; }

    /// <summary>Processors and constraints that could not be made and were left out; nothing in the request called for them.</summary>
    public required IReadOnlyList<PluginDiagnostic> Diagnostics { get; init; }

    /// <summary>The loop's part.</summary>
    internal PartInfo LoopInfo => _parts.First(part => ReferenceEquals(part.Part, Loop)).Info;

    /// <summary>The parts that take part: method, target, drafter, verifier, loop, active processors and constraint.</summary>
    public IEnumerable<PartInfo> Parts => _parts.Select(part => part.Info);

    /// <inheritdoc/>
    /// <exception cref="HostException">A part threw while it was disposed; the others are disposed all the same.</exception>
    public void Dispose()
    {
        (object Part, Exception Error)? failure = null;
        if (_decorated is not null)
        {
            Dispose(_decorated, $"target '{Recipe.Target}'");
        }

        foreach (var part in _parts)
        {
            var before = _watch.Enter(part.Info);
            Dispose(part, part);
            _watch.Leave(before);
        }

        if (failure is var (failed, cause))
        {
            throw new HostException($"The {failed} failed while it was disposed: {cause.Message}", cause);
        }

        void Dispose(IDisposable disposable, object name)
        {
            try
            {
                disposable.Dispose();
            }
            catch (Exception error)
            {
                failure ??= (name, error);
            }
        }
    }
}
