using Tokenwright.Models;
using Tokenwright.Models.Builder;

namespace Tokenwright.Tests.Models.Runtime;

[Collection("Reference models")]
public sealed class OnnxSequenceTests(ReferenceModels models)
{
    // Different row counts take different kernels: the last bits of a row may differ, more may not.
    private const float Close = 1e-4f;

    private static readonly int[] Prompt = [453, 1471, 330, 3128, 349, 271, 3447, 1471];

    private ICausalModel Model => models.Target.Model;

    [Fact]
    public async Task A_tree_gives_each_node_the_logits_of_its_own_path()
    {
        using var sequence = await Prefilled(Prompt);
        //        0
        //      1   4
        //    2  3   5
        int[] tokens = [17, 290, 271, 600, 202, 453];
        int[] parents = [-1, 0, 1, 1, 0, 4];
        await Feed(sequence, tokens, parents);

        for (int node = 0; node < tokens.Length; node++)
        {
            var path = PathTo(parents, node).Select(n => tokens[n]).ToArray();
            var alone = await LastRow([.. Prompt, .. path]);
            MaxDifference(sequence.Rows.Logits(node), alone)
                .Should()
                .BeLessThan(Close, "node {0} must see its ancestors only", node);
        }
    }

    [Fact]
    public async Task A_tree_grown_by_several_forwards_is_the_tree_fed_at_once()
    {
        using var sequence = await Prefilled(Prompt);
        int[] tokens = [17, 290, 271, 600, 202, 453];
        int[] parents = [-1, 0, 1, 1, 0, 4];
        await Feed(sequence, tokens[..2], parents[..2]);
        await Feed(sequence, tokens[2..5], parents[2..5]);
        await Feed(sequence, tokens[5..], parents[5..]);

        var alone = await LastRow([.. Prompt, 17, 202, 453]);
        MaxDifference(sequence.Rows.Logits(0), alone).Should().BeLessThan(Close);
        sequence.Provisional.Should().Be(6);
    }

    [Theory]
    [InlineData(new[] { 0 })]
    [InlineData(new[] { 0, 4, 5 })]
    [InlineData(new[] { 0, 1, 3 })]
    public async Task Committing_a_path_leaves_the_cache_of_a_fresh_prompt(int[] path)
    {
        using var sequence = await Prefilled(Prompt);
        int[] tokens = [17, 290, 271, 600, 202, 453];
        await Feed(sequence, tokens, [-1, 0, 1, 1, 0, 4]);
        sequence.Commit(path);

        int[] committed = [.. Prompt, .. path.Select(n => tokens[n])];
        sequence.Tokens.ToArray().Should().Equal(committed);
        await Feed(sequence, [533], []);
        (await Difference(sequence, 0, [.. committed, 533])).Should().BeLessThan(Close);
    }

    [Fact]
    public async Task Random_walks_of_trees_commits_rewinds_and_forks_keep_the_cache_true()
    {
        var random = new Random(7);
        var sequence = await Prefilled(Prompt);
        int rounds = LongTier.IsOn ? 6000 : 60;
        for (int round = 0; round < rounds; round++)
        {
            int count = random.Next(1, 12);
            int[] parents = [-1, .. Enumerable.Range(0, count - 1).Select(i => random.Next(0, i + 1))];
            int[] tokens = [.. Enumerable.Range(0, count).Select(_ => random.Next(4, 4096))];
            await Feed(sequence, tokens, parents);
            switch (random.Next(5))
            {
                case 0:
                    sequence.Drop();
                    break;
                case 1:
                    sequence.Rewind(random.Next(1, sequence.Tokens.Length + 1));
                    break;
                case 2:
                    var fork = sequence.Fork(random.Next(1, sequence.Tokens.Length + 1));
                    sequence.Dispose();
                    sequence = fork;
                    break;
                default:
                    sequence.Commit(PathTo(parents, random.Next(count)));
                    break;
            }

            if (round % 6 == 5)
            {
                int[] committed = sequence.Tokens.ToArray();
                await Feed(sequence, [533], []);
                (await Difference(sequence, 0, [.. committed, 533])).Should().BeLessThan(Close);
                sequence.Drop();
            }
        }

        sequence.Dispose();
    }

    [Fact]
    public async Task The_cache_grows_past_its_first_capacity()
    {
        using TemporaryFolder folder = new();
        RandomLlama.Write(folder.Path, headSize: 16, "\"max_position_embeddings\": 4096");
        using var model = LanguageModel.Open(folder.Path, new LanguageModelOptions { CacheFolder = folder.File("cache") });
        int[] tokens = [.. Enumerable.Range(0, 2400).Select(i => i * 37 % 40)];
        using var atOnce = model.Model.CreateSequence();
        using var grown = model.Model.CreateSequence();
        await FeedLast(atOnce, tokens);
        await FeedLast(grown, tokens[..2000]);
        grown.Commit(2000);
        await FeedLast(grown, tokens[2000..]);
        float[] expected = atOnce.Rows.Logits(2399).ToArray();
        grown.Rows.Logits(399).ToArray().Zip(expected, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(Close);

        async Task FeedLast(ISequence sequence, int[] part)
        {
            var item = new ForwardItem
            {
                Sequence = sequence,
                Tokens = part,
                Wanted = new Wanted(Logits: RowSelection.Last),
            };
            await model.Model.ForwardAsync(new[] { item }, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task The_context_is_a_limit()
    {
        int[] full = [.. Enumerable.Repeat(17, 1024)];
        using var sequence = await Prefilled(full);
        var act = async () => await Feed(sequence, [17], []);
        (await act.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*1025 rows*1024*");
        sequence.Provisional.Should().Be(0);
    }

    [Fact]
    public async Task What_cannot_be_fed_is_refused_and_changes_nothing()
    {
        using var sequence = await Prefilled(Prompt);
        await Refused<ArgumentException>([4096], [], "*4096*");
        await Refused<ArgumentException>([-1], [], "*-1*");
        await Refused<ArgumentException>([], [], "*at least one token*");
        await Refused<ArgumentException>([17, 17], [-1], "*2 tokens have 1 parents*");
        await Refused<ArgumentException>([17, 17], [-1, 1], "*parent of row 1*");
        await Refused<NotSupportedException>([17], [], "*hidden*", new Wanted(Hidden: RowSelection.All));

        async Task Refused<T>(int[] tokens, int[] parents, string message, Wanted? wanted = null)
            where T : Exception
        {
            var act = async () => await Feed(sequence, tokens, parents, wanted);
            (await act.Should().ThrowAsync<T>()).WithMessage(message);
            sequence.Provisional.Should().Be(0);
            sequence.Tokens.ToArray().Should().Equal(Prompt);
        }
    }

    [Fact]
    public async Task A_row_that_was_not_wanted_cannot_be_read()
    {
        using var sequence = await Prefilled(Prompt);
        await Feed(sequence, [17, 18], [], new Wanted(ArgMax: RowSelection.Last));
        sequence.Rows.ArgMax(1).Should().BeInRange(0, 4095);
        var first = () => sequence.Rows.ArgMax(0);
        first.Should().Throw<InvalidOperationException>().WithMessage("*arg-max of row 0*");
        var logits = () => sequence.Rows.Logits(1).Length;
        logits.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public async Task A_long_forward_is_cut_short_by_cancellation()
    {
        using var sequence = Model.CreateSequence();
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        var act = async () =>
            await Model.ForwardAsync(
                new[]
                {
                    new ForwardItem { Sequence = sequence, Tokens = Enumerable.Repeat(17, 900).ToArray() },
                },
                source.Token
            );
        await act.Should().ThrowAsync<OperationCanceledException>();
        sequence.Provisional.Should().Be(0);

        await Feed(sequence, Prompt, []);
        (await Difference(sequence, Prompt.Length - 1, Prompt)).Should().BeLessThan(Close);
    }

    [Fact]
    public async Task The_arg_max_and_hidden_states_of_the_graph_are_those_of_the_host()
    {
        using var full = models.Open("target", new GraphOptions { ArgMax = true, HiddenStates = true });
        using var sequence = full.Model.CreateSequence();
        await full.Model.ForwardAsync(
            new[]
            {
                new ForwardItem
                {
                    Sequence = sequence,
                    Tokens = Prompt,
                    Wanted = new Wanted(ArgMax: RowSelection.All, Hidden: RowSelection.All),
                },
            }
        );
        var picks = Enumerable.Range(0, Prompt.Length).Select(sequence.Rows.ArgMax).ToArray();
        sequence.Rows.Hidden(3).Length.Should().Be(384);

        using var plain = Model.CreateSequence();
        await Feed(plain, Prompt, []);
        picks.Should().Equal(Enumerable.Range(0, Prompt.Length).Select(plain.Rows.ArgMax));
    }

    [Fact]
    public async Task A_warm_forward_allocates_nothing()
    {
        using var sequence = await Prefilled(Prompt);
        int[] chain = [17];
        int[] tree = [17, 290, 271];
        int[] parents = [-1, 0, 0];
        int[] path = [0, 2];
        var items = new ForwardItem[2];
        items[0] = new ForwardItem
        {
            Sequence = sequence,
            Tokens = chain,
            Wanted = new Wanted(Logits: RowSelection.All),
        };
        items[1] = items[0] with { Tokens = tree, Parents = parents };
        Run(8);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(32);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);

        void Run(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                Model.ForwardAsync(items.AsMemory(0, 1)).GetAwaiter().GetResult();
                sequence.Commit(1);
                Model.ForwardAsync(items.AsMemory(1, 1)).GetAwaiter().GetResult();
                sequence.Rows.ArgMax(2);
                sequence.Commit(path);
            }
        }
    }

    private async Task<ISequence> Prefilled(int[] tokens)
    {
        var sequence = Model.CreateSequence();
        await Feed(sequence, tokens, []);
        sequence.Commit(tokens.Length);
        return sequence;
    }

    private async Task<float[]> LastRow(int[] tokens)
    {
        using var sequence = Model.CreateSequence();
        await Feed(sequence, tokens, []);
        return sequence.Rows.Logits(tokens.Length - 1).ToArray();
    }

    private async Task Feed(ISequence sequence, int[] tokens, int[] parents, Wanted? wanted = null) =>
        await Model.ForwardAsync(
            new[]
            {
                new ForwardItem
                {
                    Sequence = sequence,
                    Tokens = tokens,
                    Parents = parents,
                    Wanted = wanted ?? new Wanted(Logits: RowSelection.All),
                },
            }
        );

    private async Task<float> Difference(ISequence sequence, int row, int[] tokens)
    {
        var alone = await LastRow(tokens);
        return MaxDifference(sequence.Rows.Logits(row), alone);
    }

    private static int[] PathTo(int[] parents, int node)
    {
        var path = new List<int>();
        for (int n = node; n >= 0; n = parents[n])
        {
            path.Insert(0, n);
        }

        return [.. path];
    }

    private static float MaxDifference(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float most = 0;
        for (int i = 0; i < a.Length; i++)
        {
            most = Math.Max(most, Math.Abs(a[i] - b[i]));
        }

        return most;
    }
}

[CollectionDefinition("Reference models")]
public sealed class ReferenceModelsCollection : ICollectionFixture<ReferenceModels>;
