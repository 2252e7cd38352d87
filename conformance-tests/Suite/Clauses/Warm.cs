namespace Tokenwright.Conformance;

/// <summary>Counts the bytes of warm steps.</summary>
internal static class Warm
{
    /// <summary>After 300 steps, 200 more allocate nothing.</summary>
    /// <remarks>A path of code that runs for the first time may allocate once; who allocates per step does so in every window.</remarks>
    public static async Task CheckAsync(Trial trial, Request request)
    {
        var generation = await Run.StartAsync(request).ConfigureAwait(false);
        await using var steps = request.Loop.RunAsync(generation, CancellationToken.None).GetAsyncEnumerator();
        Advance(trial, steps, 300);
        long bytes = long.MaxValue;
        for (int window = 0; window < 3 && bytes > 0; window++)
        {
            bytes = Math.Min(bytes, Advance(trial, steps, 200));
        }

        foreach (var part in Run.Parts(request).OfType<IDisposable>())
        {
            part.Dispose();
        }

        trial.Require(bytes == 0, $"{bytes} bytes in 200 warm steps.");
    }

    private static long Advance(Trial trial, IAsyncEnumerator<Step> steps, int count)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < count; i++)
        {
            var moved = steps.MoveNextAsync();
            trial.Require(moved.IsCompleted, "A step did not complete at once.");
            trial.Require(moved.GetAwaiter().GetResult(), "The text ended before it was warm.");
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
