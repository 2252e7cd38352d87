using Tokenwright.Conformance;
using Tokenwright.Plugins.Aded;
using Tokenwright.Plugins.Standard;
using Tokenwright.Tests.Plugins.Drafting;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Aded;

public sealed class AdedTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tokenwright-aded-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_trigram_gains_four_hundredths_a_step_until_the_cap()
    {
        var store = new TrigramStore();
        for (int step = 1; step <= 100; step++)
        {
            store.Adapt([1, 2, 3]);
            store.Weight(1, 2, 3).Should().BeApproximately(Math.Min(3f, 0.04f * step), 1e-4f);
        }

        store.Weight(1, 2, 3).Should().Be(3);
        store.Weight(2, 3, 1).Should().Be(0);
    }

    [Fact]
    public void Only_the_last_sixteen_tokens_count()
    {
        var store = new TrigramStore();
        store.Adapt([.. Enumerable.Range(0, 20)]);

        store.Weight(3, 4, 5).Should().Be(0);
        store.Weight(4, 5, 6).Should().BeApproximately(0.04f, 1e-6f);
        store.RowCount.Should().Be(14);
    }

    [Fact]
    public void The_base_keeps_the_twelve_likeliest_and_is_read_back()
    {
        int[][] documents =
        [
            .. Enumerable.Range(0, 20).Select(i => Enumerable.Repeat(new[] { 30, 31, i }, 20 - i).SelectMany(t => t).ToArray()),
        ];
        var built = TrigramBase.Build(documents, 40);
        string file = Path.Combine(_folder, "base");
        built.Save(file);
        var read = TrigramBase.Load(file);

        read.RowCount.Should().Be(built.RowCount);
        read.Row(30, 31).ToArray().Should().Equal(built.Row(30, 31).ToArray());
        read.Row(30, 31).ToArray().Select(s => s.Token).Should().Equal(Enumerable.Range(0, 12));
        read.Row(30, 31)[0].Weight.Should().BeApproximately(20f / 210, 1e-6f);
        read.Row(1, 1).IsEmpty.Should().BeTrue();

        byte[] bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..^4]);
        ((Action)(() => TrigramBase.Load(file))).Should().Throw<InvalidDataException>().WithMessage("*damaged*");
        File.WriteAllText(file, "what is this? surely no tri-grams");
        ((Action)(() => TrigramBase.Load(file))).Should().Throw<InvalidDataException>().WithMessage("*no tri-grams*");
    }

    [Fact]
    public void What_a_text_adds_lies_over_the_base_and_never_in_it()
    {
        var corpus = TrigramBase.Build(
            [
                [1, 2, 3, 1, 2, 4],
            ],
            10
        );
        var one = new TrigramStore(corpus);
        var other = new TrigramStore(corpus);
        one.Adapt([1, 2, 3]);

        one.Weight(1, 2, 3).Should().BeApproximately(0.54f, 1e-6f);
        one.Weight(1, 2, 4).Should().Be(0.5f);
        other.Weight(1, 2, 3).Should().Be(0.5f);
    }

    [Fact]
    public void A_store_never_outgrows_its_bounds()
    {
        var store = new TrigramStore(maxRows: 10);
        for (int i = 0; i < 500; i++)
        {
            store.Adapt([i, i + 1, i % 7]);
            store.Adapt([1, 2, i]);
        }

        store.RowCount.Should().Be(10);
        store.Row(1, 2).Length.Should().BeLessThanOrEqualTo(TrigramStore.RowLimit);
        store.Weight(499, 500, 499 % 7).Should().BePositive();
        store.Weight(100, 101, 100 % 7).Should().Be(0);
    }

    [Theory]
    [InlineData(AdedSearch.BestFirst)]
    [InlineData(AdedSearch.Mcts)]
    public void The_second_generation_of_a_session_drafts_better(AdedSearch search)
    {
        var model = TableModel.Random(64, 2, seed: 1, context: 256);
        var stores = new SharedStores();
        Text Write(string session = "") =>
            Run.Text(
                Plain(model, [5, 6], 120, new KeyedRandomness(0), new Temperature()) with
                {
                    Stores = stores,
                    Drafter = new AdedDrafter
                    {
                        Search = search,
                        Nodes = 64,
                        Session = session,
                    },
                }
            );

        double first = Write().Statistics.TokensPerPass;
        double second = Write().Statistics.TokensPerPass;

        second.Should().BeGreaterThan(first).And.BeGreaterThan(1.5);
        Write("another").Statistics.TokensPerPass.Should().Be(first, "sessions never see what others add");
    }

    [Fact]
    public async Task The_tree_search_goes_on_along_the_heavier_path_and_repeats_itself()
    {
        // After 0 1 a decoy leads nowhere; the other way goes on.
        var corpus = new TrigramStore();
        for (int step = 0; step < 20; step++)
        {
            corpus.Adapt([0, 1, 2]);
            corpus.Adapt([0, 1, 3]);
        }

        for (int step = 0; step < 75; step++)
        {
            corpus.Adapt([1, 3, 4]);
            corpus.Adapt([3, 4, 5]);
        }

        corpus.Freeze();
        async Task<DraftTree> Search() =>
            await Drafts.AfterAsync(
                [0, 1],
                new AdedDrafter
                {
                    Store = corpus,
                    Search = AdedSearch.Mcts,
                    Nodes = 64,
                }
            );
        var right = await Search();

        right.Child(0, 3).Should().BePositive();
        right.Child(right.Child(0, 3), 4).Should().BePositive();
        Shape(await Search()).Should().Be(Shape(right), "the search is seeded by the text");
    }

    [Fact]
    public async Task The_published_defect_hides_where_a_heavy_path_begins()
    {
        // After 0 1 come 100 tokens, one as rare as the other; only 15 goes on to a sure path.
        const int Heavy = 15;
        var documents = new List<int[]>();
        for (int token = 10; token < 110; token++)
        {
            documents.Add([0, 1, token]);
            documents.AddRange(
                token == Heavy
                    ?
                    [
                        [1, Heavy, 5, 6],
                    ]
                    : Enumerable.Range(10, 100).Select(next => new[] { 1, token, next })
            );
        }

        var corpus = TrigramBase.Build(documents, 128);
        async Task<int> FirstDrafted(bool paperCompat)
        {
            var drafter = new AdedDrafter
            {
                Store = new TrigramStore(corpus),
                Search = AdedSearch.Mcts,
                PaperCompat = paperCompat,
                Nodes = 1,
            };
            return (await Drafts.AfterAsync([0, 1], drafter, Cycle.Of(128))).Token(1);
        }

        (await FirstDrafted(paperCompat: false)).Should().Be(Heavy);
        (await FirstDrafted(paperCompat: true)).Should().NotBe(Heavy);
    }

    [Theory]
    [InlineData(AdedSearch.BestFirst)]
    [InlineData(AdedSearch.Mcts)]
    public async Task A_tree_keeps_to_its_budget_and_one_token_drafts_nothing(AdedSearch search)
    {
        var random = new Random(1);
        int[] text = [.. Enumerable.Range(0, 3000).Select(_ => random.Next(16))];
        var store = new TrigramStore(TrigramBase.Build([text], 16));
        AdedDrafter Of() =>
            new()
            {
                Store = store,
                Search = search,
                Nodes = 64,
            };

        (await Drafts.AfterAsync(text[..8], Of())).Count.Should().BeInRange(10, 65);
        (await Drafts.AfterAsync([3], Of())).Count.Should().Be(1);
    }

    private static string Shape(DraftTree tree) =>
        string.Join(' ', Enumerable.Range(1, tree.Count - 1).Select(n => $"{tree.Parent(n)}:{tree.Token(n)}"));
}
