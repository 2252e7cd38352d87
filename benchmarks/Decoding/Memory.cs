using System.Diagnostics;
using System.Globalization;
using Tokenwright.Models;
using Tokenwright.Models.Builder;

namespace Tokenwright.Benchmarks.Decoding;

/// <summary>Memory that importing a model and then running it take, each in a process of its own.</summary>
internal static class Memory
{
    private const int Tokens = 256;

    public static void Run(string model)
    {
        string cache = Directory.CreateTempSubdirectory("tokenwright-memory-").FullName;
        try
        {
            Console.WriteLine("| weights | import s | import peak MB | weight file MB | running MB | its peak MB | bound MB |");
            Console.WriteLine("|---|---|---|---|---|---|---|");
            foreach (var precision in Enum.GetValues<WeightPrecision>())
            {
                string import = Child("import", model, precision, cache);
                string run = Child("run", model, precision, cache);
                Console.WriteLine($"| {precision} | {import} | {run} |");
            }
        }
        finally
        {
            Directory.Delete(cache, recursive: true);
        }
    }

    /// <summary>What the child processes do.</summary>
    public static async Task RunChildAsync(string task, string model, string precision, string cache)
    {
        GraphOptions graph = new() { Precision = Enum.Parse<WeightPrecision>(precision) };
        long start = Stopwatch.GetTimestamp();
        if (task == "import")
        {
            var built = new GraphCache(cache).Get(model, graph);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            using var self = Process.GetCurrentProcess();
            Write($"{seconds:0.0} | {self.PeakWorkingSet64 / 1e6:0} | {built.Manifest.WeightBytes / 1e6:0}");
            return;
        }

        using var opened = LanguageModel.Open(model, new LanguageModelOptions { CacheFolder = cache, Graph = graph });
        using var sequence = opened.Model.CreateSequence();
        for (int i = 0; i < Tokens; i++)
        {
            await opened.Model.ForwardAsync(
                new[]
                {
                    new ForwardItem
                    {
                        Sequence = sequence,
                        Tokens = new[] { i },
                        Wanted = new Wanted(ArgMax: RowSelection.All),
                    },
                }
            );
            sequence.Commit(1);
        }

        var facts = opened.Model.Graph.Manifest;
        // A sequence begins with room for 512 rows and doubles.
        double cacheBytes = 2.0 * facts.Layers * facts.KeyValueHeads * facts.PaddedHeadSize * sizeof(float) * 512;
        using var process = Process.GetCurrentProcess();
        double bound = 1.15 * (facts.WeightBytes + cacheBytes) / 1e6 + 150;
        Write($"{process.WorkingSet64 / 1e6:0} | {process.PeakWorkingSet64 / 1e6:0} | {bound:0}");
    }

    private static void Write(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static string Child(string task, string model, WeightPrecision precision, string cache)
    {
        string[] arguments = ["memory-of", task, model, precision.ToString(), cache];
        using var child = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true }
        )!;
        string text = child.StandardOutput.ReadToEnd().Trim();
        child.WaitForExit();
        return text;
    }
}
