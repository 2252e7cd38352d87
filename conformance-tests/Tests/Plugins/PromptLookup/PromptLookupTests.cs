using Tokenwright.Conformance;
using Tokenwright.Plugins.PromptLookup;
using Tokenwright.Plugins.Standard;
using Tokenwright.Tests.Plugins.Drafting;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.PromptLookup;

public sealed class PromptLookupTests
{
    private static readonly int[] Context = [1, 2, 3, 4, 2, 3];

    [Fact]
    public async Task The_dialects_draft_what_those_tools_draft()
    {
        (await Draft(Context, Of(LookupDialect.Vllm, 2, 3, 4))).Should().Equal(4, 2, 3);
        (await Draft(Context, Of(LookupDialect.Hf))).Should().Equal(4, 2, 3);
        (await Draft(Context, Of(LookupDialect.Pld))).Should().BeEmpty();
        (await Draft(Context, Of(LookupDialect.Vllm))).Should().BeEmpty();
    }

    [Fact]
    public async Task The_first_or_the_most_recent_place_counts()
    {
        int[] context = [7, 8, 1, 7, 8, 2, 7, 8];
        (await Draft(context, Of(LookupDialect.Hf, length: 1))).Should().Equal(1);
        (await Draft(context, Of(LookupDialect.Recent, length: 1))).Should().Equal(2);
    }

    [Fact]
    public async Task The_longest_match_counts_before_the_most_recent_one()
    {
        (await Draft([5, 7, 8, 1, 7, 8, 2, 5, 7, 8], Of(LookupDialect.Recent, length: 1))).Should().Equal(1);
        (await Draft([1, 2, 3], Of(LookupDialect.Recent))).Should().BeEmpty();
    }

    [Fact]
    public void The_index_finds_what_a_scan_finds()
    {
        var random = new Random(1);
        for (int round = 0; round < 300; round++)
        {
            int size = random.Next(1, 5);
            int[] text = [.. Enumerable.Range(0, random.Next(size + 1, 60)).Select(_ => random.Next(3))];
            var index = new NgramIndex(size, expected: 1);
            for (int end = 0; end < text.Length - 1; end++)
            {
                index.Add(text, end);
            }

            int[] places =
            [
                .. Enumerable
                    .Range(size - 1, text.Length - size)
                    .Where(end => text.AsSpan(end + 1 - size, size).SequenceEqual(text.AsSpan(text.Length - size))),
            ];
            index.Find(text).Should().Be(places.Length == 0 ? (-1, -1) : (places[0], places[^1]));
            index.Count.Should().BeLessThanOrEqualTo(text.Length);
        }
    }

    [Fact]
    public void A_copied_text_takes_many_tokens_a_pass_and_random_text_almost_none()
    {
        var copies = Run.Text(
            Plain(Cycle.Of(40), [.. Enumerable.Range(0, 41).Select(i => i % 40)], 200, new KeyedRandomness(0), new Temperature())
                .With("prompt-lookup")
        );
        copies.Statistics.TokensPerPass.Should().BeGreaterThan(5);

        var noise = TableModel.Random(500, 0, seed: 1, spread: 0.1, context: 512);
        var random = Run.Text(Plain(noise, [1, 2, 3], 400, new KeyedRandomness(0)).With("prompt-lookup"));
        random.Statistics.TokensPerPass.Should().BeLessThan(1.05);
    }

    private static PromptLookupDrafter Of(LookupDialect dialect, int? min = null, int? max = null, int length = 10) =>
        new()
        {
            Dialect = dialect,
            MinMatch = min,
            MaxMatch = max,
            Length = length,
            Nodes = 64,
        };

    private static async Task<int[]> Draft(int[] context, PromptLookupDrafter drafter)
    {
        var tree = await Drafts.AfterAsync(context, drafter);
        return [.. Enumerable.Range(1, tree.Count - 1).Select(tree.Token)];
    }
}
