using Tokenwright.Models;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Tests.Models.Runtime;

/// <summary>What every other method is compared with.</summary>
internal static class PlainDecoding
{
    /// <summary>The most likely tokens after a prompt, end tokens being tokens like any other.</summary>
    public static async Task<int[]> GreedyAsync(LanguageModel model, int[] prompt, int count)
    {
        var generation = new Generation(
            new GenerationSetup
            {
                Target = model.Model,
                Prompt = prompt,
                Shape = new ShapeChain([new("temperature", new Temperature())], null, model.Model.Info),
                Verifier = new Agree(),
                Randomness = new KeyedRandomness(0),
                MaxTokens = count,
                IgnoreEndTokens = true,
            }
        );
        await foreach (var _ in new DraftThenVerify().RunAsync(generation)) { }

        return generation.Tokens[prompt.Length..].ToArray();
    }
}
