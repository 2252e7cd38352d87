using Google.Protobuf;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Tests;

/// <summary>A tokenizer.model made here: no vocabulary of anybody's is needed.</summary>
public class SentencePieceTests
{
    private const int Normal = 1;
    private const int UserDefined = 4;

    // Ids 0 to 2 are <unk>, <s>, </s>; 3 to 258 are the bytes; these follow.
    private static readonly (string Text, float Score, int Type)[] pieces =
    [
        ("▁a", -1, Normal), // 259
        ("aa", -2, Normal), // 260
        ("aaaa", -3, Normal), // 261
        ("▁aa", -4, Normal), // 262
        ("a", -5, Normal), // 263
        ("▁", -6, Normal), // 264
        ("\n\n", 0, UserDefined), // 265
        ("<tool>", 0, UserDefined), // 266
    ];

    [Fact]
    public void Of_equal_scores_the_leftmost_pair_is_merged_first()
    {
        var tokenizer = Load(Model());
        tokenizer.Encode(new string('a', 32)).Should().Equal(259, 261, 261, 261, 261, 261, 261, 261, 260, 263);
        tokenizer.Encode("aa").Should().Equal(262);
    }

    [Fact]
    public void Spaces_bytes_and_user_defined_pieces_come_back_as_text()
    {
        var tokenizer = Load(Model());
        const string text = "a  é\n\n<tool>🎉\n";
        int[] ids = [.. tokenizer.Encode(text)];
        ids.Should().Equal(259, 264, 264, 0xC3 + 3, 0xA9 + 3, 265, 266, 0xF0 + 3, 0x9F + 3, 0x8E + 3, 0x89 + 3, '\n' + 3);
        tokenizer.Decode(ids).Should().Be(text);
        tokenizer.Bytes(259).SequenceEqual(" a"u8).Should().BeTrue();
        tokenizer.Bytes(3 + 0xFF).SequenceEqual((ReadOnlySpan<byte>)[0xFF]).Should().BeTrue();
        tokenizer.IsSpecial(1).Should().BeTrue();
        tokenizer.Find("<s>").Should().Be(1);
    }

    [Fact]
    public void Without_byte_pieces_a_run_of_unknown_characters_is_one_unknown_token() =>
        Load(Model(bytes: false)).Encode("aéü").Should().Equal(3, 0);

    [Fact]
    public void The_configuration_beside_it_adds_begin_and_end() =>
        Load(Model(), """{"add_bos_token": true, "add_eos_token": true, "bos_token": "<s>", "eos_token": "</s>"}""")
            .Encode("a")
            .Should()
            .Equal(1, 259, 2);

    [Fact]
    public void Other_kinds_of_models_are_refused()
    {
        var unigram = () => Load(Model(type: 1));
        unigram.Should().Throw<TokenizerException>().WithMessage("*model type 1*not supported*");
        var spaces = () => Load(Model(removeExtraSpaces: true));
        spaces.Should().Throw<TokenizerException>().WithMessage("*remove_extra_whitespaces*not supported*");
    }

    private static Tokenizer Load(byte[] model, string? config = null)
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "tokenizer.model"), model);
            if (config is not null)
                File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config);
            return Tokenizer.Load(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Model(int type = 2, bool bytes = true, bool removeExtraSpaces = false)
    {
        var all = new List<(string Text, float Score, int Type)> { ("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3) };
        if (bytes)
            all.AddRange(Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0f, 6)));
        all.AddRange(pieces);
        return Message(model =>
        {
            foreach (var piece in all)
                Nested(
                    model,
                    1,
                    output =>
                    {
                        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
                        output.WriteString(piece.Text);
                        output.WriteTag(2, WireFormat.WireType.Fixed32);
                        output.WriteFloat(piece.Score);
                        output.WriteTag(3, WireFormat.WireType.Varint);
                        output.WriteEnum(piece.Type);
                    }
                );
            Nested(
                model,
                2,
                output =>
                {
                    output.WriteTag(3, WireFormat.WireType.Varint);
                    output.WriteEnum(type);
                }
            );
            Nested(
                model,
                3,
                output =>
                {
                    output.WriteTag(4, WireFormat.WireType.Varint);
                    output.WriteBool(removeExtraSpaces);
                }
            );
        });
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }

    private static void Nested(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(Message(write)));
    }
}
