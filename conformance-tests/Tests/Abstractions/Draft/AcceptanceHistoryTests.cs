using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Tests.Abstractions.Draft;

public sealed class AcceptanceHistoryTests
{
    [Fact]
    public void Estimates_move_to_what_was_seen()
    {
        var history = new AcceptanceHistory();
        for (int i = 0; i < 300; i++)
        {
            history.Count(1, 0, kept: i % 4 != 0);
            history.Count(1, 1, kept: i % 4 == 0);
        }

        history.Acceptance(1).Should().BeApproximately(0.75, 0.05);
        history.Acceptance(1, rank: 1).Should().BeApproximately(0.25, 0.05);
        history.Acceptance(2).Should().Be(history.Acceptance(1), "a depth without trials leans on the one above");
        history.Acceptance(1000, rank: 1000).Should().BeInRange(0, 0.01);
    }

    [Fact]
    public void A_chain_has_the_products_along_it()
    {
        var history = new AcceptanceHistory();
        history.Count(1, 0, true);
        history.Count(2, 0, false);
        var gains = new double[40];

        history.Chain(gains);

        double product = 1;
        for (int i = 0; i < gains.Length; i++)
        {
            gains[i].Should().BeApproximately(product *= history.Acceptance(i + 1), 1e-15);
        }
    }

    [Fact]
    public void Children_of_kept_nodes_are_trials_and_those_of_others_are_not()
    {
        // 1 follows 0, 2 follows 1, and nothing else happens.
        var model = new TableModel(
            [
                [0, 100, 0],
                [0, 0, 100],
                [100, 0, 0],
                [0, 0, 0],
            ],
            order: 1
        );
        var drafter = new Counting();

        Run.Text(
            new Request
            {
                Model = model,
                Loop = new DraftThenVerify(),
                Verifier = new Agree(),
                Randomness = new KeyedRandomness(0),
                Processors = [new Temperature()],
                Prompt = new[] { 2 },
                MaxTokens = 4,
                Drafter = drafter,
            }
        );

        // After 0 the draft is {2 {1}, 1 {0}}: 2 fails, 1 is kept, its 0 fails, and the 1 below 2 was never tried.
        drafter.History.Acceptance(1, 0).Should().BeApproximately((0 + 2 * 0.5) / 3, 1e-12);
        drafter.History.Acceptance(1, 1).Should().BeApproximately((1 + 2 * 0.125) / 3, 1e-12);
        drafter.History.Acceptance(2, 0).Should().BeApproximately(2 * drafter.History.Acceptance(1, 0) / 3, 1e-12);
    }

    private sealed class Counting : IDrafter
    {
        public AcceptanceHistory History { get; } = new();

        public ProposalModes Proposes => ProposalModes.Deterministic;

        public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
        {
            if (context.Committed[^1] == 0)
            {
                tree.Add(tree.Add(0, 2), 1);
                tree.Add(tree.Add(0, 1), 0);
            }

            return default;
        }

        public void Observe(in Observation observation) => History.Observe(observation);
    }
}
