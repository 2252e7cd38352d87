using System.Globalization;
using System.Text;
using Tokenwright.Benchmarks.Peer;
using Tokenwright.Host;
using Tokenwright.Models.GenAi;
using Tokenwright.Models.Runtime;

namespace Tokenwright.Benchmarks.Speculation;

/// <summary>Decoding methods beside plain decoding: every prompt by each in turn, so that all see the same machine.</summary>
/// <remarks>
/// Times are those after the prompt's forwards. t(1) is the mean forward of plain decoding and t(n) that of a method, both in this run. A
/// method's bound is MAT · t(1) / (t(n) + t_draft): what is left when the engine itself takes no time. The modelled cost is the sum of
/// profiled forwards and measured drafting, against profiled plain forwards over the same text. A draft model is left out where the model's
/// card names none and no option does.
/// </remarks>
internal static class SpeculationBenchmark
{
    public static async Task RunAsync(SpeculationSettings settings)
    {
        using var host = TokenwrightHost.Load(
            new TokenwrightOptions { SettingsFile = settings.Plugins, Models = new ModelLibrary() }
        );
        using var opened = host.OpenModel(settings.Model);
        var profile = await opened.Model.Profile!(CancellationToken.None);
        var report = new StringBuilder();
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"{opened.Info.Name}, {settings.PerSet} prompts of a set, at most {settings.New} new tokens, greedy. "
                + $"t(1) {profile.Milliseconds(1, 128):0.00} ms, t(17) {profile.Milliseconds(17, 128):0.00} ms, t(81) {profile.Milliseconds(81, 128):0.00} ms after 128 tokens."
        );
        string model = new ModelLibrary().Find(settings.Model);
        if (Tokenwright.Models.ModelCard.Load(model).Companion(model, "draft") is null)
        {
            var drafted = settings.Methods.Where(m => m.Id != "draft-model" || m.Options.ContainsKey("draft-model"));
            settings = settings with { Methods = [.. drafted] };
        }

        string exported = Directory.CreateTempSubdirectory("tokenwright-peer-").FullName;
        try
        {
            if (settings.Peer is not null)
            {
                GenAiExport.Write(model, Path.Combine(exported, "model"), new GenAiExportOptions { AllLogits = true });
            }

            foreach (var (set, prompts) in settings.ReadPrompts(model))
            {
                await MeasureAsync(host, opened, settings, Path.Combine(exported, "model"), set, prompts, profile, report);
            }
        }
        finally
        {
            Directory.Delete(exported, recursive: true);
        }

        if (settings.Output is not null)
        {
            await File.WriteAllTextAsync(settings.Output, report.ToString());
        }
    }

    private static async Task MeasureAsync(
        TokenwrightHost host,
        LanguageModel opened,
        SpeculationSettings settings,
        string exported,
        string set,
        IReadOnlyList<int[]> prompts,
        ForwardProfile profile,
        StringBuilder report
    )
    {
        var plain = new Tally(profile);
        Tally[] tallies = [.. settings.Methods.Select(_ => new Tally(profile))];

        // Each has stores of its own over the set, as if it were alone.
        LanguageModel[] models = [.. settings.Methods.Select(_ => host.Use(opened.Model with { Stores = new SharedStores() }))];
        double peerPlain = 0;
        double peerSpeculation = 0;
        int differing = 0;
        await RunAsync(opened, prompts[0], "greedy", null, 16, new Tally(profile));
        foreach (int[] prompt in prompts)
        {
            var expected = await RunAsync(opened, prompt, "greedy", null, settings.New, plain);
            for (int i = 0; i < models.Length; i++)
            {
                var method = settings.Methods[i];
                var tokens = await RunAsync(models[i], prompt, method.Id, method.Options, settings.New, tallies[i]);
                differing += tokens.SequenceEqual(expected) ? 0 : 1;
            }

            if (settings.Peer is not null)
            {
                peerPlain += PeerSeconds(settings.Peer, prompt);
                peerSpeculation += PeerSeconds(settings.PeerSpeculation!, prompt);
            }
        }

        Line($"");
        Line($"**{set}** ({plain.Tokens} tokens, plain {plain.PerToken:0.000} ms per token, {differing} texts differ)");
        Line($"");
        Line(
            $"| method | tokens per pass (rows) | speed ÷ plain | of its bound | t(n) ÷ t(1) | drafting ÷ t(1) | engine µs per step | modelled cost ÷ plain |"
        );
        Line($"|---|---|---|---|---|---|---|---|");
        for (int i = 0; i < tallies.Length; i++)
        {
            var tally = tallies[i];
            double speed = plain.PerToken / tally.PerToken;
            double bound = tally.PerPass * plain.Forward / (tally.Forward + tally.Draft);
            Line(
                $"| {settings.Methods[i].Name} | {tally.PerPass:0.00} ({tally.Rows:0}) | {speed:0.00} | {speed / bound:P0} | {tally.Forward / plain.Forward:0.00} | {tally.Draft / plain.Forward:P1} | {1000 * tally.Engine:0} | {tally.ModelledCost(plain):0.00} |"
            );
        }

        if (settings.Peer is not null)
        {
            Line($"");
            Line(
                $"The peer's own speculation ÷ its own plain decoding, in the same minutes: {peerPlain / peerSpeculation:0.00}."
            );
        }

        // The median of three, after a warm one.
        double PeerSeconds(ContenderCommand command, int[] prompt)
        {
            using var process = command.Start(exported, prompt, settings.New, runs: 3, OnnxEnvironment.Threads, turns: 1);
            var run = process.Turn(isLast: true);
            return (run.Tokens.Length - 1) / run.Rate.Median;
        }

        void Line(FormattableString text)
        {
            string line = text.ToString(CultureInfo.InvariantCulture);
            Console.WriteLine(line);
            report.AppendLine(line);
        }
    }

    private static async Task<IReadOnlyList<int>> RunAsync(
        LanguageModel model,
        int[] prompt,
        string method,
        IReadOnlyDictionary<string, string>? options,
        int count,
        Tally tally
    )
    {
        var request = new GenerationRequest
        {
            Method = method,
            MaxTokens = count,
            Seed = 0,
            Trace = tally,
        };
        foreach (var (key, value) in options ?? new Dictionary<string, string>())
        {
            request.Options[key] = value;
        }

        var result = await model.Generate(prompt, request).CompleteAsync();
        tally.Add(result.Statistics);
        return result.Tokens;
    }

    /// <summary>Sums over texts; times in milliseconds per step, the prompt's step left out.</summary>
    private sealed class Tally(ForwardProfile profile) : ITrace
    {
        private double _total;
        private double _model;
        private double _draft;
        private double _modelled;
        private double _plain;
        private int _steps;
        private long _rows;

        public int Tokens { get; private set; }

        public double PerToken => _total / Tokens;

        public double PerPass => (double)Tokens / _steps;

        public double Rows => (double)_rows / _steps;

        public double Forward => _model / _steps;

        public double Draft => _draft / _steps;

        public double Engine => (_total - _model - _draft) / _steps;

        // The machine may be slower now than when the profile was taken: drafting is measured now, and counts in the profile's milliseconds.
        public double ModelledCost(Tally plain) => (_modelled + _draft * plain._plain / plain._model) / _plain;

        public void Record(Generation generation, in Observation step)
        {
            if (generation.Statistics.Steps > 0)
            {
                int past = generation.Tokens.Length - step.Emitted.Length - 1;
                int rows = step.Tree?.Count ?? 1;
                _modelled += profile.Milliseconds(rows, past);
                _rows += rows;
                for (int i = 0; i < step.Emitted.Length; i++)
                {
                    _plain += profile.Milliseconds(1, past + i);
                }
            }
        }

        public void Add(Statistics statistics)
        {
            _total += (statistics.Total - statistics.Prefill).TotalMilliseconds;
            _model += statistics.Model.TotalMilliseconds;
            _draft += statistics.Draft.TotalMilliseconds;
            _steps += statistics.Steps - 1;
            Tokens += statistics.Tokens - 1;
        }
    }
}
