using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Tests.Models;

public class SafetensorsTests
{
    private const string A = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    [Theory]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
        "*overlaps*"
    )]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "*hole of 4 bytes before tensor 'a'*")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "*end at byte 4 of a data section of 8*")]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
        "*'a' lies at bytes 0 to 12 of a data section of 8*"
    )]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
        "*'a' of F32 [3] needs 12 bytes but is given 8*"
    )]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,9223372036854775807,4],\"data_offsets\":[0,8]}}",
        "*needs * bytes but is given 8*"
    )]
    [InlineData("{\"a\":{\"dtype\":\"F99\",\"shape\":[2],\"data_offsets\":[0,8]}}", "*'a' has the unknown type 'F99'*")]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
        "*'a' needs a dtype, a shape and two data_offsets*"
    )]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "*'a' lies at bytes 8 to 0*")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", "*'a' needs*")]
    [InlineData("{\"a\":7}", "*'a' needs*")]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "*'a' is listed twice*"
    )]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", "*not valid JSON*")]
    [InlineData("[]", "*not one JSON object*")]
    [InlineData("{}{}", "*not one JSON object*")]
    [InlineData("{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "*not valid JSON*")]
    public void A_bad_header_is_refused_with_its_fault(string header, string message)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("model.safetensors");
        File.WriteAllBytes(path, RandomLlama.Safetensors(header, new byte[8]));
        Open(path).Should().Throw<CheckpointException>().WithMessage(message).And.Message.Should().Contain(path);
    }

    [Fact]
    public void A_truncated_file_is_refused_wherever_it_ends()
    {
        using TemporaryFolder folder = new();
        byte[] whole = RandomLlama.Safetensors(A, new byte[8]);
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.File($"{length}.safetensors");
            File.WriteAllBytes(path, whole[..length]);
            string fault =
                length < 8 ? "*too few*"
                : length < whole.Length - 8 ? "*header claims*"
                : "*lies at bytes 0 to 8*";
            Open(path).Should().Throw<CheckpointException>().WithMessage(fault + "download it again*");
        }
    }

    [Fact]
    public void An_absurd_header_length_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("model.safetensors");
        foreach (ulong length in new[] { 1ul << 40, ulong.MaxValue, 1ul << 63, 1_000ul })
        {
            File.WriteAllBytes(path, [.. BitConverter.GetBytes(length), 1, 2, 3]);
            Open(path).Should().Throw<CheckpointException>().WithMessage("*header claims*");
        }
    }

    [Fact]
    public void Integers_are_listed_but_not_read_as_weights()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("model.safetensors");
        File.WriteAllBytes(path, RandomLlama.Safetensors(A.Replace("F32", "I32", StringComparison.Ordinal), new byte[8]));
        using SafetensorsFile file = new(path);
        file.ShapeOf("a").Should().Equal(2);
        Action read = () => file.Read("a", new float[2]);
        read.Should().Throw<CheckpointException>().WithMessage("*'a' has type I32*F32, F16 and BF16*");
        Action missing = () => file.Read("b", new float[2]);
        missing.Should().Throw<CheckpointException>().WithMessage("*no tensor 'b'*");
    }

    [Fact]
    public void Every_half_precision_number_becomes_the_same_number()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("model.safetensors");
        // An odd length, so that the part after the last full vector is read too.
        ushort[] bits = [.. Enumerable.Range(0, 65535).Select(i => (ushort)i)];
        byte[] data = new byte[bits.Length * 2];
        Buffer.BlockCopy(bits, 0, data, 0, data.Length);
        File.WriteAllBytes(
            path,
            RandomLlama.Safetensors(
                """{"h":{"dtype":"F16","shape":[65535],"data_offsets":[0,131070]},"b":{"dtype":"BF16","shape":[65535],"data_offsets":[131070,262140]},"__metadata__":{"format":"pt"}}   """,
                [.. data, .. data]
            )
        );
        using SafetensorsFile file = new(path);
        file.Names.Should().BeEquivalentTo("h", "b");
        float[] values = new float[bits.Length];
        file.Read("h", values);
        values.Should().Equal(bits.Select(bit => (float)BitConverter.UInt16BitsToHalf(bit)));
        file.Read("b", values);
        values.Select(BitConverter.SingleToUInt32Bits).Should().Equal(bits.Select(bit => (uint)bit << 16));
    }

    [Fact]
    public void Shards_make_the_same_graph_as_one_file()
    {
        using TemporaryFolder single = new();
        using TemporaryFolder sharded = new();
        RandomLlama.Write(single.Path, headSize: 16);
        Shard(single.Path, sharded.Path);
        string first = ModelFiles.Graph(single.Path, new GraphOptions()).Folder;
        string second = ModelFiles.Graph(sharded.Path, new GraphOptions()).Folder;
        second.Should().NotBe(first);
        foreach (string name in new[] { "model.onnx", "model.onnx.data", "model.json" })
        {
            File.ReadAllBytes(Path.Combine(second, name)).Should().Equal(File.ReadAllBytes(Path.Combine(first, name)));
        }
    }

    [Theory]
    [InlineData("{\"weight_map\":{\"a\":\"../model.safetensors\"}}", "*'a' is not placed in a file of this folder*")]
    [InlineData("{\"weight_map\":{\"a\":7}}", "*'a' is not placed in a file of this folder*")]
    [InlineData("{\"weight_map\":{\"a\":\"absent.safetensors\"}}", "*absent.safetensors*cannot be read*")]
    [InlineData("{\"weight_map\":{\"a\":\"one.safetensors\"}}", "*one.safetensors: tensor 'a' is missing*")]
    [InlineData("{\"weight_map\":[]}", "*no 'weight_map'*")]
    [InlineData("{", "*not valid JSON*")]
    public void A_bad_list_of_shards_is_refused(string index, string message)
    {
        using TemporaryFolder single = new();
        using TemporaryFolder sharded = new();
        RandomLlama.Write(single.Path, headSize: 16);
        Shard(single.Path, sharded.Path);
        File.WriteAllText(sharded.File("model.safetensors.index.json"), index);
        Action open = () => Checkpoint.Open(sharded.Path).Dispose();
        open.Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Fact]
    public void A_folder_without_safetensors_says_what_to_do()
    {
        using TemporaryFolder folder = new();
        RandomLlama.Write(folder.Path, headSize: 16);
        File.Move(folder.File("model.safetensors"), folder.File("pytorch_model.bin"));
        Action open = () => Checkpoint.Open(folder.Path).Dispose();
        open.Should().Throw<CheckpointException>().WithMessage("*neither model.safetensors nor*convert*");
        File.Delete(folder.File("config.json"));
        open.Should().Throw<CheckpointException>().WithMessage("*config.json: cannot be read*");
    }

    private static void Shard(string from, string to)
    {
        using Checkpoint checkpoint = Checkpoint.Open(from);
        string[] names = [.. checkpoint.Names];
        string[] files = ["one.safetensors", "two.safetensors"];
        for (int i = 0; i < 2; i++)
        {
            string[] part = [.. names.Where((_, index) => index % 2 == i)];
            Queue<string> order = new(part);
            RandomLlama.WriteSafetensors(
                Path.Combine(to, files[i]),
                part.Select(name => (name, checkpoint.ShapeOf(name)!.ToArray())),
                length =>
                {
                    float[] values = new float[length];
                    checkpoint.Read(order.Dequeue(), values);
                    return values;
                }
            );
        }

        string map = string.Join(",", names.Select((name, index) => $"\"{name}\":\"{files[index % 2]}\""));
        File.WriteAllText(Path.Combine(to, "model.safetensors.index.json"), $"{{\"metadata\":{{}},\"weight_map\":{{{map}}}}}");
        File.Copy(Path.Combine(from, "config.json"), Path.Combine(to, "config.json"));
    }

    private static Action Open(string path) => () => new SafetensorsFile(path).Dispose();
}
