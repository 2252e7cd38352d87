using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Tokenwright.Models;
using Tokenwright.Models.Builder;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Benchmarks.Peer;

/// <summary>Our side of a comparison, a process of its own: the ordinary loop, the whole of it timed from the prompt on.</summary>
internal static class OwnDecoding
{
    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    // MODEL [--precision P] [--no-tree] [--arg-max] [--cache FOLDER] --ids IDS [--ids IDS ..] --new N --runs N --threads N
    public static async Task RunAsync(string model, string[] arguments)
    {
        using var opened = LanguageModel.Open(
            model,
            new LanguageModelOptions
            {
                Threads = Number("--threads"),
                CacheFolder = Value("--cache"),
                Graph = new GraphOptions
                {
                    Precision = Value("--precision") is { } precision
                        ? Enum.Parse<WeightPrecision>(precision, ignoreCase: true)
                        : WeightPrecision.Float32,
                    Tree = !arguments.Contains("--no-tree"),
                    ArgMax = arguments.Contains("--arg-max"),
                },
            }
        );
        for (int at = 0; at + 1 < arguments.Length; at++)
        {
            if (arguments[at] != "--ids")
            {
                continue;
            }

            int[] prompt = [.. arguments[at + 1].Split(',').Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
            var run = await RunAsync(opened.Model, prompt, Number("--new"), Number("--runs"));
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new
                    {
                        FirstTokenMs = new { run.First.Median, Min = run.First.Best },
                        DecodeTokS = new { run.Rate.Median, Max = run.Rate.Best },
                        Ids = run.Tokens,
                    },
                    Snake
                )
            );
        }

        string? Value(string name) => Array.IndexOf(arguments, name) is var at and >= 0 ? arguments[at + 1] : null;

        int Number(string name) => int.Parse(Value(name)!, CultureInfo.InvariantCulture);
    }

    private static async Task<Run> RunAsync(ICausalModel model, int[] prompt, int count, int runs)
    {
        var first = new double[runs];
        var rate = new double[runs];
        int[] tokens = [];
        for (int run = -1; run < runs; run++)
        {
            var generation = new Generation(
                new GenerationSetup
                {
                    Target = model,
                    Prompt = prompt,
                    Shape = new ShapeChain([new("temperature", new Temperature())], null, model.Info),
                    Verifier = new Agree(),
                    Randomness = new KeyedRandomness(0),
                    MaxTokens = count,
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
