using System.Text.Json;
using System.Text.Json.Serialization;
using Tokenwright.Models.Onnx;

namespace Tokenwright.Models.Builder;

/// <summary>What a runtime must know about a built graph, kept beside it as <c>model.json</c>.</summary>
public sealed record ModelManifest
{
    /// <summary>The file's name.</summary>
    public const string FileName = "model.json";

    /// <summary>The version of the builder that wrote the graph.</summary>
    public required int BuilderVersion { get; init; }

    /// <summary>The model class, for example <c>LlamaForCausalLM</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The number of layers, each with its own key/value cache.</summary>
    public required int Layers { get; init; }

    /// <summary>The number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>The number of key and value heads.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>The width of one head in the checkpoint.</summary>
    public required int HeadSize { get; init; }

    /// <summary>The width of one head in the cache: the head size rounded up to a multiple of 16, the rest zeros.</summary>
    public required int PaddedHeadSize { get; init; }

    /// <summary>The width of the hidden state.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>The number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The longest context, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The ids that end a text.</summary>
    public required IReadOnlyList<int> EndTokenIds { get; init; }

    /// <summary>The id that begins a text, or null.</summary>
    public required int? BeginTokenId { get; init; }

    /// <summary>Which optional inputs and outputs the graph has.</summary>
    public required GraphOptions Options { get; init; }

    /// <summary>The length of the weight file, by which a damaged cache entry is recognised.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>The number of trained parameters; null in graphs of builders that did not count them.</summary>
    public long? Parameters { get; init; }

    /// <summary>How far the weights are from the checkpoint's; null where they are float32.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RoundingSummary? Rounding { get; init; }

    /// <summary>Reads the manifest of a built graph.</summary>
    /// <param name="folder">The graph's folder.</param>
    /// <exception cref="IOException">It is absent or unreadable.</exception>
    /// <exception cref="JsonException">It is malformed.</exception>
    public static ModelManifest Load(string folder)
    {
        using FileStream file = File.OpenRead(Path.Combine(folder, FileName));
        return JsonSerializer.Deserialize(file, ModelManifestJson.Default.ModelManifest)
            ?? throw new JsonException($"{FileName} is empty.");
    }

    internal void Save(string folder)
    {
        using FileStream file = new(Path.Combine(folder, FileName), FileMode.CreateNew, FileAccess.Write);
        JsonSerializer.Serialize(file, this, ModelManifestJson.Default.ModelManifest);
        file.Flush(flushToDisk: true);
    }
}

/// <summary>What rounding did to the matrices of a graph. An error is the root of the squared error over that of the squared weights.</summary>
/// <param name="Weights">Matrices that were rounded.</param>
/// <param name="Exact">Those among them that lost nothing: the checkpoint had them in such blocks.</param>
/// <param name="MeanError">The mean error of all of them.</param>
/// <param name="WorstError">The greatest.</param>
/// <param name="WorstWeight">The matrix that has it.</param>
public sealed record RoundingSummary(int Weights, int Exact, double MeanError, double WorstError, string WorstWeight)
{
    internal static RoundingSummary? Of(IReadOnlyList<QuantisedWeight> weights)
    {
        if (weights.Count == 0)
        {
            return null;
        }

        QuantisedWeight worst = weights.MaxBy(weight => weight.RelativeError)!;
        return new RoundingSummary(
            weights.Count,
            weights.Count(weight => weight.RelativeError == 0),
            weights.Average(weight => weight.RelativeError),
            worst.RelativeError,
            worst.Name
        );
    }
}

[JsonSourceGenerationOptions(
    WriteIndented = true,
    UseStringEnumConverter = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(ModelManifest))]
[JsonSerializable(typeof(GraphOptions))]
internal sealed partial class ModelManifestJson : JsonSerializerContext;
