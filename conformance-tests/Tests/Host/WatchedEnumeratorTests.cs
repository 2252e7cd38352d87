using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

public sealed class WatchedEnumeratorTests
{
    private static readonly PartInfo Part = new(Seam.Drafter, "x", "X.", null, "P", "P.dll", []);

    [Fact]
    public async Task A_step_costs_no_byte_and_changes_no_thread()
    {
        var watch = new Watch();
        var dog = new Watchdog(TimeSpan.FromMinutes(10));
        var threads = new HashSet<int>();
        await using var steps = new WatchedEnumerator<int>(
            new Counter(watch),
            watch,
            dog,
            (_, _) => new TimeoutException(),
            () => { }
        );
        await Take(1000);
        int before = threads.Count;
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        await Take(10_000);
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;

        // What starting to wait for the first step costs is paid once for ten thousand.
        bytes.Should().BeLessThan(2000);
        threads.Should().HaveCount(before).And.HaveCount(1);

        async Task Take(int count)
        {
            for (int i = 0; i < count; i++)
            {
                await steps.MoveNextAsync().ConfigureAwait(false);
                threads.Add(Environment.CurrentManagedThreadId);
            }
        }
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
