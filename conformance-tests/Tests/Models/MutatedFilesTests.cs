using System.Diagnostics;
using System.Text;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Chat;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Checkpoints.Gguf;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Tests.Models;

/// <summary>
/// A mutated file is refused or is a model, in time and within memory that its size bounds. All 10,000 mutants of each kind run where
/// TOKENWRIGHT_FULL is 1.
/// </summary>
public sealed class MutatedFilesTests(ITestOutputHelper output)
{
    private static readonly byte[] Spice = Encoding.ASCII.GetBytes("{}[]\",:0123456789-eE\\u\0");
    private static readonly ulong[] Lengths = [0, 1, 255, uint.MaxValue, int.MaxValue, ulong.MaxValue, long.MaxValue, 1ul << 40];

    [Fact]
    public void A_GGUF_header()
    {
        byte[] whole = GgufWriter.Chat().Write(out int header);
        Check(
            "model.gguf",
            whole,
            sample: 1_000,
            random => MutateBinary(whole, header, random),
            path =>
            {
                using GgufFile file = new(path);
                GgufCheckpoint checkpoint = new(file);
                _ = checkpoint.Config.Rotary;
                ChatFormat.From(file);
                foreach (string name in file.Names)
                {
                    Read(file, name, whole.Length);
                }

                Tokenizer.Load(path).Encode("ab ab1");
            }
        );
    }

    [Fact]
    public void A_safetensors_header()
    {
        using TemporaryFolder folder = new();
        RandomLlama.Write(folder.Path, headSize: 16);
        byte[] whole = File.ReadAllBytes(folder.File("model.safetensors"));
        int header = 8 + (int)BitConverter.ToInt64(whole);
        Check(
            "model.safetensors",
            whole,
            sample: 1_000,
            random => random.Next(2) == 0 ? MutateText(whole, header, random) : MutateBinary(whole, header, random),
            path =>
            {
                using SafetensorsFile file = new(path);
                foreach (string name in file.Names)
                {
                    Read(file, name, whole.Length);
                }
            }
        );
    }

    [Fact]
    public void A_tokenizer_json()
    {
        byte[] whole = Encoding.UTF8.GetBytes(SmallTokenizer);
        Check(
            "tokenizer.json",
            whole,
            sample: 1_000,
            random => MutateText(whole, whole.Length, random),
            path => Tokenizer.Load(path).Encode("<s>ab 12 é日")
        );
    }

    [Fact]
    public void A_config_json()
    {
        byte[] whole = Encoding.UTF8.GetBytes(SmallConfig);
        Check(
            "config.json",
            whole,
            sample: 1_000,
            random => MutateText(whole, whole.Length, random),
            path =>
            {
                CheckpointConfig config = CheckpointConfig.Load(path);
                _ = GenerationConfig.From(config, null);
                _ = Architecture.Of(config);
                _ = (config.VocabularySize, config.HiddenSize, config.IntermediateSize, config.Layers, config.KeyValueHeads);
                _ = (config.HeadSize, config.ContextLength, config.NormEpsilon, config.TiesEmbeddings, config.RotaryInterleaved);
                RotaryTables.Frequencies(config.Rotary, config.HeadSize);
            }
        );
    }

    private void Check(string name, byte[] whole, int sample, Func<Random, byte[]> mutate, Action<string> open)
    {
        int rounds = Environment.GetEnvironmentVariable("TOKENWRIGHT_FULL") == "1" ? 10_000 : sample;
        using TemporaryFolder folder = new();
        string path = folder.File(name);
        File.WriteAllBytes(path, whole);
        open(path);
        Random random = new(20261124);
        long clock = Stopwatch.GetTimestamp();
        (int opened, long most, TimeSpan longest) = (0, 0, default);
        for (int round = 0; round < rounds; round++)
        {
            byte[] mutated = mutate(random);
            File.WriteAllBytes(path, mutated);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            try
            {
                open(path);
                opened++;
            }
            catch (Exception error) when (error is CheckpointException or TokenizerException)
            {
                error.Message.Should().Contain(path);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"Round {round}: {error.GetType().Name}: {error.Message}", error);
            }

            longest = Max(longest, Stopwatch.GetElapsedTime(start));
            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        output.WriteLine(
            $"{opened} of {rounds} open; at most {most:N0} bytes for a file of {whole.Length:N0}; {Stopwatch.GetElapsedTime(clock).TotalSeconds:F1} s, at most {longest.TotalMilliseconds:F0} ms one."
        );
        most.Should().BeLessThan(64 * whole.Length + (4 << 20));
        longest.Should().BeLessThan(TimeSpan.FromSeconds(20));
        opened.Should().BeInRange(1, rounds - 1);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    // A type of 4 bits has 8 values a byte at most once they are float32.
    private static void Read(ITensorSource file, string name, int length)
    {
        long count = file.ShapeOf(name)!.Aggregate(1L, (a, b) => a * b);
        count.Should().BeLessThanOrEqualTo(2L * length);
        if (count < 4096)
        {
            file.Read(name, new float[count]);
        }
    }

    private static byte[] MutateBinary(byte[] whole, int header, Random random)
    {
        byte[] bytes = [.. whole];
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            int at = random.Next(header);
            if (random.Next(3) == 0 && at + 8 < header)
            {
                BitConverter.TryWriteBytes(bytes.AsSpan(at), Lengths[random.Next(Lengths.Length)]);
            }
            else
            {
                bytes[at] = (byte)random.Next(256);
            }
        }

        return random.Next(16) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    private static byte[] MutateText(byte[] whole, int header, Random random)
    {
        List<byte> bytes = [.. whole];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(Math.Min(header, bytes.Count));
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] = Spice[random.Next(Spice.Length)];
                    break;
                case 2 when char.IsAsciiDigit((char)bytes[at]):
                    bytes.InsertRange(at, "99999999"u8.ToArray().AsSpan(random.Next(8)).ToArray());
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 12)));
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count), 1));
                    break;
            }

            if (bytes.Count == 0)
            {
                break;
            }
        }

        return random.Next(16) == 0 ? [.. bytes[..random.Next(bytes.Count + 1)]] : [.. bytes];
    }

    private const string SmallTokenizer = """
        {"version": "1.0",
         "added_tokens": [{"id": 8, "content": "<s>", "special": true, "lstrip": false, "rstrip": true, "single_word": false, "normalized": false}],
         "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"String": "x"}, "content": "y"}]},
         "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
           {"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}| ?\\p{L}+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false},
           {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]},
         "post_processor": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false},
         "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true},
         "model": {"type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": true,
           "vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3, "\u0120ab": 4, "1": 5, "2": 6, "12": 7}, "merges": ["a b", "\u0120 ab", ["1", "2"]]}}
        """;

    private const string SmallConfig = """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 4096, "hidden_size": 384, "intermediate_size": 1024,
         "num_hidden_layers": 6, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 64, "max_position_embeddings": 1024,
         "rms_norm_eps": 1e-05, "tie_word_embeddings": true, "bos_token_id": 1, "eos_token_id": [2, 3], "rope_theta": 10000.0,
         "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 512}}
        """;
}
