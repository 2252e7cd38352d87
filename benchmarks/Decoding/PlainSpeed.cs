using System.Diagnostics;
using System.Globalization;
using Tokenwright.Models;
using Tokenwright.Models.Builder;

namespace Tokenwright.Benchmarks.Decoding;

/// <summary>Plain decoding of one text with every precision, with and without a tree bias in the graph, step by step in turn.</summary>
/// <remarks>All take turns within one run, a few steps each, so that what else the machine does meets them alike.</remarks>
internal static class PlainSpeed
{
    private const int Turn = 8;
    private const int Turns = 40;

    public static async Task RunAsync(string path)
    {
        List<(string Name, GraphOptions Graph)> variants = [];
        foreach (var precision in Enum.GetValues<WeightPrecision>())
        {
            variants.Add(($"{precision}", new() { Precision = precision }));
            variants.Add(($"{precision}, arg-max inside", new() { Precision = precision, ArgMax = true }));
            variants.Add(
                (
                    $"{precision}, arg-max inside, no tree",
                    new()
                    {
                        Precision = precision,
                        ArgMax = true,
                        Tree = false,
                    }
                )
            );
        }

        var models = variants
            .Select(v => LanguageModel.Open(path, new LanguageModelOptions { Graph = v.Graph with { ContextLength = 1024 } }))
            .ToArray();
        foreach (int prompt in new[] { 64, 512 })
        {
            var runners = new Runner[models.Length];
            for (int i = 0; i < models.Length; i++)
            {
                runners[i] = new Runner(models[i].Model);
                await runners[i].StartAsync(prompt);
            }

            for (int turn = -2; turn < Turns; turn++)
            {
                // From front to back and back again: nobody always follows the same one.
                for (int i = 0; i < models.Length; i++)
                {
                    await runners[turn % 2 == 0 ? i : models.Length - 1 - i].TurnAsync(turn >= 0);
                }
            }

            Console.WriteLine($"{models[0].Model.Info.Name}, after {prompt} tokens");
            Console.WriteLine("| graph | prompt ms | step ms | tokens/s | × the first |");
            Console.WriteLine("|---|---|---|---|---|");
            for (int i = 0; i < models.Length; i++)
            {
                var r = runners[i];
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"| {variants[i].Name} | {r.Prompt:0.0} | {r.Step:0.000} | {1000 / r.Step:0} | {runners[0].Step / r.Step:0.00} |"
                    )
                );
                r.Dispose();
            }
        }

        foreach (var model in models)
        {
            model.Dispose();
        }
    }

    private sealed class Runner(ICausalModel model) : IDisposable
    {
        private readonly ISequence _sequence = model.CreateSequence();
        private readonly ForwardItem[] _item = new ForwardItem[1];
        private readonly int[] _token = new int[1];
        private readonly List<double> _steps = [];

        public double Prompt { get; private set; }

        public double Step => _steps.Order().ElementAt(_steps.Count / 2);

        public async Task StartAsync(int length)
        {
            int[] prompt = [.. Enumerable.Range(0, length).Select(i => i * 31 % Math.Min(4000, model.Info.VocabularySize))];
            for (int run = 0; run < 5; run++)
            {
                long start = Stopwatch.GetTimestamp();
                await ForwardAsync(prompt, RowSelection.Last);
                double elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                Prompt = run < 2 ? elapsed : Math.Min(Prompt, elapsed);
                if (run < 4)
                {
                    _sequence.Drop();
                }
            }

            _token[0] = _sequence.Rows.ArgMax(length - 1);
            _sequence.Commit(length);
        }

        public async Task TurnAsync(bool counts)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Turn; i++)
            {
                await ForwardAsync(_token, RowSelection.All);
                _token[0] = _sequence.Rows.ArgMax(0);
                _sequence.Commit(1);
            }

            if (counts)
            {
                _steps.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds / Turn);
            }
        }

        public void Dispose() => _sequence.Dispose();

        private async Task ForwardAsync(int[] tokens, RowSelection rows)
        {
            _item[0] = new ForwardItem
            {
                Sequence = _sequence,
                Tokens = tokens,
                Wanted = new Wanted(ArgMax: rows),
            };
            await model.ForwardAsync(_item);
        }
    }
}
