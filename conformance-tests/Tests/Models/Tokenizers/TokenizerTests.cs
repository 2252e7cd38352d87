using System.Text;
using System.Text.Json.Nodes;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Tests;

public class TokenizerTests
{
    private static readonly Tokenizer reference = TokenizerFiles.Reference;

    [Theory]
    [InlineData("target")]
    [InlineData("draft")]
    [InlineData("moe")]
    public void Prompts_and_answers_of_the_reference_models_agree_with_their_ids(string model)
    {
        var rows = TokenizerFiles.Golden($"reference/{model}")["rows"]!.AsArray();
        rows.Should().HaveCountGreaterThan(10);
        foreach (var row in rows)
        {
            reference.Encode(row!["prompt"].To<string>()).Should().Equal(row["prompt_ids"].To<int[]>());
            reference.Decode(row["prompt_ids"].To<int[]>()).Should().Be(WithoutSpecial(row["prompt"].To<string>()));
            reference.Decode(row["greedy"].To<int[]>()).Should().Be(WithoutSpecial(row["greedy_text"].To<string>()));
        }
    }

    public static TheoryData<string> Variants =>
        [.. TokenizerFiles.Golden("tokenizers")["variants"]!.AsArray().Select(v => v!["name"].To<string>())];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Every_component_gives_the_ids_of_the_original_implementation(string name)
    {
        var golden = TokenizerFiles.Golden("tokenizers");
        var variant = golden["variants"]!.AsArray().Single(v => v!["name"].To<string>() == name)!;
        var tokenizer = TokenizerFiles.Variant(variant["changes"]!);
        var texts = golden["texts"].To<string[]>();
        var ids = variant["ids"].To<int[][]>();
        for (var i = 0; i < texts.Length; i++)
            tokenizer.Encode(texts[i]).Should().Equal(ids[i], "that is the encoding of {0}", texts[i]);
    }

    [Fact]
    public void The_bytes_of_a_texts_tokens_are_the_bytes_of_the_text()
    {
        foreach (var text in TokenizerFiles.Golden("tokenizers")["texts"].To<string[]>())
            TextBytes(reference, reference.Encode(text, allowSpecial: false)).Should().Equal(Encoding.UTF8.GetBytes(text));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_read_as_the_replacement_character() =>
        reference.Decode([.. reference.Encode("a\ud83cb")]).Should().Be("a\ufffdb");

    [Fact]
    public void Special_tokens_steer_only_where_they_are_allowed_to()
    {
        const string text = "<|user|>Hi<|end|>";
        var steering = reference.Encode(text);
        steering[0].Should().Be(reference.Find("<|user|>")).And.Be(1);
        reference.Decode([.. steering]).Should().Be("Hi");

        var plain = reference.Encode(text, allowSpecial: false);
        plain.Should().NotContain(id => reference.IsSpecial(id));
        reference.Decode([.. plain]).Should().Be(text);
    }

    [Fact]
    public void A_special_token_has_no_bytes_but_a_literal_text()
    {
        reference.Size.Should().Be(4096);
        reference.IsSpecial(3).Should().BeTrue();
        reference.Bytes(3).IsEmpty.Should().BeTrue();
        reference.Literal(3).Should().Be("<|end|>");
        reference.Find("<|nobody|>").Should().BeNull();
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    public void An_id_that_no_token_has_is_special_and_empty(int id)
    {
        reference.IsSpecial(id).Should().BeTrue();
        reference.Bytes(id).IsEmpty.Should().BeTrue();
        reference.Literal(id).Should().BeEmpty();
    }

    [Fact]
    public void The_configuration_overrules_the_template()
    {
        var json = File.ReadAllText(Path.Combine(TokenizerFiles.ReferenceFolder, "tokenizer.json"));
        const string names = """ "bos_token": "<|user|>", "eos_token": {"content": "<|end|>"} """;
        var hi = reference.Encode("Hi");

        var begin = TokenizerFiles.FromText(json, $$"""{"add_bos_token": true, "add_eos_token": true, {{names}}}""");
        begin.Encode("Hi").Should().Equal([1, .. hi, 3]);
        begin.Encode("Hi", addSpecial: false).Should().Equal(hi);

        var neither = TokenizerFiles.FromText(json, $$"""{"add_bos_token": false, "add_eos_token": false, {{names}}}""");
        neither.Encode("Hi").Should().Equal(hi);
    }

    [Fact]
    public void Merges_written_as_pairs_and_as_lines_are_the_same()
    {
        var lines = TokenizerFiles.Changed(json =>
            json["model"]!["merges"] = new JsonArray([
                .. json["model"]!["merges"]!.AsArray().Select(m => (JsonNode)string.Join(' ', m.To<string[]>())),
            ])
        );
        foreach (var text in TokenizerFiles.Golden("tokenizers")["texts"].To<string[]>())
            lines.Encode(text).Should().Equal(reference.Encode(text));
    }

    private static string WithoutSpecial(string text)
    {
        for (var id = 0; id < 4; id++)
            text = text.Replace(reference.Literal(id), "");
        return text;
    }

    internal static byte[] TextBytes(IVocabulary vocabulary, IEnumerable<int> ids)
    {
        var bytes = new List<byte>();
        foreach (var id in ids)
            bytes.AddRange(vocabulary.Bytes(id));
        return [.. bytes];
    }
}
