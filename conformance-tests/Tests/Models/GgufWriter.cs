using System.Text;

namespace Tokenwright.Tests.Models;

/// <summary>Writes GGUF files of version 3 for tests.</summary>
internal sealed class GgufWriter
{
    private readonly List<(string Key, object Value)> _values = [];
    private readonly List<(string Name, long[] Shape, uint Type, byte[] Data)> _tensors = [];

    public GgufWriter Set(string key, object value)
    {
        _values.RemoveAll(pair => pair.Key == key);
        _values.Add((key, value));
        return this;
    }

    public GgufWriter Without(string key)
    {
        _values.RemoveAll(pair => pair.Key == key);
        return this;
    }

    /// <summary>Adds a tensor; the shape is row-major.</summary>
    public GgufWriter Add(string name, uint type, byte[] data, params long[] shape)
    {
        _tensors.Add((name, shape, type, data));
        return this;
    }

    public GgufWriter AddRandom(string name, Random random, params long[] shape)
    {
        float[] values = [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f)];
        byte[] data = new byte[values.Length * 4];
        Buffer.BlockCopy(values, 0, data, 0, data.Length);
        return Add(name, 0, data, shape);
    }

    /// <summary>Blocks of Q4_1 whose steps and minima differ from block to block.</summary>
    public GgufWriter AddQ4One(string name, Random random, params long[] shape)
    {
        byte[] data = new byte[shape[0] * shape[1] / 32 * 20];
        random.NextBytes(data);
        for (int block = 0; block < data.Length; block += 20)
        {
            float step = 0.02f + 0.06f * random.NextSingle();
            BitConverter.TryWriteBytes(data.AsSpan(block), (Half)step);
            BitConverter.TryWriteBytes(data.AsSpan(block + 2), (Half)(-step * (3 + 12 * random.NextSingle())));
        }

        return Add(name, 3, data, shape);
    }

    /// <summary>A small Llama: 2 layers, 8 tokens of a byte-level vocabulary, 4 heads of 16 over 2, and a chat template.</summary>
    /// <param name="isQ4One">Whether the layers' matrices are of type Q4_1, not float32; then the MLP is 64 wide, not 48.</param>
    public static GgufWriter Llama(bool isQ4One = false)
    {
        Random random = new(5);
        int middle = isQ4One ? 64 : 48;
        GgufWriter writer = new GgufWriter()
            .Set("general.architecture", "llama")
            .Set("llama.block_count", 2u)
            .Set("llama.context_length", 64u)
            .Set("llama.embedding_length", 64u)
            .Set("llama.feed_forward_length", (uint)middle)
            .Set("llama.attention.head_count", 4u)
            .Set("llama.attention.head_count_kv", 2u)
            .Set("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Set("tokenizer.ggml.model", "gpt2")
            .Set("tokenizer.ggml.pre", "smollm")
            .Set("tokenizer.ggml.tokens", new[] { "<e>", "a", "b", "c", "ab", "1", "Ġ", "Ġab" })
            .Set("tokenizer.ggml.token_type", new[] { 3, 1, 1, 1, 1, 1, 1, 1 })
            .Set("tokenizer.ggml.merges", new[] { "a b", "Ġ ab" })
            .Set("tokenizer.ggml.eos_token_id", 0u)
            .Set("tokenizer.chat_template", "{{ messages[0].content }}{{ eos_token }}")
            .AddRandom("token_embd.weight", random, 8, 64)
            .AddRandom("output_norm.weight", random, 64);
        for (int layer = 0; layer < 2; layer++)
        {
            string prefix = $"blk.{layer}.";
            writer.AddRandom(prefix + "attn_norm.weight", random, 64);
            AddMatrix(prefix + "attn_q.weight", 64, 64);
            AddMatrix(prefix + "attn_k.weight", 32, 64);
            AddMatrix(prefix + "attn_v.weight", 32, 64);
            AddMatrix(prefix + "attn_output.weight", 64, 64);
            writer.AddRandom(prefix + "ffn_norm.weight", random, 64);
            AddMatrix(prefix + "ffn_gate.weight", middle, 64);
            AddMatrix(prefix + "ffn_up.weight", middle, 64);
            AddMatrix(prefix + "ffn_down.weight", 64, middle);
        }

        return writer;

        void AddMatrix(string name, int rows, int columns)
        {
            if (isQ4One)
            {
                writer.AddQ4One(name, random, rows, columns);
            }
            else
            {
                writer.AddRandom(name, random, rows, columns);
            }
        }
    }

    /// <summary>That Llama as a chat model: a message stands between the special tokens &lt;b&gt; and &lt;e&gt;.</summary>
    public static GgufWriter Chat() =>
        Llama()
            .Set("tokenizer.ggml.tokens", new[] { "<e>", "a", "b", "c", "ab", "1", "<b>", "Ġab" })
            .Set("tokenizer.ggml.token_type", new[] { 3, 1, 1, 1, 1, 1, 3, 1 })
            .Set("tokenizer.ggml.merges", new[] { "a b" })
            .Set(
                "tokenizer.chat_template",
                "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('No tools here') }}{% endif %}"
                    + "<b>{{ m.content }}<e>{% endfor %}{% if add_generation_prompt %}<b>{% endif %}"
            );

    public byte[] Write(out int headerLength)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_values.Count);
        foreach ((string key, object value) in _values)
        {
            Text(writer, key);
            Value(writer, value);
        }

        ulong offset = 0;
        foreach ((string name, long[] shape, uint type, byte[] data) in _tensors)
        {
            Text(writer, name);
            writer.Write((uint)shape.Length);
            foreach (long dimension in shape.Reverse())
            {
                writer.Write((ulong)dimension);
            }

            writer.Write(type);
            writer.Write(offset);
            offset += ((ulong)data.Length + 31) / 32 * 32;
        }

        headerLength = (int)stream.Length;
        foreach ((_, _, _, byte[] data) in _tensors)
        {
            writer.Write(new byte[(32 - stream.Length % 32) % 32]);
            writer.Write(data);
        }

        return stream.ToArray();
    }

    public string Save(TemporaryFolder folder, string name = "model.gguf") => Save(folder.File(name));

    public string Save(string path)
    {
        File.WriteAllBytes(path, Write(out _));
        return path;
    }

    private static void Text(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void Value(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number:
                writer.Write(4u);
                writer.Write(number);
                break;
            case float number:
                writer.Write(6u);
                writer.Write(number);
                break;
            case bool flag:
                writer.Write(7u);
                writer.Write(flag);
                break;
            case string text:
                writer.Write(8u);
                Text(writer, text);
                break;
            case string[] texts:
                writer.Write(9u);
                writer.Write(8u);
                writer.Write((ulong)texts.Length);
                Array.ForEach(texts, text => Text(writer, text));
                break;
            case int[] numbers:
                writer.Write(9u);
                writer.Write(5u);
                writer.Write((ulong)numbers.Length);
                Array.ForEach(numbers, writer.Write);
                break;
            case float[] numbers:
                writer.Write(9u);
                writer.Write(6u);
                writer.Write((ulong)numbers.Length);
                Array.ForEach(numbers, writer.Write);
                break;
            default:
                throw new ArgumentException($"No such value: {value}");
        }
    }
}
