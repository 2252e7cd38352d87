using System.Diagnostics;
using System.Globalization;
using Tokenwright.Benchmarks.Peer;
using Tokenwright.Models;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Benchmarks.Decoding;

/// <summary>What a step costs outside ONNX Runtime and the drafter, and what it allocates: plain, and with a tree of 16 nodes.</summary>
/// <remarks>
/// A whole step takes milliseconds on a noisy machine, so the difference of two timings would drown. The runtime's share and the drafter's
/// are measured inside each step and taken out; the median over all steps is reported.
/// </remarks>
internal static class OwnTime
{
    private const int Warm = 32;
    private const int Nodes = 16;
    private static readonly string Story = "The market was bustling with";

    private static readonly (string Name, (string Id, ILogitsProcessor Part)[] Parts)[] Shapes =
    [
        ("greedy", [("temperature", new Temperature())]),
        (
            "temperature 0.8, top-k 40, top-p 0.95",
            [
                ("temperature", new Temperature { Value = 0.8 }),
                ("top-k", new TopKCut { Value = 40 }),
                ("top-p", new TopPCut { Value = 0.95 }),
            ]
        ),
        ("temperature 0.8, no cut", [("temperature", new Temperature { Value = 0.8 })]),
    ];

    public static async Task RunAsync(string model, int steps)
    {
        await RunAsync(model, argMax: false, steps);
        await RunAsync(model, argMax: true, steps);
    }

    private static async Task RunAsync(string model, bool argMax, int steps)
    {
        using var opened = LanguageModel.Open(model, new() { Graph = new() { ArgMax = argMax } });
        Console.WriteLine(
            $"{opened.Model.Info.Name}, {opened.Model.Info.VocabularySize} tokens, arg-max {(argMax ? "inside" : "outside")} the graph: medians of {steps} steps and more after {Warm} warm ones"
        );
        Console.WriteLine(
            "| step | draft nodes | tokens per step | own µs | per visited node | ONNX Runtime µs | bytes allocated per step |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var (name, parts) in argMax ? Shapes[..1] : Shapes)
        {
            int[] text = await MeasureAsync(opened, name, parts, null, steps);
            await MeasureAsync(opened, name, parts, new Prompter(text, Nodes, opened.Model.Info.VocabularySize), steps);
        }
    }

    /// <returns>The prompt and the text.</returns>
    private static async Task<int[]> MeasureAsync(
        LanguageModel opened,
        string name,
        (string Id, ILogitsProcessor Part)[] parts,
        Prompter? drafter,
        int count
    )
    {
        int[] prompt = [.. opened.Tokenizer!.Encode(Story)];
        var generation = new Generation(
            new GenerationSetup
            {
                Target = opened.Model,
                Prompt = prompt,
                Shape = new ShapeChain(parts.Select(p => KeyValuePair.Create(p.Id, p.Part)), null, opened.Model.Info),
                Verifier = new Agree(),
                Drafter = drafter,
                Randomness = new KeyedRandomness(7),
                MaxTokens = (Warm + count) * (Prompter.Kept + 1),
                IgnoreEndTokens = true,
            }
        );
        var own = new List<double>();
        var runtime = new List<double>();
        long bytes = 0;
        int tokens = 0;
        await using var steps = new DraftThenVerify().RunAsync(generation).GetAsyncEnumerator();
        for (int step = -Warm; ; step++)
        {
            var inside = opened.Model.RuntimeElapsed;
            var drafting = generation.Statistics.Draft;
            int before = generation.Tokens.Length;
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            bool goesOn = await steps.MoveNextAsync();
            var elapsed = Stopwatch.GetElapsedTime(start);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            if (!goesOn || generation.IsFinished)
            {
                break;
            }

            if (step >= 0)
            {
                bytes += allocated;
                tokens += generation.Tokens.Length - before;
                inside = opened.Model.RuntimeElapsed - inside;
                own.Add((elapsed - inside - (generation.Statistics.Draft - drafting)).TotalMicroseconds);
                runtime.Add(inside.TotalMicroseconds);
            }
        }

        double median = Quantile.Median(own);
        double perStep = (double)tokens / own.Count;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {(drafter is null ? 0 : Nodes)} | {perStep:0.0} | {median:0.0} | {median / perStep:0.0} | {Quantile.Median(runtime):0} | {(double)bytes / own.Count:0.##} |"
            )
        );
        return generation.Tokens.ToArray();
    }

    /// <summary>Knows the text: a path of its next tokens and, for the rest of the nodes, tokens that it does not go on with.</summary>
    private sealed class Prompter(int[] text, int nodes, int vocabulary) : IDrafter
    {
        /// <summary>Draft tokens that are kept of each draft.</summary>
        public const int Kept = 3;

        public ProposalModes Proposes => ProposalModes.Deterministic;

        public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
        {
            int node = 0;
            int at = context.Committed.Length;
            for (int i = at; i < Math.Min(at + Math.Min(Kept, tree.MaxDepth), text.Length) && tree.Room > 0; i++)
            {
                int parent = node;
                for (int wrong = 1; wrong <= nodes / Kept - 1 && tree.Room > 0; wrong++)
                {
                    tree.Add(parent, (text[i] + wrong) % vocabulary, -1);
                }

                if (tree.Room > 0)
                {
                    node = tree.Add(parent, text[i]);
                }
            }

            for (int wrong = nodes; tree.Count <= nodes && tree.Room > 0; wrong++)
            {
                tree.Add(0, (text[at] + wrong) % vocabulary, -2);
            }

            return default;
        }
    }
}
