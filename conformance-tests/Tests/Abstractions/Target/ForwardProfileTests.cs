using Tokenwright.Conformance;

namespace Tokenwright.Tests.Abstractions.Target;

public sealed class ForwardProfileTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(32)]
    public async Task A_row_count_that_was_disturbed_every_time_costs_no_more_than_a_larger_one(int disturbed)
    {
        var model = new Disturbed(TableModel.Random(4, 1, seed: 1, context: 1024), (_, rows) => rows == disturbed);

        var profile = await ForwardProfile.MeasureAsync(model, TestContext.Current.CancellationToken);

        foreach (var costs in profile.Table)
        {
            costs.Should().BeInAscendingOrder();
        }

        profile.Milliseconds(disturbed, 16).Should().BeLessThan(Disturbed.Milliseconds);
    }

    [Fact]
    public async Task Some_disturbed_forwards_do_not_show()
    {
        // Two of three turns of every row count.
        var model = new Disturbed(TableModel.Random(4, 1, seed: 1, context: 1024), (turn, _) => turn / 7 % 3 != 0);

        var profile = await ForwardProfile.MeasureAsync(model, TestContext.Current.CancellationToken);

        profile.Table.SelectMany(costs => costs).Should().AllSatisfy(cost => cost.Should().BeLessThan(Disturbed.Milliseconds));
    }

    [Fact]
    public async Task A_longer_past_never_costs_less()
    {
        var model = new Disturbed(TableModel.Random(4, 1, seed: 1, context: 1024), (turn, _) => turn < 43);

        var profile = await ForwardProfile.MeasureAsync(model, TestContext.Current.CancellationToken);

        profile.Pasts.Should().HaveCount(2);
        foreach (int rows in profile.Rows)
        {
            profile
                .Milliseconds(rows, profile.Pasts[0])
                .Should()
                .BeLessThanOrEqualTo(profile.Milliseconds(rows, profile.Pasts[1]));
        }
    }

    /// <summary>A model whose forwards wait for something else now and then.</summary>
    private sealed class Disturbed(TableModel inner, Func<int, int, bool> waits) : ICausalModel
    {
        public const int Milliseconds = 20;

        private int _turn;

        public ModelInfo Info => inner.Info;

        public Capabilities Capabilities => inner.Capabilities;

        public string Explain(Capabilities missing) => inner.Explain(missing);

        public ISequence CreateSequence() => inner.CreateSequence();

        public ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default)
        {
            if (waits(_turn++, items.Span[0].Tokens.Length))
            {
                Thread.Sleep(Milliseconds);
            }

            return inner.ForwardAsync(items, cancellation);
        }

        public void Dispose() { }
    }
}
