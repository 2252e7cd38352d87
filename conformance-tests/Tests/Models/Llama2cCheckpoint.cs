using System.Runtime.InteropServices;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Tests.Models;

/// <summary>
/// A model in the format of llama2.c, version 0: seven integers, then float32 tensors in a fixed order, each kind of all layers
/// together. Rotary positions turn neighbouring elements.
/// </summary>
internal sealed class Llama2cCheckpoint : ITensorSource
{
    private readonly Dictionary<string, (long[] Shape, int Offset)> _tensors = [];
    private readonly float[] _values;

    public Llama2cCheckpoint(string path)
    {
        Origin = path;
        byte[] bytes = File.ReadAllBytes(path);
        ReadOnlySpan<int> header = MemoryMarshal.Cast<byte, int>(bytes)[..7];
        (int width, int inner, int layers, int heads) = (header[0], header[1], header[2], header[3]);
        (int keyValueHeads, int vocabulary, int context) = (header[4], header[5], header[6]);
        _values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(28)).ToArray();
        int keyValueWidth = width / heads * keyValueHeads;

        int offset = 0;
        Add("model.embed_tokens.weight", vocabulary, width);
        AddLayers("input_layernorm", width);
        AddLayers("self_attn.q_proj", width, width);
        AddLayers("self_attn.k_proj", keyValueWidth, width);
        AddLayers("self_attn.v_proj", keyValueWidth, width);
        AddLayers("self_attn.o_proj", width, width);
        AddLayers("post_attention_layernorm", width);
        AddLayers("mlp.gate_proj", inner, width);
        AddLayers("mlp.down_proj", width, inner);
        AddLayers("mlp.up_proj", inner, width);
        Add("model.norm.weight", width);

        Config = CheckpointConfig.Parse(
            $$"""
            {
              "architectures": ["LlamaForCausalLM"], "rotary_interleaved": true, "tie_word_embeddings": true, "rms_norm_eps": 1e-5,
              "vocab_size": {{vocabulary}}, "hidden_size": {{width}}, "intermediate_size": {{inner}}, "num_hidden_layers": {{layers}},
              "num_attention_heads": {{heads}}, "num_key_value_heads": {{keyValueHeads}}, "max_position_embeddings": {{context}},
              "bos_token_id": 1, "eos_token_id": 2
            }
            """,
            path
        );

        void AddLayers(string name, params long[] shape)
        {
            for (int layer = 0; layer < layers; layer++)
            {
                Add($"model.layers.{layer}.{name}.weight", shape);
            }
        }

        void Add(string name, params long[] shape)
        {
            _tensors.Add(name, (shape, offset));
            offset += (int)shape.Aggregate((a, b) => a * b);
        }
    }

    public CheckpointConfig Config { get; }

    public GenerationConfig Generation => GenerationConfig.From(Config, null);

    public string Origin { get; }

    public IEnumerable<string> Names => _tensors.Keys;

    public IReadOnlyList<long>? ShapeOf(string name) => _tensors.TryGetValue(name, out var tensor) ? tensor.Shape : null;

    public void ReadRows(string name, int first, Span<float> destination)
    {
        (long[] shape, int offset) = _tensors[name];
        int width = (int)shape.Skip(1).Aggregate(1L, (a, b) => a * b);
        _values.AsSpan(offset + first * width, destination.Length).CopyTo(destination);
    }
}
