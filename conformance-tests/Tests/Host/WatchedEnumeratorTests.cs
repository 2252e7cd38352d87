using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

public sealed class WatchedEnumeratorTests
{
    private static readonly PartInfo Part = new(Seam.Drafter, "x", "X.", null, "P", "P.dll", []);

    [Fact]
    public async Task A_step_costs_no_byte_and_changes_no_thread()
    {
        var (bytes, threads) = await Measure();

        // Process-wide: the watchdog's timer and the compiler's threads count too.
        bytes.Should().BeLessThan(10_000, "ten thousand steps cost less than a byte each");
        threads.Should().Be(1);
    }

    private static async Task<(long Bytes, int Threads)> Measure()
    {
        var watch = new Watch();
        var dog = new Watchdog(TimeSpan.FromMinutes(10));
        var threads = new HashSet<int>();
        var steps = new WatchedEnumerator<int>(new Counter(watch), watch, dog, (_, _) => new TimeoutException(), () => { });
        long before = 0;
        for (int step = 0; step < 11_000; step++)
        {
            if (step == 1000)
            {
                threads.Clear();
                before = GC.GetTotalAllocatedBytes(precise: true);
            }

            await steps.MoveNextAsync().ConfigureAwait(false);
            threads.Add(Environment.CurrentManagedThreadId);
        }

        long bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
        await steps.DisposeAsync().ConfigureAwait(false);
        return (bytes, threads.Count);
    }

    private sealed class Counter(Watch watch) : IAsyncEnumerator<int>
    {
        public int Current { get; private set; }

        public ValueTask<bool> MoveNextAsync()
        {
            var before = watch.Enter(Part);
            Current++;
            watch.Leave(before);
            return new ValueTask<bool>(true);
        }

        public ValueTask DisposeAsync() => default;
    }
}
