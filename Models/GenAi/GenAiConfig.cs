using System.Text.Json;
using System.Text.Json.Serialization;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Models.GenAi;

/// <summary>The part of <c>genai_config.json</c> that says what a decoder's graph is. Source: ONNX Runtime GenAI 0.18, its model builder.</summary>
/// <param name="Model">The model.</param>
/// <param name="Search">How its tokens are searched for by default.</param>
internal sealed record GenAiConfig(GenAiModel Model, GenAiSearch Search)
{
    public const string FileName = "genai_config.json";

    /// <summary>Whether a folder has the file.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Reads the file of a folder.</summary>
    /// <exception cref="CheckpointException">It cannot be read, or describes no decoder of ids with one shared cache.</exception>
    public static GenAiConfig Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, GenAiJson.Default.GenAiConfig) ?? throw new JsonException("it is null.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read ({error.Message}) Check its permissions.", error);
        }
        catch (JsonException error)
        {
            throw new CheckpointException(
                $"{path}: does not describe a decoder of token ids ({error.Message}) Export the model again, or use its checkpoint.",
                error
            );
        }
    }

    /// <summary>Writes the file into a folder that has none.</summary>
    public void Save(string folder)
    {
        using FileStream file = new(Path.Combine(folder, FileName), FileMode.CreateNew, FileAccess.Write);
        JsonSerializer.Serialize(file, this, GenAiJson.Default.GenAiConfig);
        file.Flush(flushToDisk: true);
    }
}

/// <summary>Sizes, special ids and the decoder.</summary>
internal sealed record GenAiModel(
    string Type,
    int VocabSize,
    int ContextLength,
    [property: JsonConverter(typeof(OneOrManyIds))] IReadOnlyList<int> EosTokenId,
    GenAiDecoder Decoder
)
{
    public int? BosTokenId { get; init; }

    public int? PadTokenId { get; init; }
}

/// <summary>The decoder's graph.</summary>
/// <param name="Filename">The graph, relative to the folder.</param>
/// <param name="HeadSize">Width of a head in the cache.</param>
/// <param name="HiddenSize">Width of the hidden state.</param>
/// <param name="NumAttentionHeads">Query heads.</param>
/// <param name="NumKeyValueHeads">Key and value heads.</param>
/// <param name="NumHiddenLayers">Layers.</param>
internal sealed record GenAiDecoder(
    string Filename,
    int HeadSize,
    int HiddenSize,
    int NumAttentionHeads,
    int NumKeyValueHeads,
    int NumHiddenLayers
)
{
    public GenAiSessionOptions SessionOptions { get; init; } = new();

    public GenAiInputs Inputs { get; init; } = new();

    public GenAiOutputs Outputs { get; init; } = new();
}

/// <summary>What the other runtime is told about its session: nothing, so it runs on the processor.</summary>
internal sealed record GenAiSessionOptions
{
    public string LogId { get; init; } = "onnxruntime-genai";

    public IReadOnlyList<JsonElement> ProviderOptions { get; init; } = [];
}

/// <summary>Names of inputs; <c>%d</c> stands for the layer. A name that is not given is the usual one.</summary>
internal sealed record GenAiInputs
{
    public string InputIds { get; init; } = "input_ids";

    public string AttentionMask { get; init; } = "attention_mask";

    public string PastKeyNames { get; init; } = "past_key_values.%d.key";

    public string PastValueNames { get; init; } = "past_key_values.%d.value";
}

/// <summary>Names of outputs; <c>%d</c> stands for the layer. A name that is not given is the usual one.</summary>
internal sealed record GenAiOutputs
{
    public string Logits { get; init; } = "logits";

    public string PresentKeyNames { get; init; } = "present.%d.key";

    public string PresentValueNames { get; init; } = "present.%d.value";
}

/// <summary>Defaults of a search. Only the sharing of the cache concerns the graph.</summary>
internal sealed record GenAiSearch
{
    public bool DoSample { get; init; }

    public int MaxLength { get; init; }

    public int MinLength { get; init; }

    public int NumBeams { get; init; } = 1;

    public int NumReturnSequences { get; init; } = 1;

    /// <summary>Whether one buffer is past and present at once.</summary>
    public bool PastPresentShareBuffer { get; init; }

    public float RepetitionPenalty { get; init; } = 1;

    public float Temperature { get; init; } = 1;

    public int TopK { get; init; } = 50;

    public float TopP { get; init; } = 1;
}

/// <summary>One id, or a list of them.</summary>
internal sealed class OneOrManyIds : JsonConverter<IReadOnlyList<int>>
{
    public override IReadOnlyList<int> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return [reader.GetInt32()];
        }

        List<int> ids = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            ids.Add(reader.GetInt32());
        }

        return ids;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<int> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (int id in value)
        {
            writer.WriteNumberValue(id);
        }

        writer.WriteEndArray();
    }
}

[JsonSourceGenerationOptions(
    WriteIndented = true,
    NewLine = "\n",
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(GenAiConfig))]
internal sealed partial class GenAiJson : JsonSerializerContext;
