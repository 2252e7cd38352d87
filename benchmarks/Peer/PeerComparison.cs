using System.Globalization;
using Tokenwright.Models;
using Tokenwright.Models.Builder;
using Tokenwright.Models.GenAi;
using Tokenwright.Models.Runtime;

namespace Tokenwright.Benchmarks.Peer;

/// <summary>
/// Plain greedy decoding beside another engine: one model, exported once, decoded by the peer and by us from the very same folder,
/// and by us on our own graph, with all that methods need and with nothing that plain decoding does not. The contenders take turns within every
/// round, each in a process of its own that stands still meanwhile, so that what the machine does to one it does to all. All are started anew some
/// times: where memory happens to lie makes a difference of percents.
/// </summary>
internal sealed class PeerComparison(PeerSettings settings)
{
    private static readonly string[] Contenders =
    [
        "peer, exported graph",
        "ours, exported graph",
        "ours, own graph",
        "ours, no tree, arg-max inside",
    ];

    public async Task RunAsync()
    {
        OnnxEnvironment.Start(settings.Threads);
        double bandwidth = Roofline.MeasureBandwidth(settings.Threads);
        var report = new PeerReport(settings, bandwidth);
        foreach (string model in settings.Models)
        {
            foreach (var precision in settings.Precisions)
            {
                await CompareAsync(model, precision, report);
            }
        }

        report.Write(Console.Out);
        if (settings.Output is { } file)
        {
            report.Save(file);
        }
    }

    private async Task CompareAsync(string path, WeightPrecision precision, PeerReport report)
    {
        string temporary = Directory.CreateTempSubdirectory("tokenwright-peer-").FullName;
        try
        {
            string folder = Path.Combine(temporary, "export");
            string cache = Path.Combine(temporary, "cache");
            GenAiExport.Write(path, folder, new GenAiExportOptions { Precision = precision, AllLogits = settings.AllLogits });
            var (text, weightBytes, info) = Prepare(path, folder, precision, cache);
            ContenderCommand[] contenders =
            [
                settings.Peer,
                ContenderCommand.Ours(folder, "--cache", cache),
                ContenderCommand.Ours(path, "--precision", precision.ToString(), "--cache", cache),
                ContenderCommand.Ours(path, "--precision", precision.ToString(), "--no-tree", "--arg-max", "--cache", cache),
            ];
            foreach (int length in settings.Prompts)
            {
                if (text.Length < length || length + settings.New > info.ContextLength)
                {
                    throw new InvalidOperationException(
                        $"A prompt of {length} tokens with {settings.New} new ones needs a text of so many tokens (there are {text.Length}) and a context for both ({info.ContextLength})."
                    );
                }

                int[] prompt = text[..length];
                List<Run>[] runs = [.. Contenders.Select(_ => new List<Run>())];
                for (int start = 0; start < settings.Starts; start++)
                {
                    Play(contenders.Select(Start), runs);
                    await Console.Error.WriteLineAsync(
                        $"{Path.GetFileName(path)} {precision} {length}: start {start + 1} of {settings.Starts}"
                    );

                    ContenderProcess Start(ContenderCommand command) =>
                        command.Start(folder, prompt, settings.New, settings.Runs, settings.Threads, settings.Rounds + 1);
                }

                report.Add(
                    new Comparison(Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), precision, length, weightBytes)
                    {
                        Contenders = [.. Contenders.Select((name, i) => new Contender(name, runs[i]))],
                        Agreement = Agreement.Of(Contenders, runs, info),
                    }
                );
            }
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>
    /// A turn of each that does not count, in which it starts; then the rounds, another one beginning each time. One is started when the one before
    /// stands still: else it would run ahead beside the others, and its lines be read later.
    /// </summary>
    private void Play(IEnumerable<ContenderProcess> starts, List<Run>[] runs)
    {
        List<ContenderProcess> contenders = [];
        try
        {
            foreach (var contender in starts)
            {
                contenders.Add(contender);
                contender.Turn(isLast: false);
            }

            for (int round = 0; round < settings.Rounds; round++)
            {
                for (int turn = 0; turn < contenders.Count; turn++)
                {
                    int contender = (turn + round) % contenders.Count;
                    runs[contender].Add(contenders[contender].Turn(isLast: round == settings.Rounds - 1));
                }
            }
        }
        finally
        {
            contenders.ForEach(contender => contender.Dispose());
        }
    }

    /// <summary>Opens both graphs once: both are in the cache then, and nothing of them is in the memory of this process.</summary>
    private (int[] Text, double WeightBytes, ModelInfo Info) Prepare(
        string path,
        string folder,
        WeightPrecision precision,
        string cache
    )
    {
        var options = new LanguageModelOptions { Threads = settings.Threads, CacheFolder = cache };
        using var exported = LanguageModel.Open(folder, options);
        using var own = LanguageModel.Open(path, options with { Graph = new GraphOptions { Precision = precision } });
        var tokenizer =
            own.Tokenizer
            ?? throw new InvalidOperationException($"{path} has no tokenizer: there is nothing to make prompts of.");
        return ([.. tokenizer.Encode(settings.Text)], Roofline.BytesPerToken(exported.Model.Graph.Path), own.Model.Info);
    }
}

/// <summary>One contender's turn.</summary>
/// <param name="First">Milliseconds from the prompt to the first token.</param>
/// <param name="Rate">Tokens per second after the first.</param>
/// <param name="Tokens">The new tokens.</param>
internal sealed record Run(Measured First, Measured Rate, int[] Tokens);

/// <summary>The runs of a turn.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="Best">The one that the machine disturbed least.</param>
internal readonly record struct Measured(double Median, double Best);

/// <summary>All turns of one contender.</summary>
internal sealed record Contender(string Name, IReadOnlyList<Run> Runs);

/// <summary>One model, precision and prompt length.</summary>
internal sealed record Comparison(string Model, WeightPrecision Precision, int Prompt, double WeightBytes)
{
    /// <summary>The peer first.</summary>
    public required IReadOnlyList<Contender> Contenders { get; init; }

    public required string Agreement { get; init; }
}

/// <summary>Whether all contenders wrote the same.</summary>
internal static class Agreement
{
    public static string Of(IReadOnlyList<string> names, IReadOnlyList<Run>[] runs, ModelInfo info)
    {
        int[] peer = runs[0][0].Tokens;
        return string.Join("; ", runs.Skip(1).Select((own, i) => $"{names[i + 1]}: {Compare(own[0].Tokens)}"));

        string Compare(int[] ours)
        {
            int same = peer.AsSpan().CommonPrefixLength(ours);
            if (same == ours.Length && same == peer.Length)
            {
                return string.Create(CultureInfo.InvariantCulture, $"all {same} tokens equal");
            }

            bool isHeldOff = same < ours.Length && info.EndTokens.Contains(ours[same]);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{same} tokens equal, then {(isHeldOff ? "an end token, which the peer holds off" : "they part")}"
            );
        }
    }
}
