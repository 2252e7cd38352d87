using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tokenwright.Models;
using Tokenwright.Models.Chat;
using Tokenwright.Models.Tokenizers;
using Tokenwright.Tests.Models.Runtime;

namespace Tokenwright.Tests.Models;

/// <summary>A real public chat model from its GGUF file, against golden outputs of transformers.</summary>
public sealed class SmolLm2Tests(ITestOutputHelper output)
{
    private const double NearTie = 0.01;

    private static string File(string name) => Repository.Shared("models", "smollm2-135m-instruct", name);

    private static string Model => File("SmolLM2-135M-Instruct.Q4_1.gguf");

    [Fact]
    public void Its_tokenizer_gives_the_golden_ids()
    {
        Tokenizer tokenizer = Tokenizer.Load(Model);
        foreach (JsonElement row in ModelFiles.Json(File("tokenizer-golden.json")).EnumerateArray())
        {
            int[] ids = ModelFiles.Ids(row.GetProperty("ids"));
            string text = row.GetProperty("text").GetString()!;
            tokenizer.Encode(text).Should().Equal(ids, text);
        }
    }

    [Fact]
    public void Its_template_gives_the_golden_prompts()
    {
        Tokenizer tokenizer = Tokenizer.Load(Model);
        ChatFormat chat = ChatFormat.Load(Model)!;
        foreach (JsonElement row in ModelFiles.Json(File("chat-golden.json")).EnumerateArray())
        {
            ChatMessage[] messages =
            [
                .. row.GetProperty("messages")
                    .EnumerateArray()
                    .Select(one => new ChatMessage(
                        one.GetProperty("role").GetString()!,
                        one.GetProperty("content").GetString()!
                    )),
            ];
            string prompt = chat.Prompt(messages, row.GetProperty("add_generation_prompt").GetBoolean());
            prompt.Should().Be(row.GetProperty("text").GetString());
            tokenizer.Encode(prompt, addSpecial: false).Should().Equal(ModelFiles.Ids(row.GetProperty("ids")));
        }
    }

    [Fact]
    public async Task It_computes_the_golden_logits_and_writes_the_golden_texts()
    {
        string path = Model;
        using TemporaryFolder cache = new();
        var clock = Stopwatch.StartNew();
        using LanguageModel model = LanguageModel.Open(
            path,
            new LanguageModelOptions
            {
                CacheFolder = cache.Path,
                Graph = new() { ContextLength = 512 },
            }
        );
        output.WriteLine($"Opened in {clock.Elapsed.TotalSeconds:F1} s.");
        JsonElement[] rows = [.. ModelFiles.Json(File("golden.json")).GetProperty("rows").EnumerateArray()];
        output.WriteLine($"Greatest difference of logits: {await LogitDifference(model, rows[0])}.");
        (await LogitDifference(model, rows[0])).Should().BeLessThan(0.02f);

        int texts = LongTier.IsOn ? rows.Length : 3;
        int nearTies = 0;
        int tokens = 0;
        foreach (JsonElement row in rows.Take(texts))
        {
            int[] expected = ModelFiles.Ids(row.GetProperty("greedy"));
            int[] written = await PlainDecoding.GreedyAsync(
                model,
                ModelFiles.Ids(row.GetProperty("prompt_ids")),
                expected.Length
            );
            int same = expected.AsSpan().CommonPrefixLength(written);
            tokens += same;
            if (same < expected.Length)
            {
                row.GetProperty("greedy_margin")[same]
                    .GetDouble()
                    .Should()
                    .BeLessThan(NearTie, row.GetProperty("prompt").GetString());
                nearTies++;
            }
        }

        output.WriteLine($"{tokens} tokens of {texts} texts are the golden ones; {nearTies} texts part at a near-tie.");
        nearTies.Should().BeLessThanOrEqualTo(3);
    }

    private static async Task<float> LogitDifference(LanguageModel model, JsonElement row)
    {
        int[] prompt = ModelFiles.Ids(row.GetProperty("prompt_ids"));
        byte[] bytes = await System.IO.File.ReadAllBytesAsync(File("golden_logits.npy"));
        int vocabulary = model.Model.Info.VocabularySize;
        Half[] golden = MemoryMarshal.Cast<byte, Half>(bytes.AsSpan(bytes.Length - 2 * 2 * vocabulary)).ToArray();
        using ISequence sequence = model.Model.CreateSequence();
        await model.Model.ForwardAsync(
            new[]
            {
                new ForwardItem
                {
                    Sequence = sequence,
                    Tokens = prompt,
                    Wanted = new Wanted(Logits: RowSelection.All),
                },
            },
            TestContext.Current.CancellationToken
        );
        float greatest = 0;
        for (int back = 0; back < 2; back++)
        {
            ReadOnlySpan<float> logits = sequence.Rows.Logits(prompt.Length - 2 + back);
            for (int id = 0; id < vocabulary; id++)
            {
                greatest = Math.Max(greatest, Math.Abs(logits[id] - (float)golden[back * vocabulary + id]));
            }
        }

        return greatest;
    }
}
