using System.Text;

namespace Tokenwright.Tests;

/// <summary>Two files of the same vocabulary in different formats, read by different code, must agree.</summary>
public class RealVocabularyTests
{
    private static readonly string[] atoms =
    [
        .. TokenizerFiles.Golden("tokenizers")["texts"].To<string[]>(),
        "for (var i = 0; i < n; i++)\r\n{\r\n\tsum += a[i];\r\n}\r\n",
        "    return x ** 2  # naïve café\n",
        "\n\n\n   \t \u3000",
        "https://example.org/?a=b&c=%20",
        "😀😃👍🏽🏳️‍🌈",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈 𠜎𠜱",
        "नमस्ते ไทย עברית",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "000111222333",
        "\0\u0001\u001f\u007f",
    ];

    private static IEnumerable<string> Texts()
    {
        var random = new Random(11);
        return
        [
            "",
            .. atoms,
            .. Enumerable.Range(0, 300).Select(_ => string.Concat(random.GetItems(atoms, 3))),
            .. Enumerable
                .Range(0, 200)
                .Select(_ => string.Concat(random.GetItems(atoms, 2).Select(a => a[..random.Next(a.Length)]))),
        ];
    }

    [Fact]
    public void Gpt2_is_the_same_from_merges_and_from_ranks()
    {
        // The tokenizer.json adds runs of spaces as tokens of their own; texts with such runs are left out.
        var merges = TokenizerFiles.Real("gpt2.tokenizer.json");
        var ranks = TokenizerFiles.Real("gpt2.tiktoken");
        var compared = 0;
        foreach (var text in Texts())
        {
            var ids = merges.Encode(text);
            if (ids.Any(id => id > 50256))
                continue;
            compared++;
            ids.Should().Equal(ranks.Encode(text), "both encode {0}", text);
        }
        compared.Should().BeGreaterThan(300);
        Enumerable.Range(0, 50256).Where(id => !merges.Bytes(id).SequenceEqual(ranks.Bytes(id))).Should().BeEmpty();
    }

    [Theory]
    [InlineData("gpt2.tiktoken")]
    [InlineData("cl100k_base.tiktoken")]
    [InlineData("o200k_base.tiktoken")]
    [InlineData("gpt2.tokenizer.json")]
    public void Tokens_of_a_byte_level_vocabulary_spell_the_text(string name)
    {
        var tokenizer = TokenizerFiles.Real(name);
        foreach (var text in Texts())
        {
            var whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            var ids = tokenizer.Encode(whole, allowSpecial: false);
            TokenizerTests.TextBytes(tokenizer, ids).Should().Equal(Encoding.UTF8.GetBytes(whole));
        }
    }

    [Fact]
    public void Known_encodings_of_rank_files_hold()
    {
        TokenizerFiles.Real("cl100k_base.tiktoken").Encode("hello world").Should().Equal(15339, 1917);
        TokenizerFiles.Real("o200k_base.tiktoken").Encode("hello world").Should().Equal(24912, 2375);
        TokenizerFiles.Real("gpt2.tiktoken").Encode("hello world<|endoftext|>").Should().Equal(31373, 995, 50256);
    }

    [Fact]
    public void Llamas_vocabulary_is_the_same_from_json_and_from_SentencePiece()
    {
        var json = TokenizerFiles.Real("phi3-v.llama-spm-bpe.tokenizer.json");
        var model = TokenizerFiles.Real("llama2.tokenizer.model");
        foreach (var text in Texts())
        {
            var ids = model.Encode(text, allowSpecial: false);
            ids.Should().Equal(json.Encode(text, allowSpecial: false, addSpecial: false), "both encode {0}", text);
            if (text.Length > 0)
                model.Decode([.. ids]).Should().Be(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));
        }
        // Ids 0 to 2 are <unk>, <s> and </s>; the JSON file counts </s> as ordinary text.
        Enumerable.Range(3, 31997).Where(id => !model.Bytes(id).SequenceEqual(json.Bytes(id))).Should().BeEmpty();
        json.Encode("Hi").Should().Equal([1, .. model.Encode("Hi")]);
        model.Encode("<s>Hi").Should().Equal([1, .. model.Encode("Hi")]);
    }

    [Theory]
    [InlineData("gpt2.tokenizer.json")]
    [InlineData("o200k_base.tiktoken")]
    [InlineData("phi3-v.llama-spm-bpe.tokenizer.json")]
    [InlineData("llama2.tokenizer.model")]
    public void Streamed_text_equals_the_decoded_whole(string name) =>
        DetokenizerTests.Check(TokenizerFiles.Real(name), rounds: 200);
}
