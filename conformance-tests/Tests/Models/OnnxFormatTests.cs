using Google.Protobuf;
using Tokenwright.Models.Onnx;

namespace Tokenwright.Tests.Models;

public class OnnxFormatTests
{
    [Fact]
    public void Fields_that_the_schema_leaves_out_survive_a_round_trip()
    {
        // A node with an unknown field 1234 (text), an attribute whose explicit zero must not vanish, and an unknown field.
        byte[] attribute = [.. Field(1, "axis"), 0x18, 0x00, 0xA0, 0x01, 0x02, .. Field(300, "attribute")];
        byte[] node = [.. Field(4, "Gather"), .. Bytes(5, attribute), .. Field(1234, "node")];
        // An optional type (field 9 of TypeProto) is a case of the oneof that the schema does not have.
        byte[] input = [.. Field(1, "x"), .. Bytes(2, Bytes(9, [0x0A, 0x00]))];
        byte[] graph = [.. Bytes(1, node), .. Field(2, "g"), .. Bytes(11, input), .. Bytes(15, Field(1, "sparse"))];
        byte[] model = [0x08, 0x0A, .. Bytes(7, graph), .. Bytes(20, Field(1, "training")), .. Bytes(25, Field(1, "function"))];

        ModelProto parsed = ModelProto.Parser.ParseFrom(model);
        parsed.ToByteArray().Should().Equal(model);

        parsed.Graph.Name = "renamed";
        string text = System.Text.Encoding.Latin1.GetString(parsed.ToByteArray());
        text.Should().ContainAll("training", "function", "sparse", "node", "attribute", "renamed");
        parsed.Graph.Node[0].Attribute[0].HasI.Should().BeTrue();
        parsed.Graph.Node[0].Attribute[0].HasF.Should().BeFalse();
    }

    [Theory]
    [InlineData("optimum")]
    [InlineData("torch-23")]
    [InlineData("genai-int4")]
    public void Graphs_of_other_exporters_survive_a_round_trip(string exporter)
    {
        string path = Path.Combine(ModelFiles.Repository, "..", "shared", "data", "exports", exporter, "model.onnx");
        Assert.SkipUnless(File.Exists(path), "The folder of exported models beside the repository is absent.");
        byte[] bytes = File.ReadAllBytes(path);
        ModelProto parsed = ModelProto.Parser.ParseFrom(bytes);
        byte[] written = parsed.ToByteArray();
        written.Should().HaveCount(bytes.Length);
        ModelProto.Parser.ParseFrom(written).Should().Be(parsed);
    }

    [Fact]
    public void Weights_are_written_aligned_and_equal_names_once()
    {
        using TemporaryFolder folder = new();
        OnnxGraph graph = new("test", "1");
        Weight large = new([64, 512], destination => destination.Fill(2));
        graph.Weight("small", new Weight([3], destination => destination.Fill(1)));
        graph.Weight("large", large);
        graph.Weight("large", large);
        graph.Weight("last", new Weight([5], destination => destination.Fill(3)));
        long length = graph.Save(folder.Path, TestContext.Current.CancellationToken);

        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File(OnnxFiles.Graph)));
        model.Graph.Initializer.Select(tensor => tensor.ExternalData[1].Value).Should().Equal("0", "4096", "135168");
        length.Should().Be(135168 + 20);
        byte[] data = File.ReadAllBytes(folder.File(OnnxFiles.Weights));
        data.Should().HaveCount((int)length);
        BitConverter.ToSingle(data, 8).Should().Be(1);
        BitConverter.ToSingle(data, 12).Should().Be(0);
        BitConverter.ToSingle(data, 4096).Should().Be(2);
        BitConverter.ToSingle(data, 135168 - 4).Should().Be(2);
        BitConverter.ToSingle(data, 135168 + 16).Should().Be(3);
    }

    [Fact]
    public void Weights_can_be_stacked_turned_over_and_spread_before_they_are_read()
    {
        Weight top = new([2, 3], destination => new float[] { 1, 2, 3, 4, 5, 6 }.CopyTo(destination));
        Weight bottom = new([1, 3], destination => new float[] { 7, 8, 9 }.CopyTo(destination));
        Weight all = Weight.Stack(top, bottom.PlaceRows([1], 2)).Transposed();
        all.Shape.Should().Equal(3, 4);
        float[] values = new float[12];
        all.Fill(values);
        values.Should().Equal(1, 4, 0, 7, 2, 5, 0, 8, 3, 6, 0, 9);
    }

    private static byte[] Field(int number, string text) => Bytes(number, System.Text.Encoding.UTF8.GetBytes(text));

    private static byte[] Bytes(int number, byte[] content)
    {
        using MemoryStream stream = new();
        using (CodedOutputStream output = new(stream, leaveOpen: true))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
        }

        return stream.ToArray();
    }
}
