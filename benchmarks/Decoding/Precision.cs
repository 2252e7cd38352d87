using System.Globalization;
using System.Numerics.Tensors;
using Tokenwright.Models;
using Tokenwright.Models.Builder;

namespace Tokenwright.Benchmarks.Decoding;

/// <summary>What rounding a model's weights does to its logits, and to its perplexity on a fixed text.</summary>
internal static class Precision
{
    private const int Window = 512;

    private static readonly string DefaultText = Path.Combine(AppContext.BaseDirectory, "Decoding", "precision.txt");

    public static async Task RunAsync(string path, string? file)
    {
        float[][]? exact = null;
        double exactPerplexity = 0;
        foreach (var precision in Enum.GetValues<WeightPrecision>())
        {
            if (Environment.GetEnvironmentVariable("TW_ONLY") == "1" && precision == WeightPrecision.Int8)
                continue;
            using var opened = LanguageModel.Open(
                path,
                new LanguageModelOptions
                {
                    Graph = new()
                    {
                        Precision = precision,
                        ContextLength = 2 * Window,
                        BlockSize = int.Parse(Environment.GetEnvironmentVariable("TW_B") ?? "32"),
                        AccuracyLevel = int.Parse(Environment.GetEnvironmentVariable("TW_A") ?? "4"),
                    },
                }
            );
            int[] text = opened.Tokenizer!.Encode(await File.ReadAllTextAsync(file ?? DefaultText)).ToArray();
            var manifest = opened.Model.Graph.Manifest;
            var (rows, perplexity) = await ScoreAsync(opened.Model, text);
            if (exact is null)
            {
                exact = rows;
                exactPerplexity = perplexity;
                Console.WriteLine($"{opened.Model.Info.Name}: logits after {rows.Length} tokens, perplexity over {text.Length}");
                Console.WriteLine("| weights | MB | largest logit difference | mean | perplexity | × exact | same best token |");
                Console.WriteLine("|---|---|---|---|---|---|---|");
            }

            var (largest, mean, agreement) = Compare(exact, rows);
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {precision} | {manifest.WeightBytes / 1e6:0.0} | {largest:0.00} | {mean:0.000} | {perplexity:0.000} | {perplexity / exactPerplexity:0.0000} | {agreement:P1} |"
                )
            );
        }
    }

    // The text in windows of their own; logits of the first are kept.
    private static async Task<(float[][] First, double Perplexity)> ScoreAsync(ICausalModel model, int[] text)
    {
        float[][]? first = null;
        double loss = 0;
        int count = 0;
        for (int start = 0; start + 1 < text.Length; start += Window)
        {
            int[] tokens = text[start..Math.Min(start + Window, text.Length)];
            using var sequence = model.CreateSequence();
            var item = new ForwardItem
            {
                Sequence = sequence,
                Tokens = tokens,
                Wanted = new Wanted(Logits: RowSelection.All),
            };
            await model.ForwardAsync(new[] { item });
            for (int row = 0; row + 1 < tokens.Length; row++)
            {
                loss += Surprise(sequence.Rows.Logits(row), tokens[row + 1]);
                count++;
            }

            first ??= [.. Enumerable.Range(0, tokens.Length).Select(row => sequence.Rows.Logits(row).ToArray())];
        }

        return (first!, Math.Exp(loss / count));
    }

    private static double Surprise(ReadOnlySpan<float> logits, int token)
    {
        float most = TensorPrimitives.Max(logits);
        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - most);
        }

        return Math.Log(sum) + most - logits[token];
    }

    private static (double Largest, double Mean, double SameBest) Compare(float[][] exact, float[][] rows)
    {
        double largest = 0;
        double sum = 0;
        int same = 0;
        var difference = new float[exact[0].Length];
        for (int i = 0; i < exact.Length; i++)
        {
            TensorPrimitives.Subtract(exact[i], rows[i], difference);
            largest = Math.Max(largest, Math.Abs(TensorPrimitives.MaxMagnitude<float>(difference)));
            sum += TensorPrimitives.SumOfMagnitudes<float>(difference);
            same += TensorPrimitives.IndexOfMax<float>(exact[i]) == TensorPrimitives.IndexOfMax<float>(rows[i]) ? 1 : 0;
        }

        return (largest, sum / exact.Length / difference.Length, (double)same / exact.Length);
    }
}
