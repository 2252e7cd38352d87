using Tokenwright.Models;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Chat;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Checkpoints.Gguf;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Tests.Models;

public class GgufTests
{
    [Theory]
    [InlineData("F16", 1u)]
    [InlineData("BF16", 30u)]
    [InlineData("Q8_0", 8u)]
    [InlineData("Q4_0", 2u)]
    [InlineData("Q4_1", 3u)]
    [InlineData("Q5_0", 6u)]
    [InlineData("Q5_1", 7u)]
    public void A_block_has_the_values_of_the_reference(string type, uint number) =>
        CheckBlocks(type, number, Repository.Golden("gguf-blocks"));

    [Theory]
    [InlineData("F32", 0u)]
    [InlineData("Q4_K", 12u)]
    [InlineData("Q5_K", 13u)]
    [InlineData("Q6_K", 14u)]
    public void A_large_block_has_the_values_of_the_reference(string type, uint number) =>
        CheckBlocks(type, number, Repository.Shared("data", "gguf-blocks"));

    private static void CheckBlocks(string type, uint number, string golden)
    {
        using TemporaryFolder folder = new();
        float[][] expected = ModelFiles.Matrix(Path.Combine(golden, type + ".npy"));
        int width = expected[0].Length;
        byte[] bytes = File.ReadAllBytes(Path.Combine(golden, type + ".bin"));
        string path = new GgufWriter().Add("t", number, bytes, expected.Length, width).Save(folder);
        using GgufFile file = new(path);
        file.TypeOf("t").Should().Be(type);
        float[] values = new float[expected.Length * width];
        file.Read("t", values);
        values
            .Select(BitConverter.SingleToUInt32Bits)
            .Should()
            .Equal(expected.SelectMany(row => row).Select(BitConverter.SingleToUInt32Bits));
    }

    [Fact]
    public void A_file_is_a_model_with_tokenizer_and_template()
    {
        using TemporaryFolder folder = new();
        string path = GgufWriter.Llama().Save(folder);
        using LanguageModel model = LanguageModel.Open(path, new LanguageModelOptions { CacheFolder = folder.File("cache") });
        model.Model.Info.Name.Should().Be("model");
        model.Model.Graph.Manifest.EndTokenIds.Should().Equal(0);
        model.Tokenizer!.Encode("ab ab1<e>").Should().Equal(4, 7, 5, 0);
        model.Tokenizer.Decode([4, 7, 5]).Should().Be("ab ab1");
        model.Chat!.Prompt([new ChatMessage("user", "ab")]).Should().Be("ab<e>");
    }

    [Fact]
    public void Something_unsupported_is_named_with_what_is_supported()
    {
        Refused(GgufWriter.Llama().Set("general.architecture", "mamba"), "*'mamba'*supported is llama*");
        Refused(GgufWriter.Llama().Set("llama.rope.scaling.type", "yarn"), "*'yarn'*none, linear*");
        Refused(GgufWriter.Llama().Set("llama.expert_count", 8u), "*8 experts*");
        Refused(GgufWriter.Llama().Set("llama.rope.dimension_count", 8u), "*rope.dimension_count*");
        Refused(GgufWriter.Llama().Add("x", 10, new byte[84], 256), "*'x' has type Q2_K; supported are F32, F16*");
        Refused(GgufWriter.Llama().Add("x", 99, new byte[84], 256), "*'x' has type number 99*");
        Refused(GgufWriter.Llama().Add("x", 2, new byte[18], 31), "*'x' has rows of 31 values*");
        Refused(GgufWriter.Llama().Set("llama.embedding_length", 32u), "*has shape*");
        Refused(GgufWriter.Llama().Add("blk.0.extra.weight", 0, new byte[8], 2), "*blk.0.extra.weight*");
        Refused(new GgufWriter(), "*general.architecture*missing*");

        static void Refused(GgufWriter writer, string message)
        {
            using TemporaryFolder folder = new();
            string path = writer.Save(folder);
            Action open = () => new GraphCache(folder.File("cache")).Get(path, new GraphOptions());
            open.Should().Throw<CheckpointException>().WithMessage(message).And.Message.Should().Contain(path);
        }
    }

    [Fact]
    public void A_truncated_file_is_refused_wherever_it_ends()
    {
        using TemporaryFolder folder = new();
        byte[] whole = GgufWriter.Llama().Write(out int header);
        for (int length = 0; length < whole.Length; length += length < header ? 7 : 4099)
        {
            string path = folder.File("cut.gguf");
            File.WriteAllBytes(path, whole[..length]);
            Action open = () => new GgufFile(path).Dispose();
            open.Should().Throw<CheckpointException>(length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void The_scores_of_a_file_encode_as_the_model_they_come_from()
    {
        Tokenizer gguf = Tokenizer.Load(Repository.Shared("data", "tokenizers", "ggml-vocab-llama-spm.gguf"));
        Tokenizer original = Tokenizer.Load(Repository.Shared("data", "tokenizers", "llama2.tokenizer.model"));
        gguf.Size.Should().Be(original.Size);
        foreach (
            string text in new[]
            {
                "Hello world",
                "  two  spaces",
                "naïve 漢字 🎉\n\t",
                "aaaaaaaaaaaaaaaa",
                "1234 + 5.5",
                "</s> <s>x",
                "",
            }
        )
        {
            gguf.Encode(text, addSpecial: false).Should().Equal(original.Encode(text, addSpecial: false), text);
            gguf.Decode([.. gguf.Encode(text)]).Should().Be(original.Decode([.. original.Encode(text, addSpecial: false)]));
        }

        gguf.Encode("a")[0].Should().Be(1);
    }
}
