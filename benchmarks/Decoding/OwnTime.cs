using System.Diagnostics;
using System.Globalization;
using Tokenwright.Models;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Benchmarks.Decoding;

/// <summary>What a plain step of the reference target costs outside ONNX Runtime, and what it allocates.</summary>
/// <remarks>
/// A whole step takes milliseconds on a noisy machine, so the difference of two timings would drown. The runtime's share is measured
/// inside each step instead, and the median over rounds is reported.
/// </remarks>
internal static class OwnTime
{
    private const int Warm = 64;
    private const int Measured = 400;
    private const int Rounds = 9;

    public static async Task RunAsync(string model)
    {
        using var opened = LanguageModel.Open(model);
        Console.WriteLine($"{opened.Model.Info.Name}: {Measured} steps after {Warm} warm ones, median of {Rounds} rounds");
        Console.WriteLine("| step | own µs | ONNX Runtime µs | bytes allocated per step |");
        Console.WriteLine("|---|---|---|---|");
        await MeasureAsync(opened, "greedy", [("temperature", new Temperature())]);
        await MeasureAsync(
            opened,
            "top-k 40, top-p 0.95",
            [
                ("temperature", new Temperature { Value = 0.8 }),
                ("top-k", new TopKCut { Value = 40 }),
                ("top-p", new TopPCut { Value = 0.95 }),
            ]
        );
        await MeasureAsync(opened, "sampling, no cut", [("temperature", new Temperature { Value = 0.8 })]);
    }

    private static async Task MeasureAsync(LanguageModel opened, string name, (string Id, ILogitsProcessor Part)[] parts)
    {
        var own = new double[Rounds];
        var runtime = new double[Rounds];
        long bytes = 0;
        for (int round = 0; round < Rounds; round++)
        {
            var generation = new Generation(
                new GenerationSetup
                {
                    Target = opened.Model,
                    Prompt = opened.Tokenizer!.Encode("The market was bustling with").ToArray(),
                    Shape = new ShapeChain(parts.Select(p => KeyValuePair.Create(p.Id, p.Part)), null, opened.Model.Info),
                    Verifier = new Agree(),
                    Randomness = new KeyedRandomness(7),
                    MaxTokens = Warm + Measured,
                    IgnoreEndTokens = true,
                }
            );
            var steps = new DraftThenVerify().RunAsync(generation).GetAsyncEnumerator();
            for (int i = 0; i < Warm; i++)
            {
                await steps.MoveNextAsync();
            }

            var before = opened.Model.RuntimeElapsed;
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Measured; i++)
            {
                await steps.MoveNextAsync();
            }

            var total = Stopwatch.GetElapsedTime(start);
            bytes = Math.Max(bytes, GC.GetAllocatedBytesForCurrentThread() - allocated);
            var inside = opened.Model.RuntimeElapsed - before;
            own[round] = (total - inside).TotalMicroseconds / Measured;
            runtime[round] = inside.TotalMicroseconds / Measured;
            await steps.DisposeAsync();
        }

        Array.Sort(own);
        Array.Sort(runtime);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {own[Rounds / 2]:0.0} | {runtime[Rounds / 2]:0} | {(double)bytes / Measured:0.##} |"
            )
        );
    }
}
