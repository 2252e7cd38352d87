using System.Globalization;
using System.Text.Json;

namespace Tokenwright.Models.Checkpoints;

/// <summary>
/// A checkpoint's <c>config.json</c>. Fields that most decoders share are properties; an architecture reads its own fields with
/// <see cref="WholeNumber"/>, <see cref="Number"/>, <see cref="Flag"/> and <see cref="Text"/>. Every accessor checks the field it reads
/// and names it when it is missing, of the wrong type or out of range; a JSON null counts as absent.
/// </summary>
public sealed class CheckpointConfig
{
    private const int MostTokens = 1 << 24;
    private readonly JsonElement _root;

    private CheckpointConfig(JsonElement root, string origin)
    {
        _root = root;
        Origin = origin;
    }

    /// <summary>What error messages call this configuration: its path.</summary>
    public string Origin { get; }

    /// <summary>The model class the checkpoint was saved from, for example <c>LlamaForCausalLM</c>.</summary>
    public string Architecture
    {
        get
        {
            if (
                Find("architectures") is not { ValueKind: JsonValueKind.Array } names
                || names.GetArrayLength() == 0
                || names[0].ValueKind != JsonValueKind.String
            )
            {
                throw Fault(
                    "'architectures' must be a list with one name",
                    "It says which model this is, for example [\"LlamaForCausalLM\"]."
                );
            }

            return names[0].GetString()!;
        }
    }

    /// <summary>The number of token ids.</summary>
    public int VocabularySize => WholeNumber("vocab_size", 1, MostTokens);

    /// <summary>The width of the residual stream.</summary>
    public int HiddenSize => WholeNumber("hidden_size", 1, 1 << 20);

    /// <summary>The width of the gated MLP.</summary>
    public int IntermediateSize => WholeNumber("intermediate_size", 1, 1 << 22);

    /// <summary>The number of layers.</summary>
    public int Layers => WholeNumber("num_hidden_layers", 1, 4096);

    /// <summary>The number of query heads.</summary>
    public int Heads => WholeNumber("num_attention_heads", 1, 4096);

    /// <summary>The number of key and value heads, a divisor of <see cref="Heads"/>; by default as many.</summary>
    public int KeyValueHeads
    {
        get
        {
            int heads = Heads;
            int keyValueHeads = WholeNumber("num_key_value_heads", 1, heads, heads);
            return heads % keyValueHeads == 0
                ? keyValueHeads
                : throw Fault($"'num_key_value_heads' is {keyValueHeads}, which does not divide the {heads} heads");
        }
    }

    /// <summary>The width of one head, an even number; by default hidden size / heads.</summary>
    public int HeadSize
    {
        get
        {
            if (Find("head_dim") is null && HiddenSize % Heads != 0)
            {
                throw Fault($"'hidden_size' {HiddenSize} is not a multiple of {Heads} heads, and there is no 'head_dim'");
            }

            int size = WholeNumber("head_dim", 2, 1 << 12, HiddenSize / Heads);
            return size % 2 == 0 ? size : throw Fault($"the head size is {size}; rotary positions need an even one");
        }
    }

    /// <summary>The number of positions the model was made for.</summary>
    public int ContextLength => WholeNumber("max_position_embeddings", 1, MostTokens);

    /// <summary>The epsilon of the root-mean-square norms; 1e-6 by default.</summary>
    public float NormEpsilon => (float)Number("rms_norm_eps", 0, 1, 1e-6);

    /// <summary>Whether the LM head is the embedding table; null if the file does not say, the default being the architecture's.</summary>
    public bool? TiesEmbeddings => Find("tie_word_embeddings") is null ? null : Flag("tie_word_embeddings", false);

    /// <summary>
    /// Whether rotary positions turn neighbouring elements (2i, 2i + 1) instead of elements half a head apart. The field
    /// <c>rotary_interleaved</c> is Tokenwright's own: checkpoints in Hugging Face's layout do not need it.
    /// </summary>
    public bool RotaryInterleaved => Flag("rotary_interleaved", false);

    /// <summary>The rotary base and its scaling (<c>rope_theta</c> and <c>rope_scaling</c>, or <c>rope_parameters</c> in newer files).</summary>
    public RotaryScaling Rotary
    {
        get
        {
            string group = Find("rope_parameters") is null ? "rope_scaling" : "rope_parameters";
            double theta = Find("rope_theta", group) is null
                ? Number("rope_theta", 1, 1e15, 10_000)
                : Number("rope_theta", 1, 1e15, within: group);
            // Older files say "type".
            string kind = Text("rope_type", Text("type", "default", group), group);
            return kind switch
            {
                "default" => new RotaryScaling(kind, theta),
                "linear" => new RotaryScaling(kind, theta) { Factor = Number("factor", 1, 1e6, within: group) },
                "llama3" => ReadLlama3(theta, group),
                "factors" => new RotaryScaling(kind, theta) { Factors = ReadFactors(group) },
                _ => throw Fault(
                    $"rotary scaling '{kind}' is not supported; supported are default, linear, llama3",
                    "Use another checkpoint."
                ),
            };
        }
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The path of a <c>config.json</c>.</param>
    /// <exception cref="CheckpointException">It is absent, unreadable or not a JSON object.</exception>
    public static CheckpointConfig Load(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                $"{path}: cannot be read. A checkpoint is a folder with config.json and safetensors files; check the path.",
                error
            );
        }
    }

    /// <summary>Reads JSON text.</summary>
    /// <param name="json">The content of a <c>config.json</c>.</param>
    /// <param name="origin">What error messages call it.</param>
    /// <exception cref="CheckpointException">It is not a JSON object.</exception>
    public static CheckpointConfig Parse(string json, string origin)
    {
        try
        {
            JsonElement root = JsonElement.Parse(json);
            CheckText(root);
            return root.ValueKind == JsonValueKind.Object
                ? new CheckpointConfig(root, origin)
                : throw new CheckpointException($"{origin}: must be a JSON object. Download the file again.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"{origin}: is not valid JSON ({error.Message}) Download the file again.", error);
        }
    }

    /// <summary>Whether a field is there and not null.</summary>
    /// <param name="field">Its name.</param>
    public bool Has(string field) => Find(field) is not null;

    /// <summary>A whole number.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="least">The least value that makes sense.</param>
    /// <param name="most">The greatest.</param>
    /// <param name="fallback">The value if the field is absent; null makes it an error.</param>
    /// <param name="within">The object inside the configuration that has the field, or null for the top level.</param>
    public int WholeNumber(string field, int least, int most, int? fallback = null, string? within = null)
    {
        if (Find(field, within) is not { } element)
        {
            return fallback ?? throw Missing(field, within);
        }

        return element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int value) && value >= least && value <= most
            ? value
            : throw Fault($"{Quote(field, within)} is {Show(element)}; it must be a whole number from {least} to {most}");
    }

    /// <summary>A number.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="least">The least value that makes sense.</param>
    /// <param name="most">The greatest.</param>
    /// <param name="fallback">The value if the field is absent; null makes it an error.</param>
    /// <param name="within">The object that has the field, or null for the top level.</param>
    public double Number(string field, double least, double most, double? fallback = null, string? within = null)
    {
        if (Find(field, within) is not { } element)
        {
            return fallback ?? throw Missing(field, within);
        }

        return
            element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && value >= least && value <= most
            ? value
            : throw Fault(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Quote(field, within)} is {Show(element)}; it must be a number from {least} to {most}"
                )
            );
    }

    /// <summary>True or false.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="fallback">The value if the field is absent.</param>
    public bool Flag(string field, bool fallback) =>
        Find(field) switch
        {
            null => fallback,
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            { } other => throw Fault($"'{field}' is {Show(other)}; it must be true or false"),
        };

    /// <summary>A string.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="fallback">The value if the field is absent; null makes it an error.</param>
    /// <param name="within">The object that has the field, or null for the top level.</param>
    public string Text(string field, string? fallback = null, string? within = null) =>
        Find(field, within) switch
        {
            null => fallback ?? throw Missing(field, within),
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            { } other => throw Fault($"{Quote(field, within)} is {Show(other)}; it must be a string"),
        };

    /// <summary>Token ids written as one number, a list of numbers, or not at all.</summary>
    /// <param name="field">The field's name, for example <c>eos_token_id</c>.</param>
    public IReadOnlyList<int> TokenIds(string field)
    {
        if (Find(field) is not { } element)
        {
            return [];
        }

        JsonElement[] items = element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray()] : [element];
        int[] ids = new int[items.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            if (
                items[i].ValueKind != JsonValueKind.Number
                || !items[i].TryGetInt32(out ids[i])
                || ids[i] is < -1 or >= MostTokens
            )
            {
                throw Fault($"'{field}' is {Show(element)}; it must be a token id or a list of them");
            }
        }

        // -1 is how some files say "none".
        return [.. ids.Where(id => id >= 0)];
    }

    /// <summary>An error about this configuration.</summary>
    /// <param name="fault">What is wrong.</param>
    /// <param name="remedy">What to do.</param>
    public CheckpointException Fault(string fault, string remedy = "Use the config.json that came with the weights.") =>
        new($"{Origin}: {fault}. {remedy}");

    // Half a surrogate pair passes the parser and fails when the text is read: read every text once, here.
    private static void CheckText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    CheckText(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    CheckText(property.Value);
                }

                break;
        }
    }

    // Tokenwright's own: GGUF files have the factors themselves, not the numbers they come from.
    private IReadOnlyList<double> ReadFactors(string group)
    {
        if (Find("factors", group) is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() != HeadSize / 2)
        {
            throw Fault($"'{group}.factors' must be a list of {HeadSize / 2} numbers");
        }

        return
        [
            .. list.EnumerateArray()
                .Select(item =>
                    item.ValueKind == JsonValueKind.Number && item.GetDouble() is > 0 and var factor
                        ? factor
                        : throw Fault($"'{group}.factors' holds {Show(item)}; it must hold positive numbers")
                ),
        ];
    }

    private RotaryScaling ReadLlama3(double theta, string group)
    {
        RotaryScaling scaling = new("llama3", theta)
        {
            Factor = Number("factor", 1, 1e6, within: group),
            LowFrequencyFactor = Number("low_freq_factor", 1e-6, 1e6, within: group),
            HighFrequencyFactor = Number("high_freq_factor", 1e-6, 1e6, within: group),
            OriginalContext = WholeNumber("original_max_position_embeddings", 1, MostTokens, within: group),
        };
        return scaling.HighFrequencyFactor > scaling.LowFrequencyFactor
            ? scaling
            : throw Fault($"'{group}.high_freq_factor' must be greater than 'low_freq_factor'");
    }

    private JsonElement? Find(string field, string? within = null)
    {
        JsonElement place = _root;
        if (within is not null)
        {
            if (Find(within) is not { } inner)
            {
                return null;
            }

            place =
                inner.ValueKind == JsonValueKind.Object
                    ? inner
                    : throw Fault($"'{within}' is {Show(inner)}; it must be an object");
        }

        return place.TryGetProperty(field, out JsonElement element) && element.ValueKind != JsonValueKind.Null ? element : null;
    }

    private CheckpointException Missing(string field, string? within) => Fault($"{Quote(field, within)} is missing");

    private static string Quote(string field, string? within) => within is null ? $"'{field}'" : $"'{within}.{field}'";

    private static string Show(JsonElement element)
    {
        string text = element.GetRawText();
        return text.Length <= 40 ? text : text[..40] + "…";
    }
}

/// <summary>How rotary positions turn into angles.</summary>
/// <param name="Kind"><c>default</c>, <c>linear</c>, <c>llama3</c> or <c>factors</c>.</param>
/// <param name="Theta">The base of the frequencies.</param>
public sealed record RotaryScaling(string Kind, double Theta)
{
    /// <summary>By how much frequencies are slowed down.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>llama3: waves longer than the original context over this are slowed down in full.</summary>
    public double LowFrequencyFactor { get; init; }

    /// <summary>llama3: waves shorter than the original context over this are left alone.</summary>
    public double HighFrequencyFactor { get; init; }

    /// <summary>factors: by how much each frequency is slowed down.</summary>
    public IReadOnlyList<double> Factors { get; init; } = [];

    /// <summary>llama3: the context before scaling.</summary>
    public int OriginalContext { get; init; }
}
