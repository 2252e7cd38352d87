using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Tests;

public class DetokenizerTests
{
    [Fact]
    public void Streamed_text_equals_the_decoded_whole_for_any_ids() => Check(TokenizerFiles.Reference, rounds: 1000);

    [Fact]
    public void Streamed_text_equals_the_decoded_whole_with_a_dummy_prefix_and_byte_tokens()
    {
        var variant = TokenizerFiles.Golden("tokenizers")["variants"]!
            .AsArray()
            .Single(v => v!["name"].To<string>() == "SentencePiece, Prepend")!;
        var tokenizer = TokenizerFiles.Variant(variant["changes"]!);
        tokenizer.DropsLeadingSpace.Should().BeTrue();
        Check(tokenizer, rounds: 1000);
    }

    [Fact]
    public void A_text_that_continues_another_keeps_its_leading_space()
    {
        var variant = TokenizerFiles.Golden("tokenizers")["variants"]!
            .AsArray()
            .Single(v => v!["name"].To<string>() == "Metaspace always")!;
        var tokenizer = TokenizerFiles.Variant(variant["changes"]!);
        int[] ids = [.. tokenizer.Encode("the quick")];
        tokenizer.Decode(ids).Should().Be("the quick");
        new Detokenizer(tokenizer, continues: true).Append(ids).ToString().Should().Be(" the quick");
    }

    [Fact]
    public void A_character_comes_out_with_its_last_byte()
    {
        var detokenizer = new Detokenizer(TokenizerFiles.Reference);
        var bytes = Encoding.UTF8.GetBytes("🎉");
        for (var i = 0; i < 3; i++)
            detokenizer.Append(bytes.AsSpan(i, 1)).Length.Should().Be(0);
        detokenizer.Append(bytes.AsSpan(3)).ToString().Should().Be("🎉");
        detokenizer.Append(bytes.AsSpan(0, 2));
        detokenizer.Flush().ToString().Should().Be("\ufffd");
        detokenizer.Flush().Length.Should().Be(0);
    }

    [Fact]
    public void Appending_allocates_nothing()
    {
        var detokenizer = new Detokenizer(TokenizerFiles.Reference);
        int[] ids = [.. TokenizerFiles.Reference.Encode("naïve 🎉 text, token by token"), 200, 201];
        detokenizer.Append(ids);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            foreach (var id in ids)
                detokenizer.Append(id);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    /// <summary>Random ids, padding rows included, appended in random groups.</summary>
    internal static void Check(Tokenizer tokenizer, int rounds)
    {
        var property = Prop.ForAll(
            Gen.Choose(0, tokenizer.Size + 2).ArrayOf().ToArbitrary(),
            Gen.Choose(0, 4).NonEmptyListOf().ToArbitrary(),
            (ids, groups) =>
            {
                var detokenizer = new Detokenizer(tokenizer);
                var text = new StringBuilder();
                var done = 0;
                for (var g = 0; done < ids.Length; g++)
                {
                    var count = Math.Min(groups[g % groups.Count] + g % 2, ids.Length - done);
                    var output = detokenizer.Append(ids.AsSpan(done, count));
                    if (output.Length > 0)
                    {
                        char.IsLowSurrogate(output[0]).Should().BeFalse();
                        char.IsHighSurrogate(output[^1]).Should().BeFalse();
                    }
                    text.Append(output);
                    done += count;
                }
                text.Append(detokenizer.Flush());

                var whole = Encoding.UTF8.GetString(TokenizerTests.TextBytes(tokenizer, ids));
                if (tokenizer.DropsLeadingSpace && whole.StartsWith(' '))
                    whole = whole[1..];
                text.ToString().Should().Be(whole);
                tokenizer.Decode(ids).Should().Be(whole);
            }
        );
        property.Check(Config.QuickThrowOnFailure.WithMaxTest(rounds));
    }
}
