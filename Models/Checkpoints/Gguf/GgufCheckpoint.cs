using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tokenwright.Models.Checkpoints.Gguf;

/// <summary>
/// A GGUF file seen as a checkpoint in Hugging Face's layout: its configuration, its special ids, and its tensors under the names
/// and with the rows in the order that an <see cref="Builder.Architecture"/> expects, dequantised to float32.
/// </summary>
public sealed class GgufCheckpoint : ITensorSource
{
    private const string Frequencies = "rope_freqs.weight";
    private const string NotSupported = "Use another file, or the model's Hugging Face folder.";

    private static readonly Dictionary<string, string> LayerNames = new(StringComparer.Ordinal)
    {
        ["attn_norm"] = "input_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.o_proj",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
    };

    private readonly GgufFile _file;
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal); // Hugging Face's name -> the file's

    /// <summary>Reads the metadata of an open file.</summary>
    /// <param name="file">The file, which stays the caller's.</param>
    /// <exception cref="CheckpointException">The architecture, or something that it asks for, is not supported, or metadata are missing.</exception>
    public GgufCheckpoint(GgufFile file)
    {
        _file = file;
        string architecture =
            file.Text("general.architecture") ?? throw file.Fault("'general.architecture' is missing", NotSupported);
        if (architecture != "llama")
        {
            throw file.Fault($"architecture '{architecture}' is not supported in GGUF files; supported is llama", NotSupported);
        }

        if (file.WholeNumber("split.count") is > 1 and var parts)
        {
            throw file.Fault($"it is one of {parts} parts of a split model", "Merge the parts into one file first.");
        }

        foreach (string name in file.Names.Where(name => name != Frequencies))
        {
            if (!_names.TryAdd(HuggingFaceName(name), name))
            {
                throw file.Fault($"two tensors stand for '{HuggingFaceName(name)}'");
            }
        }

        Config = CheckpointConfig.Parse(ReadConfig(), file.Origin);
        Generation = GenerationConfig.From(Config, null);
    }

    /// <inheritdoc />
    public string Origin => _file.Origin;

    /// <summary>The configuration that the metadata amount to.</summary>
    public CheckpointConfig Config { get; }

    /// <summary>The ids of <c>tokenizer.ggml.bos_token_id</c>, <c>eos_token_id</c>, <c>eot_token_id</c> and <c>eom_token_id</c>.</summary>
    public GenerationConfig Generation { get; }

    /// <inheritdoc />
    public IEnumerable<string> Names => _names.Keys;

    /// <inheritdoc />
    public IReadOnlyList<long>? ShapeOf(string name) => _names.TryGetValue(name, out string? own) ? _file.ShapeOf(own) : null;

    /// <inheritdoc />
    public void ReadRows(string name, int first, Span<float> destination) =>
        Reorder(name, first, destination, Width(name), _file.ReadRows);

    /// <inheritdoc />
    public void ReadScales(string name, int first, int blockSize, Span<float> scales) =>
        Reorder(
            name,
            first,
            scales,
            (Width(name) + blockSize - 1) / blockSize,
            (own, row, destination) => _file.ReadScales(own, row, blockSize, destination)
        );

    private int Width(string name) => (int)(ShapeOf(name) ?? [1]).Skip(1).Aggregate(1L, (a, b) => a * b);

    // The converter of llama.cpp puts the two elements that rotary positions turn together next to each other; here they are
    // half a head apart.
    private void Reorder(string name, int first, Span<float> destination, int width, Action<string, int, Span<float>> read)
    {
        string own = _names.GetValueOrDefault(name, name);
        int heads =
            own.Contains(".attn_q.", StringComparison.Ordinal) ? Config.Heads
            : own.Contains(".attn_k.", StringComparison.Ordinal) ? Config.KeyValueHeads
            : 0;
        if (heads == 0)
        {
            read(own, first, destination);
            return;
        }

        int rows = (int)_file.ShapeOf(own)![0];
        int half = rows / heads / 2;
        if (half * 2 * heads != rows)
        {
            throw _file.Fault($"tensor '{own}' has {rows} rows, which {heads} heads do not divide evenly");
        }

        for (int row = first; !destination.IsEmpty; row++, destination = destination[width..])
        {
            int element = row % (2 * half);
            read(own, row - element + element % half * 2 + element / half, destination[..width]);
        }
    }

    private static string HuggingFaceName(string name)
    {
        switch (name)
        {
            case "token_embd.weight":
                return "model.embed_tokens.weight";
            case "output_norm.weight":
                return "model.norm.weight";
            case "output.weight":
                return "lm_head.weight";
        }

        return name.Split('.') is ["blk", var layer, var part, var kind] && LayerNames.TryGetValue(part, out string? own)
            ? $"model.layers.{layer}.{own}.{kind}"
            : name;
    }

    private string ReadConfig()
    {
        if (_file.WholeNumber("llama.expert_count") is > 0 and var experts)
        {
            throw _file.Fault($"it is a mixture of {experts} experts, which is not supported in GGUF files", NotSupported);
        }

        IReadOnlyList<long> embedding =
            _file.ShapeOf("token_embd.weight") ?? throw _file.Fault("tensor 'token_embd.weight' is missing");
        long hidden = Required("llama.embedding_length");
        long heads = Required("llama.attention.head_count");
        if (heads < 1)
        {
            throw _file.Fault($"'llama.attention.head_count' is {heads}");
        }

        long headSize = _file.WholeNumber("llama.attention.key_length") ?? hidden / heads;
        foreach (string key in new[] { "llama.attention.value_length", "llama.rope.dimension_count" })
        {
            if (_file.WholeNumber(key) is { } size && size != headSize)
            {
                throw _file.Fault($"'{key}' is {size} and a head has {headSize} elements; that is not supported", NotSupported);
            }
        }

        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("architectures");
            json.WriteStringValue("LlamaForCausalLM");
            json.WriteEndArray();
            json.WriteNumber("vocab_size", embedding[0]);
            json.WriteNumber("hidden_size", hidden);
            json.WriteNumber("intermediate_size", Required("llama.feed_forward_length"));
            json.WriteNumber("num_hidden_layers", Required("llama.block_count"));
            json.WriteNumber("num_attention_heads", heads);
            json.WriteNumber("num_key_value_heads", _file.WholeNumber("llama.attention.head_count_kv") ?? heads);
            json.WriteNumber("head_dim", headSize);
            json.WriteNumber("max_position_embeddings", Required("llama.context_length"));
            json.WriteNumber("rms_norm_eps", _file.Number("llama.attention.layer_norm_rms_epsilon") ?? 1e-5);
            json.WriteBoolean("tie_word_embeddings", !_names.ContainsKey("lm_head.weight"));
            json.WriteBoolean("attention_bias", _file.ShapeOf("blk.0.attn_q.bias") is not null);
            json.WriteBoolean("mlp_bias", _file.ShapeOf("blk.0.ffn_gate.bias") is not null);
            json.WriteNumber("rope_theta", _file.Number("llama.rope.freq_base") ?? 10_000);
            WriteScaling(json, headSize);
            WriteIds(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private void WriteScaling(Utf8JsonWriter json, long headSize)
    {
        string kind = _file.Text("llama.rope.scaling.type") ?? "none";
        double factor = _file.Number("llama.rope.scaling.factor") ?? _file.Number("llama.rope.scale_linear") ?? 1;
        if (kind is not ("none" or "linear"))
        {
            throw _file.Fault($"rotary scaling '{kind}' is not supported; supported are none, linear", NotSupported);
        }

        if (_file.ShapeOf(Frequencies) is { } shape)
        {
            // Llama 3.1 and later: the file has by how much each frequency is slowed down.
            if (shape is not [var count] || count != headSize / 2)
            {
                throw _file.Fault($"tensor '{Frequencies}' does not have one factor for each of {headSize / 2} frequencies");
            }

            float[] factors = new float[count];
            _file.Read(Frequencies, factors);
            json.WriteStartObject("rope_scaling");
            json.WriteString("rope_type", "factors");
            json.WriteStartArray("factors");
            foreach (float one in factors)
            {
                json.WriteNumberValue(
                    one > 0 && float.IsFinite(one)
                        ? one
                        : throw _file.Fault(
                            $"tensor '{Frequencies}' has a factor of {one.ToString(CultureInfo.InvariantCulture)}"
                        )
                );
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
        else if (factor != 1 && kind != "none" || _file.Find("llama.rope.scale_linear") is not null && factor != 1)
        {
            json.WriteStartObject("rope_scaling");
            json.WriteString("rope_type", "linear");
            json.WriteNumber("factor", factor);
            json.WriteEndObject();
        }
    }

    private void WriteIds(Utf8JsonWriter json)
    {
        if (_file.WholeNumber("tokenizer.ggml.bos_token_id") is { } begin)
        {
            json.WriteNumber("bos_token_id", begin);
        }

        json.WriteStartArray("eos_token_id");
        HashSet<long> written = [];
        foreach (string role in new[] { "eos", "eot", "eom" })
        {
            if (_file.WholeNumber($"tokenizer.ggml.{role}_token_id") is { } id && written.Add(id))
            {
                json.WriteNumberValue(id);
            }
        }

        json.WriteEndArray();
    }

    private long Required(string key) =>
        _file.WholeNumber(key) ?? throw _file.Fault($"'{key}' is missing from the metadata", NotSupported);
}
