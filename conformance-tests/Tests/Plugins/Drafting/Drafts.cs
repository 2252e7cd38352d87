using Tokenwright.Conformance;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Drafting;

internal static class Drafts
{
    /// <summary>What a drafter drafts after some tokens.</summary>
    public static async Task<DraftTree> AfterAsync(int[] context, IDrafter drafter, TableModel? model = null)
    {
        var request = Plain(model ?? Cycle.Of(16), context, 100, new KeyedRandomness(0)) with { Drafter = drafter };
        var generation = await Run.StartAsync(request);
        var tree = new DraftTree();
        tree.Reset(context[^1], 128, 64);
        await drafter.DraftAsync(generation.DraftContext, tree, CancellationToken.None);
        return tree;
    }
}
