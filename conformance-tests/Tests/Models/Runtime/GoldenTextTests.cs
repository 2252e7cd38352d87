using System.Text.Json;
using Tokenwright.Models;

namespace Tokenwright.Tests.Models.Runtime;

/// <summary>The whole path on real weights: prompt, loop, verifier, cache. The golden texts were made by transformers in float32.</summary>
[Collection("Reference models")]
public sealed class GoldenTextTests(ReferenceModels models, ITestOutputHelper output)
{
    /// <summary>Below this gap between the best and the second logit another engine may rightly differ.</summary>
    private const double NearTie = 0.001;

    [Fact]
    public Task The_target_writes_the_golden_texts() => WritesGoldenTexts(models.Target, "target");

    [Fact]
    public Task The_draft_writes_the_golden_texts() => WritesGoldenTexts(models.Draft, "draft");

    private async Task WritesGoldenTexts(LanguageModel model, string name)
    {
        using var golden = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.Golden("reference", name, "golden.json")));
        int texts = 0;
        int tokens = 0;
        int nearTies = 0;
        foreach (var row in golden.RootElement.GetProperty("rows").EnumerateArray())
        {
            int[] expected = Ints(row.GetProperty("greedy"));
            double[] margins = [.. row.GetProperty("greedy_margin").EnumerateArray().Select(m => m.GetDouble())];
            var written = await PlainDecoding.GreedyAsync(model, Ints(row.GetProperty("prompt_ids")), expected.Length);
            texts++;
            int same = expected.AsSpan().CommonPrefixLength(written);
            tokens += same;
            if (same < expected.Length)
            {
                margins[same]
                    .Should()
                    .BeLessThan(NearTie, "{0} may differ at token {1} only at a near-tie", row.GetProperty("id"), same);
                nearTies++;
            }

            model.Tokenizer!.Encode(row.GetProperty("prompt").GetString()!).Should().Equal(Ints(row.GetProperty("prompt_ids")));
        }

        output.WriteLine($"{name}: {tokens} tokens of {texts} texts are the golden ones; {nearTies} texts part at a near-tie.");
        texts.Should().BeGreaterThan(10);
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
