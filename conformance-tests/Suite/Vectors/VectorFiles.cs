using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Conformance;

/// <summary>The law, or the greedy text, of plain decoding of a table.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Vocabulary">Number of tokens.</param>
/// <param name="Order">How many of the last tokens the logits depend on.</param>
/// <param name="Table">Logits by context; null is −∞.</param>
/// <param name="Ends">Tokens that end a text.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Options">Options by name.</param>
/// <param name="Count">Output tokens.</param>
/// <param name="Law">The probability of each output; null where <paramref name="Tokens"/> says it.</param>
/// <param name="Tokens">The greedy output.</param>
/// <param name="Tolerance">Of a probability.</param>
/// <param name="Samples">Texts to draw where nothing is enumerated.</param>
/// <param name="FalseAlarm">Where the chi-square test of these cries wolf.</param>
/// <param name="SmallestBias">The total variation that they see with 99 %.</param>
public sealed record LawVector(
    string Id,
    int Vocabulary,
    int Order,
    float?[][] Table,
    IReadOnlyList<int> Ends,
    int[] Prompt,
    IReadOnlyDictionary<string, string> Options,
    int Count,
    IReadOnlyDictionary<string, double>? Law,
    IReadOnlyList<int>? Tokens,
    double? Tolerance,
    int? Samples,
    double? FalseAlarm,
    double? SmallestBias
)
{
    /// <summary>The table as a model.</summary>
    public TableModel Model() =>
        new([.. Table.Select(row => row.Select(logit => logit ?? float.NegativeInfinity).ToArray())], Order) { EndTokens = Ends };
}

/// <summary>The pick of a seed.</summary>
/// <param name="Seed">The seed, decimal.</param>
/// <param name="Sequence">The number of the text.</param>
/// <param name="Position">The absolute position.</param>
/// <param name="Logits">The row.</param>
/// <param name="Token">What is picked.</param>
/// <param name="Probability">Its probability.</param>
public sealed record PickVector(string Seed, int Sequence, int Position, float[] Logits, int Token, double Probability);

/// <summary>Makes and reads the vectors.</summary>
public static class VectorFiles
{
    private const int Samples = 20_000;

    private static readonly Dictionary<string, Dictionary<string, string>> Shapes = new()
    {
        ["plain"] = new() { ["temperature"] = "1" },
        ["cold"] = new() { ["temperature"] = "0.5" },
        ["top-k"] = new() { ["temperature"] = "1", ["top-k"] = "2" },
        ["top-p"] = new() { ["temperature"] = "1.5", ["top-p"] = "0.8" },
        ["min-p"] = new() { ["temperature"] = "1", ["min-p"] = "0.3" },
        ["typical"] = new() { ["temperature"] = "1", ["typical"] = "0.6" },
        ["repetition"] = new() { ["temperature"] = "1", ["repetition-penalty"] = "1.7" },
        ["frequency"] = new() { ["temperature"] = "1", ["frequency-penalty"] = "0.9" },
        ["presence"] = new() { ["temperature"] = "1", ["presence-penalty"] = "1.3" },
        ["bias"] = new() { ["temperature"] = "1", ["logit-bias"] = "0:0.5,2:-1" },
        ["min-tokens"] = new() { ["temperature"] = "1", ["min-tokens"] = "2" },
        ["greedy"] = new() { ["temperature"] = "0" },
        ["greedy with penalties"] = new() { ["temperature"] = "0", ["frequency-penalty"] = "0.9" },
    };

    /// <summary>The laws.</summary>
    public static IReadOnlyList<LawVector> Laws() =>
        [
            .. Shapes.SelectMany(shape =>
                new[]
                {
                    Of(shape.Key, TableModel.Uniform(3, seed: 5, zeros: false), shape.Value),
                    Of(
                        $"{shape.Key}, ends and impossible tokens",
                        TableModel.Uniform(3, seed: 8, zeros: true).Ending(2),
                        shape.Value
                    ),
                }
            ),
        ];

    /// <summary>The picks.</summary>
    public static IReadOnlyList<PickVector> Picks()
    {
        var random = new Random(3);
        var picks = new List<PickVector>();
        for (int i = 0; i < 64; i++)
        {
            ulong seed = i switch
            {
                0 => 0,
                1 => ulong.MaxValue,
                _ => (ulong)random.NextInt64(),
            };
            float[] logits =
            [
                .. Enumerable.Range(0, 2 + i % 9).Select(_ => MathF.Round((float)(6 * random.NextDouble() - 3), 3)),
            ];
            int sequence = i % 5 == 4 ? i : 0;
            int position = i < 8 ? i : random.Next(100_000);
            int token = new KeyedRandomness(seed).Pick(DrawKey.At(sequence, position), logits);
            var row = new Distribution(logits.Length);
            row.Load(logits);
            picks.Add(
                new(seed.ToString(CultureInfo.InvariantCulture), sequence, position, logits, token, row.Probability(token))
            );
        }

        return picks;
    }

    /// <summary>Vectors as lines.</summary>
    public static string Lines(IEnumerable<LawVector> vectors) =>
        Lines(vectors.Select(vector => JsonSerializer.Serialize(vector, Json.LawVector)));

    /// <summary>Vectors as lines.</summary>
    public static string Lines(IEnumerable<PickVector> vectors) =>
        Lines(vectors.Select(vector => JsonSerializer.Serialize(vector, Json.PickVector)));

    /// <summary>Reads lines of laws.</summary>
    public static IEnumerable<LawVector> ReadLaws(string lines) =>
        lines
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize(line, Json.LawVector)!);

    /// <summary>The standard processors that options call for.</summary>
    public static IReadOnlyList<ILogitsProcessor> Processors(IReadOnlyDictionary<string, string> options)
    {
        double Number(string name, double otherwise) =>
            options.TryGetValue(name, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        ILogitsProcessor[] all =
        [
            new Temperature { Value = Number("temperature", 0) },
            new TopKCut { Value = (int)Number("top-k", new TopKCut().Value) },
            new TopPCut { Value = Number("top-p", new TopPCut().Value) },
            new MinPCut { Value = Number("min-p", new MinPCut().Value) },
            new TypicalCut { Value = Number("typical", new TypicalCut().Value) },
            new RepetitionPenalty { Penalty = Number("repetition-penalty", new RepetitionPenalty().Penalty) },
            new FrequencyPenalty { Penalty = Number("frequency-penalty", 0) },
            new PresencePenalty { Penalty = Number("presence-penalty", 0) },
            new LogitBias { Bias = options.TryGetValue("logit-bias", out string? bias) ? bias.Split(',') : [] },
            new MinTokens { Count = (int)Number("min-tokens", 0) },
        ];
        return [.. all.Where(processor => processor.IsActive)];
    }

    private static VectorJson Json { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );

    private static LawVector Of(string id, TableModel model, Dictionary<string, string> options)
    {
        const int Count = 3;
        int[] prompt = [1, 0];
        var processors = Processors(options);
        foreach (var processor in processors)
        {
            processor.PrepareAsync(new PartContext { Target = model }).AsTask().GetAwaiter().GetResult();
        }

        var law = Law.OfTarget(model, Run.Shape(model, processors), prompt, Count);
        bool isGreedy = processors.Any(processor => processor.TakesArgMax);
        return new LawVector(
            id,
            model.Info.VocabularySize,
            model.Order,
            [.. model.Rows.Select(row => row.Select(logit => float.IsNegativeInfinity(logit) ? null : (float?)logit).ToArray())],
            model.EndTokens,
            prompt,
            options,
            Count,
            isGreedy
                ? null
                : law
                    .Probabilities.OrderBy(one => one.Key, StringComparer.Ordinal)
                    .ToDictionary(one => one.Key, one => one.Value),
            isGreedy ? [.. law.Probabilities.Keys.Single().Split(' ').Select(int.Parse)] : null,
            isGreedy ? null : 1e-9,
            isGreedy ? null : Samples,
            isGreedy ? null : Power.FalseAlarm,
            isGreedy || law.Probabilities.Count < 2
                ? null
                : Math.Round(new Power(Samples, law.Probabilities.Count).SmallestBias, 4)
        );
    }

    private static string Lines(IEnumerable<string> lines) => new StringBuilder().AppendJoin('\n', lines).Append('\n').ToString();
}

/// <summary>How vectors are written as JSON.</summary>
[JsonSerializable(typeof(LawVector))]
[JsonSerializable(typeof(PickVector))]
internal sealed partial class VectorJson : JsonSerializerContext;
