using Tokenwright.Conformance;
using Tokenwright.Plugins.Aded;
using Tokenwright.Plugins.Standard;
using Tokenwright.Plugins.TokenRecycling;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Drafting;

/// <summary>Whatever these drafters propose, the law of a text and the text of a seed stay those of plain decoding.</summary>
public sealed class DraftLawTests
{
    private static readonly int[] Prompt = [1, 0, 1];

    public static MatrixTheoryData<string, string> LawCases() =>
        new(["plain", "greedy", "hot", "top-p", "repetition", "all"], Drafters.Names);

    public static MatrixTheoryData<double, string> SeedCases() => new([0, 0.3, 0.7, 1, 1.5], Drafters.Names);

    [Theory]
    [MemberData(nameof(LawCases))]
    public async Task A_text_has_the_law_of_plain_sampling(string shape, string drafter)
    {
        var model = TableModel.Random(3, 2, seed: 5);
        var expected = await TargetLawAsync(model, Prompt, 5, Shape(shape));

        var law = LawOf(randomness => Plain(model, Prompt, 5, randomness, Shape(shape)).With(drafter));

        law.Mass.Should().BeApproximately(1, 1e-12);
        law.TotalVariation(expected).Should().BeLessThan(1e-9);
        model.OpenSequences.Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(SeedCases))]
    public void A_seed_has_the_text_of_plain_decoding(double temperature, string drafter)
    {
        var model = TableModel.Random(12, 2, seed: 1);
        foreach (string cuts in new[] { "none", "cuts", "penalties" })
        {
            var stores = new SharedStores();
            for (ulong seed = 0; seed < 4; seed++)
            {
                Request Plainly() => Plain(model, [3, 1, 4], 48, new KeyedRandomness(seed), Shaped(temperature, cuts));
                var plain = Run.Text(Plainly());

                Run.Text(Plainly().With(drafter, stores)).Tokens.Should().Equal(plain.Tokens, "{0}, seed {1}", cuts, seed);
                Run.Text(Plainly().With(drafter, stores, NodeCount.Auto)).Tokens.Should().Equal(plain.Tokens, "auto");
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(11)]
    [InlineData(-1)]
    public void Rubbish_in_the_stores_changes_nothing(int token)
    {
        var model = TableModel.Random(12, 2, seed: 1);
        var random = new Random(3);
        var matrix = new SuccessorMatrix(12);
        for (int t = 0; t < 12; t++)
        {
            matrix.Write(t, [.. Enumerable.Range(0, 8).Select(_ => token < 0 ? random.Next(12) : token)]);
        }

        matrix.Freeze();
        int[] document = [.. Enumerable.Range(0, 200).Select(_ => token < 0 ? random.Next(12) : token)];
        var store = new TrigramStore(TrigramBase.Build([document], 12));
        foreach (double temperature in new[] { 0, 1.0 })
        {
            Request Plainly() => Plain(model, [3, 1, 4], 48, new KeyedRandomness(2), Shaped(temperature, "cuts"));
            var plain = Run.Text(Plainly()).Tokens;

            Run.Text(
                    Plainly() with
                    {
                        Drafter = new TokenRecyclingDrafter { Matrix = matrix, Nodes = 80 },
                    }
                )
                .Tokens.Should()
                .Equal(plain);
            foreach (var search in Enum.GetValues<AdedSearch>())
            {
                Run.Text(
                        Plainly() with
                        {
                            Drafter = new AdedDrafter
                            {
                                Store = store.Copy(),
                                Search = search,
                                Nodes = 64,
                            },
                        }
                    )
                    .Tokens.Should()
                    .Equal(plain);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void One_token_prompts_end_tokens_and_small_budgets_are_no_trouble(string drafter)
    {
        var model = TableModel.Random(4, 1, seed: 9, ends: [2], context: 24);
        for (ulong seed = 0; seed < 8; seed++)
        {
            for (int most = 1; most < 30; most += 4)
            {
                Request Plainly() => Plain(model, [1], most, new KeyedRandomness(seed));
                var plain = Run.Text(Plainly());
                var drafted = Run.Text(Plainly().With(drafter));

                drafted.Tokens.Should().Equal(plain.Tokens);
                drafted.Reason.Should().Be(plain.Reason);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_model_without_trees_is_given_chains(string drafter)
    {
        var model = TableModel.Random(12, 1, seed: 1, spread: 3, capabilities: Capabilities.None);
        Request Plainly() => Plain(model, [3, 1, 4], 50, new KeyedRandomness(0), new Temperature());
        if (drafter.StartsWith("combined", StringComparison.Ordinal))
        {
            Assert.Skip("Merged chains may branch; the combination asks for trees.");
        }

        Run.Text(Plainly().With(drafter)).Tokens.Should().Equal(Run.Text(Plainly()).Tokens);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_same_run_from_the_same_stores_drafts_the_same(string drafter)
    {
        var model = TableModel.Random(24, 1, seed: 4, spread: 3);
        Text Once()
        {
            var stores = new SharedStores();
            Run.Text(Plain(model, [3, 1, 4], 50, new KeyedRandomness(1)).With(drafter, stores));
            return Run.Text(Plain(model, [7, 1, 4], 50, new KeyedRandomness(2)).With(drafter, stores));
        }

        var first = Once();
        var second = Once();

        second.Steps.Should().Equal(first.Steps);
        second.Statistics.Drafted.Should().Be(first.Statistics.Drafted);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_warm_step_allocates_nothing(string drafter)
    {
        var model = TableModel.Random(64, 1, seed: 1, context: 4096);
        var generation = await Run.StartAsync(Plain(model, [1, 2, 3], 4000, new KeyedRandomness(1)).With(drafter));
        await using var steps = new DraftThenVerify()
            .RunAsync(generation, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Advance(300);

        Advance(200).Should().Be(0);

        long Advance(int count)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < count; i++)
            {
                var moved = steps.MoveNextAsync();
                if (!moved.IsCompletedSuccessfully || !moved.Result)
                {
                    throw new InvalidOperationException("The text ended, or a step did not complete at once.");
                }
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Texts_that_share_stores_at_the_same_time_stay_themselves(string drafter)
    {
        var stores = new SharedStores();
        var texts = Enumerable.Range(0, 8).Select(i => Task.Run(() => Write(i, drafter, stores)));
        var together = await Task.WhenAll(texts);
        for (int i = 0; i < together.Length; i++)
        {
            together[i].Should().Equal(Write(i, null, stores));
        }
    }

    public static TheoryData<string> Names() => [.. Drafters.Names];

    private static IReadOnlyList<int> Write(int i, string? drafter, SharedStores stores)
    {
        var plain = Plain(TableModel.Random(12, 2, seed: 1), [3, i, 4], 55, new KeyedRandomness((ulong)i));
        return Run.Text(drafter is null ? plain : plain.With(drafter, stores)).Tokens;
    }

    private static ILogitsProcessor[] Shaped(double temperature, string cuts) =>
        [
            new Temperature { Value = temperature },
            .. cuts == "cuts"
                ? new ILogitsProcessor[]
                {
                    new TopKCut { Value = 6 },
                    new TopPCut { Value = 0.9 },
                }
                : [],
            .. cuts == "penalties"
                ? new ILogitsProcessor[]
                {
                    new RepetitionPenalty { Penalty = 1.2 },
                    new FrequencyPenalty { Penalty = 0.3 },
                    new PresencePenalty { Penalty = -0.4 },
                }
                : [],
        ];
}
