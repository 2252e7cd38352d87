using System.Text.Json.Nodes;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Tests;

public class TokenizerErrorsTests
{
    private static string ReferenceJson => File.ReadAllText(Path.Combine(TokenizerFiles.ReferenceFolder, "tokenizer.json"));

    [Theory]
    [InlineData("normalizer", """{"type": "Lowercase"}""", "Lowercase")]
    [InlineData(
        "normalizer",
        """{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "StripAccents"}]}""",
        "StripAccents"
    )]
    [InlineData("pre_tokenizer", """{"type": "BertPreTokenizer"}""", "BertPreTokenizer")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "\\w+"}, "behavior": "Isolated"}""", @"\w")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "\\p{Han}+"}, "behavior": "Isolated"}""", @"\p{Han}")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "\\p{L}++"}, "behavior": "Isolated"}""", "possessive")]
    [InlineData(
        "pre_tokenizer",
        """{"type": "Split", "pattern": {"Regex": "[a-z&&[^b]]"}, "behavior": "Isolated"}""",
        "intersection"
    )]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "x"}, "behavior": "Sideways"}""", "Sideways")]
    [InlineData("post_processor", """{"type": "RobertaProcessing"}""", "RobertaProcessing")]
    [InlineData("decoder", """{"type": "WordPiece"}""", "WordPiece")]
    [InlineData("decoder", """{"type": "Fuse"}""", "ByteLevel")]
    [InlineData("model", """{"type": "Unigram", "vocab": []}""", "Unigram")]
    [InlineData("model", """{"type": "BPE", "vocab": {}, "merges": [], "end_of_word_suffix": "</w>"}""", "</w>")]
    public void A_component_that_cannot_be_reproduced_is_refused_by_name(string section, string value, string name)
    {
        var load = () => TokenizerFiles.Changed(json => json[section] = JsonNode.Parse(value));
        var error = load.Should().Throw<TokenizerException>().Which;
        error.Message.Should().Contain(name).And.Contain("not supported").And.Contain("tokenizer.json");
        error.File.Should().EndWith("tokenizer.json");
    }

    [Fact]
    public void A_truncated_file_is_one_clear_error_wherever_it_is_cut()
    {
        var json = ReferenceJson.TrimEnd();
        for (var length = 0; length < json.Length; length += 1 + json.Length / 50)
        {
            var load = () => TokenizerFiles.FromText(json[..length]);
            load.Should().Throw<TokenizerException>().WithMessage("*tokenizer.json*damaged*");
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"model": 3}""")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": "b"}, "merges": []}}""")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 99999999999}, "merges": []}}""")]
    public void Json_of_another_kind_is_the_same_error(string json)
    {
        var load = () => TokenizerFiles.FromText(json);
        load.Should().Throw<TokenizerException>().WithMessage("*tokenizer.json*");
    }

    [Fact]
    public void A_merge_of_unknown_tokens_and_a_wild_id_are_refused()
    {
        var merge = () => TokenizerFiles.Changed(json => json["model"]!["merges"]!.AsArray().Add("qz zq"));
        merge.Should().Throw<TokenizerException>();
        var id = () => TokenizerFiles.Changed(json => json["model"]!["vocab"]!["zzz"] = 2_000_000_000);
        id.Should().Throw<TokenizerException>().WithMessage("*zzz*2000000000*");
        var clash = () => TokenizerFiles.Changed(json => json["added_tokens"]![1]!["id"] = 77);
        clash.Should().Throw<TokenizerException>().WithMessage("*<|user|>*");
    }

    [Theory]
    [InlineData("missing.json", null)]
    [InlineData("tokenizer.bin", "x")]
    [InlineData("tokenizer.model", "this is no protobuf")]
    [InlineData("tokenizer.model", "")]
    [InlineData("gpt2.tiktoken", "!!!! 0\n")]
    [InlineData("gpt2.tiktoken", "IQ== zero\n")]
    [InlineData("gpt2.tiktoken", "IQ==")]
    [InlineData("mine.tiktoken", "IQ== 0\n")]
    public void A_missing_damaged_or_unknown_file_is_named(string name, string? content)
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;
        try
        {
            var file = Path.Combine(folder, name);
            if (content is not null)
                File.WriteAllText(file, content);
            var load = () => Tokenizer.Load(file);
            load.Should().Throw<TokenizerException>().Which.File.Should().Be(file);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void An_empty_folder_says_what_it_should_hold()
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;
        try
        {
            var load = () => Tokenizer.Load(folder);
            load.Should().Throw<TokenizerException>().WithMessage("*tokenizer.json*tokenizer.model*");
        }
        finally
        {
            Directory.Delete(folder);
        }
    }
}
