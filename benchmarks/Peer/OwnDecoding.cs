using System.Diagnostics;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Benchmarks.Peer;

/// <summary>Our side: the ordinary loop, the whole of it timed from the prompt on.</summary>
internal static class OwnDecoding
{
    public static async Task<Run> RunAsync(ICausalModel model, int[] prompt, PeerSettings settings)
    {
        var first = new double[settings.Runs];
        var rate = new double[settings.Runs];
        int[] tokens = [];
        for (int run = -1; run < settings.Runs; run++)
        {
            var generation = new Generation(
                new GenerationSetup
                {
                    Target = model,
                    Prompt = prompt,
                    Shape = new ShapeChain([new("temperature", new Temperature())], null, model.Info),
                    Verifier = new Agree(),
                    Randomness = new KeyedRandomness(0),
                    MaxTokens = settings.New,
                    IgnoreEndTokens = true,
                }
            );
            long start = Stopwatch.GetTimestamp();
            long begun = 0;
            await foreach (var _ in new DraftThenVerify().RunAsync(generation))
            {
                begun = begun == 0 ? Stopwatch.GetTimestamp() : begun;
            }

            long end = Stopwatch.GetTimestamp();
            tokens = generation.Tokens[prompt.Length..].ToArray();
            if (run >= 0)
            {
                first[run] = Stopwatch.GetElapsedTime(start, begun).TotalMilliseconds;
                rate[run] = (tokens.Length - 1) / Stopwatch.GetElapsedTime(begun, end).TotalSeconds;
            }
        }

        return new Run(
            new Measured(Quantile.Median(first), first.Min()),
            new Measured(Quantile.Median(rate), rate.Max()),
            tokens
        );
    }
}

/// <summary>The middle of measurements.</summary>
internal static class Quantile
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
