namespace Tokenwright.Host;

/// <summary>Knows, of one generation, whose code runs at the moment and who failed.</summary>
/// <remarks>
/// One thread writes, the <see cref="Watchdog"/>'s reads. Marking a part costs two stores: no clock is read and nothing is allocated.
/// </remarks>
internal sealed class Watch
{
    private PartInfo? _current;
    private int _changes;

    /// <summary>The part whose code runs; null while the host, a model that it opens, or the caller works.</summary>
    public PartInfo? Current => Volatile.Read(ref _current);

    /// <summary>The part that threw last, and what it threw.</summary>
    public (PartInfo Part, Exception Error)? Fault { get; private set; }

    /// <summary>The generation, once it has begun.</summary>
    public Generation? Generation { get; set; }

    /// <summary>Changes whenever something goes on.</summary>
    public long Signs => Volatile.Read(ref _changes) + (Generation?.Statistics.ForwardPasses ?? 0);

    /// <summary>Marks a part as the one that runs.</summary>
    /// <returns>The one that ran before, for <see cref="Leave"/>.</returns>
    public PartInfo? Enter(PartInfo? part)
    {
        var before = _current;
        Leave(part);
        return before;
    }

    /// <summary>Marks the part that goes on.</summary>
    public void Leave(PartInfo? before)
    {
        Volatile.Write(ref _current, before);
        Volatile.Write(ref _changes, _changes + 1);
    }

    /// <summary>Remembers who threw. An exception filter that never catches, so that the exception passes as it is.</summary>
    public bool Blame(PartInfo part, Exception error)
    {
        if (Fault?.Error != error)
        {
            Fault = (part, error);
        }

        return false;
    }

    /// <summary>The part to blame for an exception: the innermost one that it passed.</summary>
    public PartInfo? Culprit(Exception error)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            if (Fault is { } fault && fault.Error == cause)
            {
                return fault.Part;
            }
        }

        return null;
    }
}
