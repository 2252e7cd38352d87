namespace Tokenwright.Host;

/// <summary>Looks after the generations that run, from a thread of its own: one that gives no sign of life fails.</summary>
/// <param name="limit">The longest without a sign; infinite watches nothing.</param>
internal sealed class Watchdog(TimeSpan limit)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);

    private readonly Lock _lock = new();
    private readonly List<IWatched> _watched = [];
    private Timer? _timer;

    /// <summary>What it looks after.</summary>
    public interface IWatched
    {
        /// <summary>Looks once.</summary>
        /// <param name="now">Milliseconds of a clock that only goes on.</param>
        /// <param name="limit">The longest without a sign of life.</param>
        void Look(long now, TimeSpan limit);
    }

    /// <summary>Begins to look.</summary>
    public void Add(IWatched watched)
    {
        if (limit == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        lock (_lock)
        {
            _watched.Add(watched);
            _timer ??= new Timer(dog => ((Watchdog)dog!).Look(), this, Timeout.Infinite, Timeout.Infinite);
            if (_watched.Count == 1)
            {
                var period = limit / 4;
                period =
                    period < Shortest ? Shortest
                    : period > Longest ? Longest
                    : period;
                _timer.Change(period, period);
            }
        }
    }

    /// <summary>Ends looking.</summary>
    public void Remove(IWatched watched)
    {
        lock (_lock)
        {
            if (_watched.Remove(watched) && _watched.Count == 0)
            {
                _timer!.Change(Timeout.Infinite, Timeout.Infinite);
            }
        }
    }

    private void Look()
    {
        IWatched[] all;
        lock (_lock)
        {
            all = [.. _watched];
        }

        foreach (var watched in all)
        {
            watched.Look(Environment.TickCount64, limit);
        }
    }
}
