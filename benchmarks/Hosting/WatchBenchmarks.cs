using BenchmarkDotNet.Attributes;
using Tokenwright.Host;

namespace Tokenwright.Benchmarks.Hosting;

/// <summary>What it costs that a step can be given up: the same steps on the caller's own stack, and watched. Budget: 1 µs and no byte a step.</summary>
[MemoryDiagnoser]
public class WatchBenchmarks
{
    private const int Steps = 10_000;

    private static readonly PartInfo Part = new(Seam.Drafter, "x", "X.", null, "P", "P.dll", []);

    private readonly Watch _watch = new();
    private readonly Watchdog _dog = new(TimeSpan.FromMinutes(2));

    [Benchmark(Baseline = true, OperationsPerInvoke = Steps)]
    public Task<int> OnTheCallersStack() => Sum(new Counter(null));

    /// <summary>A loop, a drafter that drafts and observes, a verifier and two processors: twelve marks a step.</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public Task<int> Watched() =>
        Sum(new WatchedEnumerator<int>(new Counter(_watch), _watch, _dog, (_, _) => new TimeoutException(), () => { }));

    private static async Task<int> Sum(IAsyncEnumerator<int> steps)
    {
        int sum = 0;
        await using (steps.ConfigureAwait(false))
        {
            while (await steps.MoveNextAsync().ConfigureAwait(false))
            {
                sum += steps.Current;
            }
        }

        return sum;
    }

    private sealed class Counter(Watch? watch) : IAsyncEnumerator<int>
    {
        public int Current { get; private set; }

        public ValueTask<bool> MoveNextAsync()
        {
            for (int part = 0; part < 6 && watch is not null; part++)
            {
                watch.Leave(watch.Enter(Part));
            }

            return new ValueTask<bool>(Current++ < Steps);
        }

        public ValueTask DisposeAsync() => default;
    }
}
