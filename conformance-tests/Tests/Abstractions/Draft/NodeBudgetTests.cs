namespace Tokenwright.Tests.Abstractions.Draft;

public sealed class NodeBudgetTests
{
    private static readonly ForwardProfile Flat = Profile(rows => 1 + 0.05 * (rows - 1));
    private static readonly ForwardProfile Linear = Profile(rows => rows);

    [Fact]
    public void A_higher_acceptance_never_drafts_less()
    {
        foreach (double row in new[] { 0.01, 0.05, 0.2, 0.5, 1 })
        {
            var profile = Profile(rows => 1 + (rows - 1) * row);
            int[] chosen = [.. Enumerable.Range(0, 101).Select(a => Best(Geometric(a / 100.0, 24), profile))];
            chosen.Should().BeInAscendingOrder();
        }
    }

    [Fact]
    public void A_better_chance_at_one_depth_never_drafts_less()
    {
        var random = new Random(1);
        for (int i = 0; i < 2000; i++)
        {
            double row = random.NextDouble();
            var profile = Profile(rows => 1 + (rows - 1) * row);
            double[] chances = [.. Enumerable.Range(0, 8).Select(_ => random.NextDouble())];
            int before = Best(Products(chances), profile);
            int at = random.Next(8);
            chances[at] = Math.Min(1, chances[at] + 0.2);

            Best(Products(chances), profile).Should().BeGreaterThanOrEqualTo(before);
        }
    }

    [Fact]
    public void The_choice_has_the_most_expected_tokens_per_millisecond()
    {
        var random = new Random(2);
        for (int i = 0; i < 1000; i++)
        {
            double[] gains = Products([.. Enumerable.Range(0, 12).Select(_ => 0.4 + 0.6 * random.NextDouble())]);
            double[] costs = [.. Enumerable.Range(0, 13).Select(_ => 1.0 + random.Next(8))];
            var profile = new ForwardProfile([1], [.. Enumerable.Range(1, 13)], [costs]);
            var draft = new DraftCost(random.NextDouble(), 0.2 * random.NextDouble());
            double Speed(int n) => (1 + gains.Take(n).Sum()) / (costs[n] + draft.Of(n));

            int chosen = new NodeBudget().Choose(gains, profile, past: 1, draft);

            Enumerable.Range(0, 13).Max(Speed).Should().BeApproximately(Speed(chosen), 1e-12);
        }
    }

    [Fact]
    public void Certain_tokens_on_a_flat_cost_fill_the_room_and_no_more()
    {
        for (int room = 0; room < 40; room++)
        {
            Best(Geometric(1, room), Flat).Should().Be(room);
        }
    }

    [Fact]
    public void Drafting_that_does_not_pay_is_not_done()
    {
        Best(Geometric(0.3, 16), Linear).Should().Be(0);
        Best(Geometric(0, 16), Flat).Should().Be(0);
        new NodeBudget().Choose(Geometric(0.9, 16), Flat, past: 1, new DraftCost(0, 1)).Should().Be(0);
        Best(Geometric(0.9, 16), Flat).Should().BeGreaterThan(4);
    }

    [Fact]
    public void An_unmeasured_target_has_cheap_rows()
    {
        Best(Geometric(0.5, 16), null).Should().BeInRange(2, 6);
        Best(Geometric(0.02, 16), null).Should().Be(0);
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.4)]
    [InlineData(1.0)]
    public void It_looks_again_for_no_more_than_its_share_of_the_time(double row)
    {
        const int Steps = 2000;
        var profile = Profile(rows => 1 + (rows - 1) * row);
        var budget = new NodeBudget();
        int looks = 0;
        for (int step = 0; step < Steps; step++)
        {
            int nodes = budget.Choose(Geometric(0.01, 8), profile, past: 1);
            nodes.Should().BeInRange(0, 1);
            looks += nodes;
        }

        looks.Should().BeGreaterThan(0);
        (looks * row).Should().BeLessThanOrEqualTo(NodeBudget.ProbeShare * Steps);
        (looks * row).Should().BeGreaterThan(NodeBudget.ProbeShare * Steps * 0.6);
    }

    [Fact]
    public void A_draft_that_turns_bad_stops_and_one_that_turns_good_comes_back()
    {
        var budget = new NodeBudget();
        Span<double> gains = stackalloc double[16];

        Run(budget, gains, 60, accepted: 4).Should().BeGreaterThan(3);
        Run(budget, gains, 600, accepted: 0).Should().BeLessThan(0.5);
        Run(budget, gains, 400, accepted: 4).Should().BeGreaterThan(2);
    }

    [Fact]
    public void A_useless_drafter_costs_little_on_a_text_of_ordinary_length()
    {
        foreach (double row in new[] { 0.02, 0.05, 0.3 })
        {
            var profile = Profile(rows => 1 + (rows - 1) * row);
            var budget = new NodeBudget();
            double[] gains = new double[16];
            double cost = 0;
            for (int step = 0; step < 128; step++)
            {
                budget.History.Chain(gains);
                int nodes = budget.Choose(gains, profile, past: 1);
                cost += profile.Milliseconds(nodes + 1, 1);
                Learn(budget, nodes, accepted: 0);
            }

            cost.Should().BeLessThan(128 * 1.05);
        }
    }

    [Fact]
    public void What_a_useless_drafter_takes_itself_is_earned_before_another_look()
    {
        const int Steps = 80;
        var profile = Profile(rows => 1 + 0.07 * (rows - 1));
        var draft = new DraftCost(0, 0.16);
        var budget = new NodeBudget();
        double[] gains = new double[16];
        double cost = 0;
        for (int step = 0; step < Steps; step++)
        {
            budget.History.Chain(gains);
            int nodes = budget.Choose(gains, profile, past: 1, draft);
            cost += profile.Milliseconds(nodes + 1, 1) + draft.Of(nodes);
            Learn(budget, nodes, accepted: 0);
        }

        cost.Should().BeLessThan(Steps * 1.03);
    }

    [Fact]
    public void Equal_histories_choose_equally_and_nothing_is_allocated()
    {
        var a = new NodeBudget();
        var b = new NodeBudget();
        Span<double> gains = stackalloc double[16];
        long before = 0;
        for (int step = 0; step < 500; step++)
        {
            if (step == 100)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            a.History.Chain(gains);
            int nodes = a.Choose(gains, Flat, past: step);
            b.History.Chain(gains);
            if (b.Choose(gains, Flat, past: step) != nodes)
            {
                throw new InvalidOperationException("The choices differ.");
            }

            Learn(a, nodes, accepted: step / 50 % 2 * 3);
            Learn(b, nodes, accepted: step / 50 % 2 * 3);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    [Theory]
    [InlineData("auto", null)]
    [InlineData(" Auto ", null)]
    [InlineData("0", 0)]
    [InlineData("16", 16)]
    [InlineData("1024", 1024)]
    public void A_count_is_auto_or_a_number(string text, int? number)
    {
        NodeCount.TryParse(text, out var count).Should().BeTrue();
        count.Number.Should().Be(number);
        NodeCount.TryParse(count.ToString(), out var again).Should().BeTrue();
        again.Should().Be(count);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("-1")]
    [InlineData("1025")]
    [InlineData("many")]
    public void Anything_else_is_refused(string? text) => NodeCount.TryParse(text, out _).Should().BeFalse();

    private static int Best(double[] gains, ForwardProfile? profile) => new NodeBudget().Choose(gains, profile, past: 1);

    private static double Run(NodeBudget budget, Span<double> gains, int steps, int accepted)
    {
        int last = 0;
        for (int step = 0; step < steps; step++)
        {
            budget.History.Chain(gains);
            int nodes = budget.Choose(gains, Flat, past: 1);
            Learn(budget, nodes, accepted);
            last += step >= steps / 2 ? nodes : 0;
        }

        return last / (steps / 2.0);
    }

    private static void Learn(NodeBudget budget, int nodes, int accepted)
    {
        for (int depth = 1; depth <= Math.Min(nodes, accepted + 1); depth++)
        {
            budget.History.Count(depth, rank: 0, depth <= accepted);
        }
    }

    private static double[] Geometric(double acceptance, int count) => Products([.. Enumerable.Repeat(acceptance, count)]);

    private static double[] Products(double[] chances)
    {
        double reached = 1;
        return [.. chances.Select(c => reached *= c)];
    }

    private static ForwardProfile Profile(Func<int, double> milliseconds)
    {
        int[] rows = [1, 2, 4, 8, 16, 32, 64];
        return new ForwardProfile(
            [16],
            rows,
            [
                [.. rows.Select(milliseconds)],
            ]
        );
    }
}
