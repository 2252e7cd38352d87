using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using Tokenwright.Plugins.Suffix;
using Tokenwright.Tests.Plugins.Drafting;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Suffix;

public sealed class SuffixTests
{
    [Fact]
    public void The_automaton_knows_every_substring_and_counts_the_short_ones()
    {
        var random = new Random(1);
        for (int round = 0; round < 400; round++)
        {
            int most = random.Next(1, 7);
            int[] text = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(2 + round % 3))];
            var automaton = new SuffixAutomaton(most, expected: 1);
            foreach (int token in text)
            {
                automaton.Append(token);
            }

            automaton.StateCount.Should().BeLessThanOrEqualTo(Math.Max(2, 2 * text.Length));
            automaton.EdgeCount.Should().BeLessThanOrEqualTo(3 * text.Length);
            automaton.Length.Should().Be(text.Length);
            for (int start = 0; start < text.Length; start++)
            {
                int state = SuffixAutomaton.Root;
                for (int length = 1; start + length <= text.Length; length++)
                {
                    state = automaton.Follow(state, text[start + length - 1]);
                    state.Should().BeGreaterThan(0);
                    if (length <= most)
                    {
                        automaton.Count(state).Should().Be(Occurrences(text, text.AsSpan(start, length)));
                    }
                }
            }

            int context = Walk(automaton, text.AsSpan(Math.Max(0, text.Length - most)));
            automaton.Context.Should().Be(context);
        }
    }

    [Fact]
    public async Task What_followed_most_often_comes_first()
    {
        var tree = await Drafts.AfterAsync([1, 2, 3, 1, 2, 4, 1, 2, 4, 9, 1, 2], new SuffixDrafter { Nodes = 64 });

        tree.Token(1).Should().Be(4);
        tree.Child(0, 3).Should().BePositive();
        tree.Score(tree.Child(0, 4)).Should().BeGreaterThan(tree.Score(tree.Child(0, 3)));
        for (int node = 2; node < tree.Count; node++)
        {
            tree.Score(node).Should().BeLessThanOrEqualTo(tree.Score(node - 1), "nodes come by what they promise");
        }
    }

    [Fact]
    public async Task Children_promise_no_more_than_their_parent()
    {
        var random = new Random(2);
        for (int round = 0; round < 50; round++)
        {
            int[] text = [.. Enumerable.Range(0, 60).Select(_ => random.Next(5))];
            var tree = await Drafts.AfterAsync(text, new SuffixDrafter { Nodes = 64, MinProbability = 0.001 });
            for (int node = 0; node < tree.Count; node++)
            {
                double sum = 0;
                for (int child = tree.FirstChild(node); child >= 0; child = tree.NextSibling(child))
                {
                    sum += Math.Exp(tree.Score(child));
                }

                sum.Should().BeLessThanOrEqualTo(Math.Exp(tree.Score(node)) + 1e-5);
            }
        }
    }

    [Fact]
    public async Task A_match_of_two_drafts_what_followed_it()
    {
        var tree = await Drafts.AfterAsync([1, 2, 3, 4, 2, 3], new SuffixDrafter { Nodes = 3, Branches = false });

        Enumerable.Range(1, tree.Count - 1).Select(tree.Token).Should().Equal(4, 2, 3);
        tree.IsChain.Should().BeTrue();
    }

    [Fact]
    public void A_repeated_text_takes_many_tokens_a_pass()
    {
        var text = Run.Text(
            Plain(Cycle.Of(40), [.. Enumerable.Range(0, 41).Select(i => i % 40)], 200, new KeyedRandomness(0), new Temperature())
                .With("suffix")
        );

        text.Statistics.TokensPerPass.Should().BeGreaterThan(4);
    }

    [Fact]
    public void A_text_of_one_token_is_no_burden()
    {
        var automaton = new SuffixAutomaton(32, expected: 20_000);
        for (int i = 0; i < 20_000; i++)
        {
            automaton.Append(7);
        }

        automaton.StateCount.Should().BeLessThanOrEqualTo(40_000);
        automaton.Count(automaton.Context).Should().Be(20_000 - 31);
    }

    private static int Walk(SuffixAutomaton automaton, ReadOnlySpan<int> tokens)
    {
        int state = SuffixAutomaton.Root;
        foreach (int token in tokens)
        {
            state = automaton.Follow(state, token);
        }

        return state;
    }

    private static int Occurrences(ReadOnlySpan<int> text, ReadOnlySpan<int> part)
    {
        int count = 0;
        for (int start = 0; start + part.Length <= text.Length; start++)
        {
            count += text.Slice(start, part.Length).SequenceEqual(part) ? 1 : 0;
        }

        return count;
    }
}
