using System.Globalization;
using System.Text.Json;

namespace Tokenwright.Benchmarks.Peer;

/// <summary>The figures as Markdown, and every run as JSON.</summary>
internal sealed class PeerReport(PeerSettings settings, double bandwidth)
{
    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly List<Comparison> _comparisons = [];

    public void Add(Comparison comparison) => _comparisons.Add(comparison);

    public void Write(TextWriter output)
    {
        var culture = CultureInfo.InvariantCulture;
        output.WriteLine(
            string.Create(
                culture,
                $"{settings.Threads} threads, {settings.New} new tokens, {settings.Starts} starts of {settings.Rounds} rounds; read bandwidth {bandwidth / 1e9:0.0} GB/s. Medians, and ratios to the peer within a round: median (its 95 % interval); then the best turn of each, and the ratio of these. Above 1 is better than the peer. The roofline is that of the best turn."
            )
        );
        output.WriteLine();
        output.WriteLine(
            "| model | prompt | contender | first token ms | ratio | best | ratio | decode tokens/s | ratio | best | ratio | of the roofline |"
        );
        output.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var comparison in _comparisons)
        {
            var peer = comparison.Contenders[0].Runs;
            foreach (var (name, runs) in comparison.Contenders)
            {
                double first = Quantile.Median(runs.Select(run => run.First.Median));
                double rate = Quantile.Median(runs.Select(run => run.Rate.Median));
                double leastFirst = runs.Min(run => run.First.Best);
                double mostRate = runs.Max(run => run.Rate.Best);
                string sooner = Ratio(runs.Zip(peer, (a, b) => b.First.Median / a.First.Median));
                string faster = Ratio(runs.Zip(peer, (a, b) => a.Rate.Median / b.Rate.Median));
                output.WriteLine(
                    string.Create(
                        culture,
                        $"| {comparison.Model} {comparison.Precision} | {comparison.Prompt} | {name} | {first:0.0} | {sooner} | {leastFirst:0.0} | {peer.Min(run => run.First.Best) / leastFirst:0.00} | {rate:0.0} | {faster} | {mostRate:0.0} | {mostRate / peer.Max(run => run.Rate.Best):0.00} | {comparison.WeightBytes * mostRate / bandwidth:P0} |"
                    )
                );
            }
        }

        output.WriteLine();
        foreach (var comparison in _comparisons)
        {
            output.WriteLine($"- {comparison.Model} {comparison.Precision}, {comparison.Prompt}: {comparison.Agreement}.");
        }
    }

    public void Save(string file)
    {
        using var text = new StringWriter();
        Write(text);
        Replace(file, text.ToString());
        Replace(
            Path.ChangeExtension(file, ".json"),
            JsonSerializer.Serialize(
                new
                {
                    settings.Threads,
                    settings.New,
                    settings.Runs,
                    Bandwidth = bandwidth,
                    Comparisons = _comparisons,
                },
                Snake
            )
        );
    }

    private static void Replace(string file, string content)
    {
        string temporary = file + ".part";
        File.WriteAllText(temporary, content);
        File.Move(temporary, file, overwrite: true);
    }

    // The interval of the median, by ranks: nothing is taken for granted of how ratios spread.
    private static string Ratio(IEnumerable<double> ratios)
    {
        double[] sorted = [.. ratios.Order()];
        double half = 1.96 * Math.Sqrt(sorted.Length) / 2;
        int low = Math.Max(0, (int)Math.Floor(sorted.Length / 2.0 - half));
        int high = Math.Min(sorted.Length - 1, (int)Math.Ceiling(sorted.Length / 2.0 + half) - 1);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Quantile.Median(sorted):0.000} ({sorted[low]:0.00}–{sorted[high]:0.00})"
        );
    }
}
