using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Tests.Models;

/// <summary>Writes small random checkpoints: 2 layers, 40 tokens, 4 heads over 2.</summary>
internal static class RandomLlama
{
    // The extra members of config.json are added to the usual ones or replace them; the weights follow the usual ones.
    public static void Write(string folder, int headSize, string extra = "\"use_cache\": true")
    {
        JsonObject config = JsonNode
            .Parse(
                """
                {
                  "architectures": ["LlamaForCausalLM"], "vocab_size": 40, "hidden_size": 32, "intermediate_size": 48,
                  "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
                  "rms_norm_eps": 1e-5, "bos_token_id": 1, "eos_token_id": [2, 3]
                }
                """
            )!
            .AsObject();
        config["head_dim"] = headSize;
        foreach ((string name, JsonNode? value) in JsonNode.Parse($"{{{extra}}}")!.AsObject())
        {
            config[name] = value?.DeepClone();
        }

        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        List<(string, long[])> tensors =
        [
            ("model.embed_tokens.weight", [40, 32]),
            ("model.norm.weight", [32]),
            ("lm_head.weight", [40, 32]),
        ];
        for (int layer = 0; layer < 2; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            tensors.Add((prefix + "input_layernorm.weight", [32]));
            tensors.Add((prefix + "post_attention_layernorm.weight", [32]));
            Linear(prefix + "self_attn.q_proj", 4 * headSize, 32, "attention_bias");
            Linear(prefix + "self_attn.k_proj", 2 * headSize, 32, "attention_bias");
            Linear(prefix + "self_attn.v_proj", 2 * headSize, 32, "attention_bias");
            Linear(prefix + "self_attn.o_proj", 32, 4 * headSize, "attention_bias");
            Linear(prefix + "mlp.gate_proj", 48, 32, "mlp_bias");
            Linear(prefix + "mlp.up_proj", 48, 32, "mlp_bias");
            Linear(prefix + "mlp.down_proj", 32, 48, "mlp_bias");
        }

        Random random = new(7);
        WriteSafetensors(
            Path.Combine(folder, "model.safetensors"),
            tensors,
            length => [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() - 0.5f) * 0.6f)]
        );

        void Linear(string name, int rows, int columns, string biasFlag)
        {
            tensors.Add((name + ".weight", [rows, columns]));
            if (config[biasFlag]?.GetValue<bool>() ?? false)
            {
                tensors.Add((name + ".bias", [rows]));
            }
        }
    }

    public static void WriteSafetensors(string path, IEnumerable<(string Name, long[] Shape)> tensors, Func<int, float[]> values)
    {
        JsonObject header = [];
        MemoryStream data = new();
        foreach ((string name, long[] shape) in tensors)
        {
            long begin = data.Length;
            data.Write(MemoryMarshal.AsBytes(values((int)shape.Aggregate(1L, (a, b) => a * b)).AsSpan()));
            header[name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray([.. shape.Select(dimension => (JsonNode)dimension)]),
                ["data_offsets"] = new JsonArray(begin, data.Length),
            };
        }

        File.WriteAllBytes(path, Safetensors(header.ToJsonString(), data.ToArray()));
    }

    public static byte[] Safetensors(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)json.Length), .. json, .. data];
    }
}

/// <summary>The network written out from its definition, in double precision, with no cache.</summary>
internal static class PlainLlama
{
    public static float[][] Logits(CheckpointConfig config, ITensorSource tensors, int[] ids)
    {
        int width = config.HiddenSize;
        int heads = config.Heads;
        int size = config.HeadSize;
        int group = heads / config.KeyValueHeads;
        RotaryScaling rotary = config.Rotary;
        double[][] stream = [.. ids.Select(id => Load("model.embed_tokens.weight")[(id * width)..((id + 1) * width)])];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            double[][] normed = [.. stream.Select(row => Norm(row, prefix + "input_layernorm"))];
            double[][] queries = [.. normed.Select((row, at) => Turn(Linear(row, prefix + "self_attn.q_proj"), at))];
            double[][] keys = [.. normed.Select((row, at) => Turn(Linear(row, prefix + "self_attn.k_proj"), at))];
            double[][] values = [.. normed.Select(row => Linear(row, prefix + "self_attn.v_proj"))];
            for (int at = 0; at < ids.Length; at++)
            {
                double[] mixed = new double[heads * size];
                for (int head = 0; head < heads; head++)
                {
                    int shared = head / group * size;
                    double[] scores = new double[at + 1];
                    for (int other = 0; other <= at; other++)
                    {
                        for (int i = 0; i < size; i++)
                        {
                            scores[other] += queries[at][head * size + i] * keys[other][shared + i] / Math.Sqrt(size);
                        }
                    }

                    double most = scores.Max();
                    double sum = scores.Sum(score => Math.Exp(score - most));
                    for (int other = 0; other <= at; other++)
                    {
                        for (int i = 0; i < size; i++)
                        {
                            mixed[head * size + i] += Math.Exp(scores[other] - most) / sum * values[other][shared + i];
                        }
                    }
                }

                stream[at] = Sum(stream[at], Linear(mixed, prefix + "self_attn.o_proj"));
                double[] inner = Norm(stream[at], prefix + "post_attention_layernorm");
                double[] gate = Linear(inner, prefix + "mlp.gate_proj");
                double[] up = Linear(inner, prefix + "mlp.up_proj");
                double[] gated = [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)];
                stream[at] = Sum(stream[at], Linear(gated, prefix + "mlp.down_proj"));
            }
        }

        string lmHead = config.TiesEmbeddings ?? false ? "model.embed_tokens" : "lm_head";
        return [.. stream.Select(row => Linear(Norm(row, "model.norm"), lmHead).Select(logit => (float)logit).ToArray())];

        double[] Load(string name)
        {
            float[] values = new float[tensors.ShapeOf(name)!.Aggregate(1L, (a, b) => a * b)];
            tensors.Read(name, values);
            return [.. values.Select(value => (double)value)];
        }

        double[] Norm(double[] row, string name)
        {
            double scale = 1 / Math.Sqrt(row.Sum(x => x * x) / row.Length + config.NormEpsilon);
            return [.. row.Zip(Load(name + ".weight"), (x, weight) => x * scale * weight)];
        }

        double[] Linear(double[] row, string name)
        {
            double[] weight = Load(name + ".weight");
            double[] result = tensors.ShapeOf(name + ".bias") is null
                ? new double[weight.Length / row.Length]
                : Load(name + ".bias");
            for (int i = 0; i < weight.Length; i++)
            {
                result[i / row.Length] += weight[i] * row[i % row.Length];
            }

            return result;
        }

        double[] Turn(double[] row, int at)
        {
            double[] turned = new double[row.Length];
            for (int i = 0; i < row.Length; i++)
            {
                int element = i % size;
                int pair = element % (size / 2);
                double angle = at / rotary.Factor * Math.Pow(rotary.Theta, -2.0 * pair / size);
                int partner = element < size / 2 ? i + size / 2 : i - size / 2;
                double sign = element < size / 2 ? -1 : 1;
                turned[i] = row[i] * Math.Cos(angle) + sign * row[partner] * Math.Sin(angle);
            }

            return turned;
        }

        static double[] Sum(double[] left, double[] right) => [.. left.Zip(right, (a, b) => a + b)];
    }
}
