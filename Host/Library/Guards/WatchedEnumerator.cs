using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Tokenwright.Host;

/// <summary>Runs an enumerator apart from its caller, so that the caller can be told when a step never ends.</summary>
/// <remarks>
/// A step runs on the thread pool while the caller is suspended; when it ends the caller goes on upon the same thread and suspends again,
/// and the next step runs there too. So in the ordinary case no thread is changed between steps, nothing is allocated, and a caller whose step
/// hangs waits for a task that the <see cref="Watchdog"/> can fail. The thread that hangs is lost until it comes back by itself.
/// </remarks>
/// <typeparam name="T">What is enumerated.</typeparam>
internal sealed class WatchedEnumerator<T> : IAsyncEnumerator<T>, IValueTaskSource<bool>, IThreadPoolWorkItem, Watchdog.IWatched
{
    private const int Idle = 0;
    private const int Wanted = 1;
    private const int Running = 2;

    private readonly Watchdog _dog;
    private readonly Func<PartInfo, TimeSpan, Exception> _hangs;
    private readonly Action _cameBack;
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private IAsyncEnumerator<T>? _inner;
    private Watch? _watch;
    private ManualResetValueTaskSourceCore<bool> _next;
    private int _state;
    private int _isOpen;
    private bool _isGivenUp;
    private long _signs;
    private long _since;

    /// <param name="inner">Runs on the thread pool; disposed when this is, or when it comes back after it was given up.</param>
    /// <param name="watch">Knows whose code runs.</param>
    /// <param name="dog">Looks after it.</param>
    /// <param name="hangs">Called when a part gives no sign of life; makes what the caller gets.</param>
    /// <param name="cameBack">Called when a step that was given up ends after all.</param>
    public WatchedEnumerator(
        IAsyncEnumerator<T> inner,
        Watch watch,
        Watchdog dog,
        Func<PartInfo, TimeSpan, Exception> hangs,
        Action cameBack
    )
    {
        _inner = inner;
        _watch = watch;
        _dog = dog;
        _hangs = hangs;
        _cameBack = cameBack;
        dog.Add(this);
    }

    public T Current => (_inner ?? throw new ObjectDisposedException(nameof(IAsyncEnumerator<>))).Current;

    public ValueTask<bool> MoveNextAsync()
    {
        ObjectDisposedException.ThrowIf(_isGivenUp || _inner is null, this);
        _next.Reset();
        Volatile.Write(ref _isOpen, 1);
        if (Interlocked.Exchange(ref _state, Wanted) == Idle)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return new ValueTask<bool>(this, _next.Version);
    }

    public async ValueTask DisposeAsync()
    {
        _dog.Remove(this);
        if (_isGivenUp || _inner is not { } inner)
        {
            return;
        }

        // The caller goes on above this object's own frames; what it leaves behind must be free to go before they end.
        _inner = null;
        _watch = null;
        await inner.DisposeAsync().ConfigureAwait(false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (_context is null)
        {
            _ = RunAsync();
        }
        else
        {
            ExecutionContext.Run(_context, static self => _ = ((WatchedEnumerator<T>)self!).RunAsync(), this);
        }
    }

    void Watchdog.IWatched.Look(long now, TimeSpan limit)
    {
        if (_watch is not { } watch)
        {
            return;
        }

        long signs = watch.Signs;
        if (signs != _signs || watch.Current is not { } part || Volatile.Read(ref _isOpen) == 0)
        {
            _signs = signs;
            _since = now;
        }
        else if (now - _since >= limit.TotalMilliseconds && Interlocked.Exchange(ref _isOpen, 0) == 1)
        {
            _isGivenUp = true;
            _dog.Remove(this);
            var error = _hangs(part, limit);
            // The caller goes on inside this call, and the thread that looks has others to look after.
            ThreadPool.QueueUserWorkItem(_ => _next.SetException(error));
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _next.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _next.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _next.OnCompleted(continuation, state, token, flags);

    private async Task RunAsync()
    {
        do
        {
            Volatile.Write(ref _state, Running);
            bool hasNext = false;
            Exception? failure = null;
            try
            {
                hasNext = await StepAsync().ConfigureAwait(false);
            }
            catch (Exception error)
            {
                failure = error;
            }

            if (Interlocked.Exchange(ref _isOpen, 0) == 0)
            {
                await ComeBackAsync().ConfigureAwait(false);
                return;
            }

            // The caller goes on inside these calls, up to where it asks for the next step.
            if (failure is null)
            {
                _next.SetResult(hasNext);
            }
            else
            {
                _next.SetException(Take(ref failure));
            }
        } while (Interlocked.CompareExchange(ref _state, Idle, Running) != Running);
    }

    // Apart, so that no frame below the caller's holds on to what the step used.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async ValueTask<bool> StepAsync() => await _inner!.MoveNextAsync().ConfigureAwait(false);

    private static Exception Take(ref Exception? failure)
    {
        var taken = failure!;
        failure = null;
        return taken;
    }

    private async Task ComeBackAsync()
    {
        try
        {
            await _inner!.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Its caller has long been told of a failure.
        }

        _cameBack();
    }
}
