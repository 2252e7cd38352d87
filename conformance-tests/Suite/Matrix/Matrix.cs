using Tokenwright.Host;

namespace Tokenwright.Conformance;

/// <summary>Every combination of constraint, drafter, verifier, target and sampler: what the planner accepts is run, what it refuses is noted.</summary>
/// <remarks>
/// A combination that is accepted is proven against plain decoding of the same target, sampler and constraint: by seed, text for text, where the
/// verifier promises that or the sampler takes the arg-max; else by enumerating the law of the text.
/// </remarks>
public sealed class Matrix(TokenwrightHost host)
{
    private static readonly int[] Prompt = [1, 0];
    private static readonly SmallVocabulary Vocabulary = new("a", "b", "ab");

    private readonly Dictionary<string, Law> _laws = [];
    private readonly Dictionary<string, Cell> _cells = [];

    /// <summary>What varies, by name; the first value of each is the plainest.</summary>
    public IReadOnlyList<Dimension> Dimensions { get; } =
    [
        new("drafter", ["none", .. host.Plugins.Of(Seam.Drafter).Select(part => part.Id).Order(StringComparer.Ordinal)]),
        new(
            "verifier",
            [
                "agree",
                .. host
                    .Plugins.Of(Seam.Verifier)
                    .Select(part => part.Id)
                    .Where(id => id != "agree")
                    .Order(StringComparer.Ordinal),
            ]
        ),
        new("constraint", ["none", .. Constraints.Keys.Skip(1)]),
        new("sampler", [.. Samplers.Keys]),
        new("target", ["trees", "chains", "end tokens"]),
    ];

    // The edges: one that ends inside any longer draft, one that begins inside one and inside a token, one that forces all.
    private static Dictionary<string, Dictionary<string, string>> Constraints { get; } =
        new()
        {
            ["none"] = [],
            ["choices"] = new() { ["choices"] = "ab,aab,b,abab" },
            ["regex"] = new() { ["regex"] = "[ab]{0,3}" },
            ["ends inside a window"] = new() { ["regex"] = "ab|b" },
            ["begins inside a window"] = new() { ["regex"] = "b*", ["free-until"] = "ba" },
            ["forced"] = new() { ["regex"] = "a{9}" },
            ["closed by the budget"] = new() { ["regex"] = "[ab]*bb", ["close"] = "true" },
        };

    private static Dictionary<string, Dictionary<string, string>> Samplers { get; } =
        new()
        {
            ["plain"] = new() { ["temperature"] = "1" },
            ["greedy"] = new() { ["temperature"] = "0" },
            ["cuts"] = new()
            {
                ["temperature"] = "1.2",
                ["top-k"] = "3",
                ["top-p"] = "0.9",
            },
            ["history"] = new()
            {
                ["temperature"] = "1",
                ["repetition-penalty"] = "1.5",
                ["frequency-penalty"] = "0.6",
            },
            ["history, greedy"] = new() { ["temperature"] = "0", ["frequency-penalty"] = "0.6" },
            ["least length"] = new() { ["temperature"] = "1", ["min-tokens"] = "2" },
        };

    /// <summary>The combinations that were run or refused.</summary>
    public IEnumerable<Cell> Cells => _cells.Values;

    /// <summary>Runs one combination, once.</summary>
    /// <param name="values">A value of each dimension, in their order.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<Cell> RunAsync(IReadOnlyList<string> values, CancellationToken cancellation = default)
    {
        string key = string.Join('|', values);
        if (!_cells.TryGetValue(key, out var cell))
        {
            _cells.Add(key, cell = await TryAsync(values, cancellation).ConfigureAwait(false));
        }

        return cell;
    }

    /// <summary>Every pair of values of two dimensions, the others at their plainest.</summary>
    public IEnumerable<IReadOnlyList<string>> Pairs() => Tuples(2);

    /// <summary>Every triple.</summary>
    public IEnumerable<IReadOnlyList<string>> Triples() => Tuples(3);

    /// <summary>Few combinations that hold every pair of values, none at its plainest for that reason alone.</summary>
    public IEnumerable<IReadOnlyList<string>> Pairwise()
    {
        var missing = new HashSet<(int, int, int, int)>();
        for (int a = 0; a < Dimensions.Count; a++)
        {
            for (int b = a + 1; b < Dimensions.Count; b++)
            {
                for (int i = 0; i < Dimensions[a].Values.Count; i++)
                {
                    for (int j = 0; j < Dimensions[b].Values.Count; j++)
                    {
                        missing.Add((a, i, b, j));
                    }
                }
            }
        }

        var random = new Random(1);
        while (missing.Count > 0)
        {
            int[]? best = null;
            int most = -1;
            for (int attempt = 0; attempt < 60; attempt++)
            {
                int[] tried = [.. Dimensions.Select(dimension => random.Next(dimension.Values.Count))];
                var (a, i, b, j) = missing.First();
                (tried[a], tried[b]) = (i, j);
                int covered = missing.Count(pair => tried[pair.Item1] == pair.Item2 && tried[pair.Item3] == pair.Item4);
                if (covered > most)
                {
                    (best, most) = (tried, covered);
                }
            }

            missing.RemoveWhere(pair => best![pair.Item1] == pair.Item2 && best[pair.Item3] == pair.Item4);
            yield return [.. best!.Select((value, d) => Dimensions[d].Values[value])];
        }
    }

    private IEnumerable<IReadOnlyList<string>> Tuples(int size)
    {
        for (int set = 0; set < 1 << Dimensions.Count; set++)
        {
            if (int.PopCount(set) != size)
            {
                continue;
            }

            IEnumerable<string[]> tuples =
            [
                [],
            ];
            for (int d = 0; d < Dimensions.Count; d++)
            {
                var values = (set >> d & 1) != 0 ? Dimensions[d].Values : Dimensions[d].Values.Take(1);
                tuples = tuples.SelectMany(_ => values, (begun, value) => (string[])[.. begun, value]);
            }

            foreach (string[] tuple in tuples)
            {
                yield return tuple;
            }
        }
    }

    private async Task<Cell> TryAsync(IReadOnlyList<string> values, CancellationToken cancellation)
    {
        string target = values[4];
        int most = values[2] == "closed by the budget" ? 5 : 12;
        try
        {
            using var plan = await PlanAsync(values, most, cancellation).ConfigureAwait(false);
            var promise = host.Plugins.Find(Seam.Verifier, values[1])!.Lossless ?? Lossless.No;
            bool takesArgMax = plan.Shape.TakesArgMax;
            if ((promise & (takesArgMax ? Lossless.Greedy : Lossless.Sampling)) == 0)
            {
                return new Cell(values, Verdict.Lossy, $"The verifier '{values[1]}' declares it.");
            }

            string? difference =
                takesArgMax || promise == Lossless.Seed
                    ? await SameTextsAsync(values, most, cancellation).ConfigureAwait(false)
                    : await SameLawAsync(values, cancellation).ConfigureAwait(false);
            return difference is null ? new Cell(values, Verdict.Proven, "") : new Cell(values, Verdict.Broken, difference);
        }
        catch (PlanException refusal)
        {
            return new Cell(values, Verdict.Refused, refusal.Message);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new Cell(values, Verdict.Broken, $"{target}: {error.GetType().Name}: {error.Message}");
        }
    }

    private async Task<string?> SameTextsAsync(IReadOnlyList<string> values, int most, CancellationToken cancellation)
    {
        for (ulong seed = 0; seed < 4; seed++)
        {
            var plain = await TextAsync(Plainly(values), most, new KeyedRandomness(seed), cancellation).ConfigureAwait(false);
            var tried = await TextAsync(values, most, new KeyedRandomness(seed), cancellation).ConfigureAwait(false);
            if (!plain.Tokens.SequenceEqual(tried.Tokens) || plain.Reason != tried.Reason)
            {
                return $"Seed {seed}: [{string.Join(' ', tried.Tokens)}] ({tried.Reason}) instead of [{string.Join(' ', plain.Tokens)}] ({plain.Reason}).";
            }
        }

        return null;
    }

    private async Task<string?> SameLawAsync(IReadOnlyList<string> values, CancellationToken cancellation)
    {
        int count = values[2] == "closed by the budget" ? 5 : 4;
        var plainly = Plainly(values);
        string key = string.Join('|', plainly);
        if (!_laws.TryGetValue(key, out var expected))
        {
            _laws.Add(key, expected = Of(plainly));
        }

        var difference = LawDifference.Find(expected, Of(values), 1e-9);
        await Task.CompletedTask.ConfigureAwait(false);
        return difference is null
            ? null
            : $"After [{string.Join(' ', difference.Prefix)}] {LawDifference.Text(difference.Observed)} instead of {LawDifference.Text(difference.Expected)}.";

        Law Of(IReadOnlyList<string> combination) =>
            Law.Of(randomness => TextAsync(combination, count, randomness, cancellation).GetAwaiter().GetResult().Tokens);
    }

    // What the combination is compared with.
    private static IReadOnlyList<string> Plainly(IReadOnlyList<string> values) =>
        ["none", "agree", values[2], values[3], values[4]];

    private async Task<(IReadOnlyList<int> Tokens, FinishReason? Reason)> TextAsync(
        IReadOnlyList<string> values,
        int most,
        IRandomness randomness,
        CancellationToken cancellation
    )
    {
        using var plan = await PlanAsync(values, most, cancellation).ConfigureAwait(false);
        var generation = new Generation(
            new GenerationSetup
            {
                Target = plan.Target,
                Prompt = Prompt,
                Shape = plan.Shape,
                Drafter = plan.Drafter,
                Verifier = plan.Verifier,
                Randomness = randomness,
                MaxTokens = most,
                Vocabulary = Vocabulary,
            }
        );
        await foreach (var _ in plan.Loop.RunAsync(generation, cancellation).ConfigureAwait(false)) { }

        return (generation.Tokens[Prompt.Length..].ToArray(), generation.FinishReason);
    }

    private ValueTask<Plan> PlanAsync(IReadOnlyList<string> values, int most, CancellationToken cancellation)
    {
        var options = new Dictionary<string, string>();
        foreach (var (name, value) in Constraints[values[2]].Concat(Samplers[values[3]]))
        {
            options.Add(name, value);
        }

        // Enough for a window; auto would draft nothing in texts so short.
        if (host.Plugins.Find(Seam.Drafter, values[0])?.Options.Any(option => option.Name == "nodes") == true)
        {
            options.Add("nodes", values[0] == "draft-model" ? "2" : "6");
        }

        return host.PlanAsync(
            _models[values[4]],
            new GenerationRequest
            {
                Method = "sampling",
                Drafter = values[0],
                Verifier = values[1],
                Options = options,
                MaxTokens = most,
            },
            cancellation
        );
    }

    // Constraints need an end token; the last target is one that ends soon and often.
    private readonly Dictionary<string, LoadedModel> _models = new()
    {
        ["trees"] = Loaded(TableModel.Random(4, 2, seed: 5, ends: [3])),
        ["chains"] = Loaded(TableModel.Random(4, 2, seed: 5, ends: [3], capabilities: Capabilities.Rewind)),
        ["end tokens"] = Loaded(TableModel.Random(4, 1, seed: 2, spread: 0.5, ends: [0, 3])),
    };

    private static LoadedModel Loaded(TableModel model) =>
        new(model, Vocabulary, Models: new OneModel(TableModel.Random(4, 1, seed: 13, ends: model.EndTokens)));
}

/// <summary>Something that varies.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Values">Its values, the plainest first.</param>
public sealed record Dimension(string Name, IReadOnlyList<string> Values);

/// <summary>What became of a combination.</summary>
public enum Verdict
{
    /// <summary>It was run and is that of plain decoding.</summary>
    Proven,

    /// <summary>The planner refuses it.</summary>
    Refused,

    /// <summary>It is lossy, and says so.</summary>
    Lossy,

    /// <summary>It was run and is not that of plain decoding.</summary>
    Broken,
}

/// <summary>A combination and what became of it.</summary>
/// <param name="Values">A value of each dimension.</param>
/// <param name="Verdict">What became of it.</param>
/// <param name="Why">The planner's refusal, or the difference.</param>
public sealed record Cell(IReadOnlyList<string> Values, Verdict Verdict, string Why);
