using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using Tokenwright.Plugins.TokenRecycling;
using Tokenwright.Tests.Plugins.Drafting;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.TokenRecycling;

public sealed class TokenRecyclingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tokenwright-recycling-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_template_is_the_published_one()
    {
        var template = TreeTemplate.Published;
        int[] nodes = [.. Enumerable.Range(1, template.Count - 1)];

        nodes.Should().HaveCount(80);
        nodes.GroupBy(template.Depth).Select(level => level.Count()).Should().Equal(8, 21, 25, 15, 8, 3);
        nodes.Count(n => !nodes.Any(m => template.Parent(m) == n)).Should().Be(40);
        nodes.Should().OnlyContain(n => template.Parent(n) < n && template.Depth(n) == template.Depth(template.Parent(n)) + 1);
    }

    [Fact]
    public async Task The_tree_is_gathered_along_the_template()
    {
        var matrix = new SuccessorMatrix(600);
        for (int token = 0; token < 600; token++)
        {
            matrix.Write(token, [.. Enumerable.Range(0, 8).Select(rank => Successor(token, rank))]);
        }

        var drafter = new TokenRecyclingDrafter { Matrix = matrix, Nodes = 80 };
        var tree = await Drafts.AfterAsync([5], drafter, TableModel.Random(600, 0, seed: 1));

        var template = TreeTemplate.Published;
        tree.Count.Should().Be(81);
        for (int node = 1; node < tree.Count; node++)
        {
            tree.Parent(node).Should().Be(template.Parent(node));
            tree.Token(node).Should().Be(Successor(tree.Token(tree.Parent(node)), template.Rank(node)));
        }

        static int Successor(int token, int rank) => (token * 8 + rank + 1) % 600;
    }

    [Fact]
    public void A_known_text_takes_seven_tokens_a_pass()
    {
        var model = Cycle.Of(40);
        var text = Run.Text(
            Plain(model, [0], 40 + 7 * 20, new KeyedRandomness(0), new Temperature()) with
            {
                Drafter = new TokenRecyclingDrafter { Nodes = 80 },
            }
        );

        // The first round through the cycle teaches every token's row.
        int learnt = 0;
        int step = 0;
        while (learnt < 40)
        {
            learnt += text.Steps[step++];
        }

        text.Steps.Skip(step).SkipLast(1).Should().NotBeEmpty().And.OnlyContain(count => count == 7);
    }

    [Fact]
    public void Every_row_of_a_pass_is_learnt_and_no_other()
    {
        var model = TableModel.Random(32, 1, seed: 3);
        var matrix = new SuccessorMatrix(32);
        Run.Text(
            Plain(model, [5, 6], 2, new KeyedRandomness(0), new Temperature()) with
            {
                Drafter = new TokenRecyclingDrafter { Matrix = matrix, Nodes = 80 },
            }
        );

        int[] row = new int[8];
        float[] logits = new float[8];
        int[] expected = new int[8];
        int set = 0;
        for (int token = 0; token < 32; token++)
        {
            if (matrix.Read(token, row))
            {
                TopK.Select(model.Logits([token]), expected, logits);
                // The prompt went on with 6.
                row.Should().Equal(token == 5 ? [expected[0], 6, .. expected[1..].Where(t => t != 6).Take(6)] : expected);
                set++;
            }
        }

        // The prompt's two, and the first token of the output, whose row nothing had been drafted below.
        set.Should().Be(3);
        matrix.Read(5, row).Should().BeTrue();
    }

    [Fact]
    public void Prompt_rows_teach_only_where_that_is_wanted_but_what_follows_what_is_always_known()
    {
        var model = TableModel.Random(32, 1, seed: 3);
        var matrix = new SuccessorMatrix(32);
        var text = Run.Text(
            Plain(model, [5, 6, 7], 1, new KeyedRandomness(0)) with
            {
                Drafter = new TokenRecyclingDrafter { Matrix = matrix, UsesPromptRows = false },
            }
        );

        int[] row = new int[8];
        matrix.Read(5, row).Should().BeTrue();
        row.Should().Equal(6, -1, -1, -1, -1, -1, -1, -1);
        matrix.Read(7, row).Should().BeTrue();
        row[0].Should().Be(text.Tokens[0]);
        matrix.Read(8, row).Should().BeFalse();
    }

    [Fact]
    public void What_followed_last_stands_second_at_least()
    {
        var matrix = new SuccessorMatrix(20);
        int[] row = new int[8];
        matrix.Write(3, [1, 2, 4, 5, 6, 7, 8, 9]);

        matrix.Follow([3, 6, 3]);
        matrix.Read(3, row);
        row.Should().Equal(1, 6, 2, 4, 5, 7, 8, 9);

        matrix.Count(0, 3, 11);
        matrix.Read(3, row);
        row.Should().Equal(1, 11, 2, 4, 5, 6, 7, 8);

        matrix.Follow([3, 1]);
        matrix.Read(3, row);
        row.Should().Equal(1, 2, 4, 5, 6, 7, 8, 9);

        matrix.Freeze();
        matrix.Follow([3, 6]);
        matrix.Read(3, row);
        row.Should().Equal(1, 2, 4, 5, 6, 7, 8, 9);
    }

    [Fact]
    public void A_warm_store_drafts_better_and_a_smaller_budget_takes_the_likelier_nodes()
    {
        var model = TableModel.Random(48, 1, seed: 3, spread: 3, context: 256);
        var stores = new SharedStores();
        Text Write(int nodes, ulong seed) =>
            Run.Text(Plain(model, [5, 6], 200, new KeyedRandomness(seed)).With("token-recycling", stores, nodes));

        double cold = Write(80, 1).Statistics.TokensPerPass;
        for (ulong seed = 2; seed < 6; seed++)
        {
            Write(80, seed);
        }

        double warm = Write(80, 1).Statistics.TokensPerPass;
        warm.Should().BeGreaterThan(cold).And.BeGreaterThan(2);
        double small = Write(16, 1).Statistics.TokensPerPass;
        small.Should().BeGreaterThan(0.75 * warm).And.BeLessThan(warm);
    }

    [Fact]
    public void A_frozen_store_repeats_to_the_row_and_stays_as_it_is()
    {
        var model = TableModel.Random(48, 1, seed: 3, spread: 3);
        var matrix = new SuccessorMatrix(48);
        Text Write(Learning learning = Learning.Shared) =>
            Run.Text(
                Plain(model, [5, 6], 50, new KeyedRandomness(1)) with
                {
                    Drafter = new TokenRecyclingDrafter
                    {
                        Matrix = matrix,
                        Nodes = 80,
                        Learning = learning,
                    },
                }
            );
        Write();
        var asPrivate = Write(Learning.Private);
        matrix.Freeze();
        string before = Dump(matrix);
        var first = Write();
        var second = Write();

        second.Steps.Should().Equal(first.Steps).And.Equal(asPrivate.Steps);
        second.Statistics.Drafted.Should().Be(first.Statistics.Drafted);
        Dump(matrix).Should().Be(before);
    }

    [Fact]
    public void What_was_saved_is_read_back_and_what_is_damaged_is_refused()
    {
        string file = Path.Combine(_folder, "recycled");
        var matrix = new SuccessorMatrix(20);
        matrix.Write(3, [1, 2, 3, 4, 5, 6, 7, -1]);
        matrix.Count(0, 3, 2);
        matrix.Follow([4, 5]);
        matrix.Save(file);
        Directory.GetFiles(_folder).Should().ContainSingle();

        var read = SuccessorMatrix.Load(file);

        Dump(read).Should().Be(Dump(matrix));
        byte[] bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..^1]);
        Loading().Should().Throw<InvalidDataException>().WithMessage("*damaged*");
        bytes[^1] = 0x7f;
        File.WriteAllBytes(file, bytes);
        Loading().Should().Throw<InvalidDataException>().WithMessage("*damaged*");
        File.WriteAllText(file, "what");
        Loading().Should().Throw<InvalidDataException>().WithMessage("*no recycled tokens*");

        Action Loading() => () => SuccessorMatrix.Load(file);
    }

    [Fact]
    public async Task A_store_of_another_vocabulary_is_refused()
    {
        var drafter = new TokenRecyclingDrafter { Matrix = new SuccessorMatrix(20) };

        var preparing = async () => await drafter.PrepareAsync(new PartContext { Target = Cycle.Of(21) });

        (await preparing.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*vocabulary of 20*21*");
    }

    [Fact]
    public void A_store_survives_in_a_file_from_run_to_run()
    {
        string file = Path.Combine(_folder, "kept");
        var model = Cycle.Of(40);
        Text Write(string? load) =>
            Run.Text(
                Plain(model, [0], 60, new KeyedRandomness(0), new Temperature()) with
                {
                    Drafter = new TokenRecyclingDrafter
                    {
                        Nodes = 80,
                        LoadFrom = load,
                        SaveTo = file,
                    },
                }
            );

        int cold = Write(null).Statistics.Steps;
        Write(file).Statistics.Steps.Should().BeLessThan(cold);
    }

    private static string Dump(SuccessorMatrix matrix)
    {
        int[] row = new int[8];
        double[] rates = new double[64];
        matrix.Rates(rates);
        return string.Join(
                ";",
                Enumerable
                    .Range(0, matrix.VocabularySize)
                    .Select(t =>
                    {
                        matrix.Read(t, row);
                        return string.Join(",", row);
                    })
            ) + string.Join(",", rates);
    }
}
