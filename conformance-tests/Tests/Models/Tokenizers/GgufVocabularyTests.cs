using System.Text;
using System.Text.Json.Nodes;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Checkpoints.Gguf;
using Tokenwright.Models.Tokenizers;
using Tokenwright.Tests.Models;

namespace Tokenwright.Tests;

/// <summary>Vocabularies of GGUF files, made from tokenizers of other formats, encode as these do.</summary>
public sealed class GgufVocabularyTests(ITestOutputHelper output)
{
    private static readonly string[] Texts =
    [
        .. TokenizerFiles.Golden("tokenizers")["texts"].To<string[]>(),
        "for (var i = 0; i < 1234567; i++)\r\n{\r\n\tsum += a[i];\r\n}\r\n",
        "I'm, you'RE; we'll — DON'T! http://x.org/?a=b",
        "naïve café CamelCase 漢字 ひらがな 한국어 नमस्ते \u00e9 e\u0301",
        "  two   spaces\n\n\n  end \t ",
        "😀👍🏽 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ²³ ½",
    ];

    [Fact]
    public void Merges_of_a_tokenizer_file_encode_the_same()
    {
        Tokenizer original = TokenizerFiles.Real("gpt2.tokenizer.json");
        JsonNode model = JsonNode.Parse(
            System.IO.File.ReadAllText(Repository.Shared("data", "tokenizers", "gpt2.tokenizer.json"))
        )!["model"]!;
        string[] tokens = new string[50257];
        foreach ((string token, JsonNode? id) in model["vocab"]!.AsObject())
        {
            tokens[id!.GetValue<int>()] = token;
        }

        string[] merges = [.. model["merges"]!.AsArray().Select(merge => merge!.ToString())];
        Tokenizer gguf = Load(File(tokens, merges, "gpt-2"));
        foreach (string text in Texts)
        {
            int[] ids = [.. original.Encode(text, allowSpecial: false)];
            // The tokenizer file has runs of spaces as tokens of their own.
            if (ids.All(id => id < 50256))
            {
                gguf.Encode(text).Should().Equal(ids, text);
            }
        }
    }

    [Theory]
    [InlineData("gpt2.tiktoken", "gpt-2")]
    [InlineData("cl100k_base.tiktoken", "llama-bpe")]
    [InlineData("cl100k_base.tiktoken", "smaug-bpe")]
    [InlineData("o200k_base.tiktoken", "gpt-4o")]
    public void Ranks_written_as_merges_encode_the_same(string name, string pre)
    {
        Tokenizer original = TokenizerFiles.Real(name);
        (string[] tokens, string[] merges) = Merges(Repository.Shared("data", "tokenizers", name));
        Tokenizer gguf = Load(File(tokens, merges, pre).Set("tokenizer.ggml.add_bos_token", false));
        foreach (string text in Texts)
        {
            gguf.Encode(text).Should().Equal(original.Encode(text, allowSpecial: false), text);
        }

        output.WriteLine($"{tokens.Length} tokens, {merges.Length} merges.");
    }

    /// <summary>Every byte is a token and nothing merges, so what is cut shows by the whole pieces that are tokens.</summary>
    [Theory]
    [InlineData("qwen2", "a12 b's", "a|1|2| b|'s")]
    [InlineData("smollm", "a12 b's", "a|1|2| b|'s")]
    [InlineData("starcoder", "a12", "a|1|2")]
    [InlineData("llama3", "a1234 B", "a|123|4| B")]
    [InlineData("gpt-4o", "fooBar's/\n", "foo|Bar's|/\n")]
    [InlineData("tekken", "fooBar's12", "foo|Bar|'s|1|2")]
    [InlineData("deepseek-v3", "12345漢字ab (x)", "123|45|漢字|ab| (|x|)")]
    [InlineData("deepseek-v3", ".foo bar", ".foo| bar")]
    [InlineData("default", "a1234, b", "a|123|4|,| b")]
    [InlineData("gpt-2", "a1234, b", "a|1234|,| b")]
    public void A_name_cuts_as_its_models_were_trained(string pre, string text, string pieces)
    {
        // All bytes, then the pieces that must come out whole, built by merges of their bytes from the left.
        List<string> tokens = [.. Enumerable.Range(0, 256).Select(value => ByteLevelText([(byte)value]))];
        List<string> merges = [];
        int[] expected = [.. pieces.Split('|').Select(Whole)];
        // What must not come out: the whole text as one token.
        Whole(text);
        Tokenizer tokenizer = Load(File([.. tokens], [.. merges], pre).Set("tokenizer.ggml.add_bos_token", false));
        tokenizer.Encode(text).Should().Equal(expected);

        int Whole(string piece)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(piece);
            string made = ByteLevelText(bytes[..1]);
            foreach (byte next in bytes[1..])
            {
                string one = ByteLevelText([next]);
                if (!tokens.Contains(made + one))
                {
                    tokens.Add(made + one);
                    merges.Add($"{made} {one}");
                }

                made += one;
            }

            return tokens.IndexOf(made);
        }
    }

    [Theory]
    [InlineData("deepseek-llm")]
    [InlineData("klingon")]
    public void An_unknown_name_is_refused_with_those_that_are_known(string pre)
    {
        Action load = () => Load(GgufWriter.Llama().Set("tokenizer.ggml.pre", pre));
        load.Should()
            .Throw<TokenizerException>()
            .WithMessage($"*'{pre}' (supported are default, gpt-2, llama-bpe, *tekken*) is not supported*");
    }

    [Fact]
    public void A_vocabulary_of_scores_falls_back_to_bytes_and_keeps_its_flags()
    {
        string[] tokens = ["<unk>", "<s>", "</s>", "<0xC3>", "<0xA9>", "▁", "a", "▁a", "b", "<u>"];
        GgufWriter writer = new GgufWriter()
            .Set("tokenizer.ggml.model", "llama")
            .Set("tokenizer.ggml.tokens", tokens)
            .Set("tokenizer.ggml.scores", new[] { 0f, 0, 0, 0, 0, -3, -2, -1, -4, 0 })
            .Set("tokenizer.ggml.token_type", new[] { 2, 3, 3, 6, 6, 1, 1, 1, 1, 4 })
            .Set("tokenizer.ggml.bos_token_id", 1u)
            .Set("tokenizer.ggml.eos_token_id", 2u);
        Tokenizer plain = Load(writer);
        plain.Kind.Should().Be("SentencePiece BPE");
        plain.Encode("a").Should().Equal(1, 7);
        plain.Encode("é a").Should().Equal(1, 5, 3, 4, 7);
        plain.Encode("日").Should().Equal(1, 5, 0);
        plain.Decode([1, 7, 3, 4, 7]).Should().Be("aé a");
        plain.Encode("a</s>b").Should().Equal(1, 7, 2, 5, 8);
        plain.Encode("a<u>b").Should().Equal(1, 7, 9, 8);

        Tokenizer bare = Load(
            writer
                .Set("tokenizer.ggml.add_space_prefix", false)
                .Set("tokenizer.ggml.add_bos_token", false)
                .Set("tokenizer.ggml.add_eos_token", true)
        );
        bare.Encode("a a").Should().Equal(6, 7, 2);
        bare.Decode([5, 6]).Should().Be(" a");
    }

    [Fact]
    public void Frequency_factors_of_Llama_3_are_honoured()
    {
        RotaryScaling llama3 = CheckpointConfig
            .Parse(
                """{"rope_theta": 500000, "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 16}}""",
                "config.json"
            )
            .Rotary;
        double[] scaled = RotaryTables.Frequencies(llama3, 16);
        double[] plain = RotaryTables.Frequencies(llama3 with { Kind = "default" }, 16);
        byte[] factors = [.. plain.Zip(scaled, (a, b) => (float)(a / b)).SelectMany(BitConverter.GetBytes)];
        using TemporaryFolder folder = new();
        using GgufFile file = new(
            GgufWriter.Llama().Set("llama.rope.freq_base", 500000f).Add("rope_freqs.weight", 0, factors, 8).Save(folder)
        );
        double[] read = RotaryTables.Frequencies(new GgufCheckpoint(file).Config.Rotary, 16);
        read.Zip(scaled, (a, b) => Math.Abs(a / b - 1)).Max().Should().BeLessThan(1e-6);
        scaled.Should().NotEqual(plain);

        using TemporaryFolder other = new();
        string longRope = GgufWriter.Llama().Add("rope_factors_long.weight", 0, factors, 8).Save(other);
        Action open = () => new GraphCache(other.File("cache")).Get(longRope, new GraphOptions());
        open.Should().Throw<CheckpointException>().WithMessage("*rope_factors_long.weight*");
    }

    private static Tokenizer Load(GgufWriter writer)
    {
        using TemporaryFolder folder = new();
        return Tokenizer.Load(writer.Save(folder));
    }

    private static GgufWriter File(string[] tokens, string[] merges, string pre) =>
        new GgufWriter()
            .Set("tokenizer.ggml.model", "gpt2")
            .Set("tokenizer.ggml.pre", pre)
            .Set("tokenizer.ggml.tokens", tokens)
            .Set("tokenizer.ggml.token_type", tokens.Select(_ => 1).ToArray())
            .Set("tokenizer.ggml.merges", merges);

    // A token of a rank is made of the two that merging by all lower ranks leaves of it.
    private static (string[] Tokens, string[] Merges) Merges(string file)
    {
        byte[][] tokens =
        [
            .. System
                .IO.File.ReadLines(file)
                .Where(line => line.Length > 0)
                .Select(line => Convert.FromBase64String(line.Split(' ')[0])),
        ];
        string[] texts = [.. tokens.Select(token => Encoding.Latin1.GetString(token))];
        Dictionary<string, int> ranks = [];
        for (int rank = 0; rank < texts.Length; rank++)
        {
            ranks[texts[rank]] = rank;
        }

        List<string> merges = [];
        for (int rank = 0; rank < texts.Length; rank++)
        {
            List<string> parts = [.. texts[rank].Select(c => c.ToString())];
            while (parts.Count > 2)
            {
                int best = -1;
                int lowest = rank;
                for (int i = 0; i + 1 < parts.Count; i++)
                {
                    if (ranks.TryGetValue(parts[i] + parts[i + 1], out int known) && known < lowest)
                    {
                        (best, lowest) = (i, known);
                    }
                }

                if (best < 0)
                {
                    break;
                }

                parts[best] += parts[best + 1];
                parts.RemoveAt(best + 1);
            }

            if (parts.Count == 2)
            {
                merges.Add(
                    $"{ByteLevelText(Encoding.Latin1.GetBytes(parts[0]))} {ByteLevelText(Encoding.Latin1.GetBytes(parts[1]))}"
                );
            }
        }

        return ([.. tokens.Select(ByteLevelText)], [.. merges]);
    }

    // GPT-2's alphabet of bytes: printable ones stand for themselves, the others for the characters from U+0100 on.
    private static string ByteLevelText(byte[] bytes)
    {
        StringBuilder text = new();
        foreach (byte value in bytes)
        {
            text.Append(
                IsPrintable(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(b => !IsPrintable((byte)b)))
            );
        }

        return text.ToString();

        static bool IsPrintable(byte value) => value is >= 33 and <= 126 or >= 161 and <= 172 or >= 174;
    }
}
