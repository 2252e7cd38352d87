using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;
using static Tokenwright.Tests.Seams.Recipes;

namespace Tokenwright.Tests.Seams;

/// <summary>A warm step allocates nothing, the async iterator included.</summary>
public class AllocationTests
{
    [Theory]
    [InlineData("greedy", "agree, nothing")]
    [InlineData("sampling", "agree, nothing")]
    [InlineData("cuts", "agree, nothing")]
    [InlineData("penalties", "agree, nothing")]
    [InlineData("typical", "agree, nothing")]
    [InlineData("constraint", "agree, nothing")]
    [InlineData("greedy", "agree, tree")]
    [InlineData("sampling", "agree, tree")]
    [InlineData("penalties", "agree, tree")]
    [InlineData("cuts", "agree, hidden")]
    public async Task AWarmStepAllocatesNothing(string shape, string parts)
    {
        var model = TableModel.Random(64, 1, seed: 1, context: 4096);
        var request = Make(parts, Plain(model, [1, 2, 3], 4000, new KeyedRandomness(1), Processors(shape)), model) with
        {
            Constraint = shape == "constraint" ? new EvenConstraint() : null,
        };
        var generation = await Run.StartAsync(request);
        await using var steps = request
            .Loop.RunAsync(generation, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);

        Advance(steps, 300);
        long bytes = Advance(steps, 200);

        bytes.Should().Be(0);
    }

    private static long Advance(IAsyncEnumerator<Step> steps, int count)
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

    private static ILogitsProcessor[] Processors(string shape)
    {
        ILogitsProcessor[] cuts = [new TopKCut { Value = 20 }, new TopPCut { Value = 0.9 }, new MinPCut { Value = 0.01 }];
        return shape switch
        {
            "greedy" => [new Temperature()],
            "sampling" => [],
            "cuts" => cuts,
            "typical" => [new Temperature { Value = 0.8 }, new TypicalCut { Value = 0.9 }],
            "penalties" =>
            [
                new Temperature { Value = 0.8 },
                new RepetitionPenalty { Penalty = 1.2 },
                new FrequencyPenalty { Penalty = 0.3 },
                new PresencePenalty { Penalty = 0.3 },
                new LogitBias { Bias = ["3:1"] },
                new MinTokens { Count = 5000 },
                .. cuts,
            ],
            _ => [],
        };
    }

    // Even and odd tokens take turns.
    private sealed class EvenConstraint : ITokenConstraint
    {
        public bool IsActive => true;

        public ShapeState Start => new(0);

        public void Mask(in ShapeState state, Span<ulong> allowed) =>
            allowed.Fill(state.Bits == 0 ? 0x5555555555555555 : 0xAAAAAAAAAAAAAAAA);

        public ShapeState Next(in ShapeState state, int token) => new(1 - state.Bits);

        public bool Allows(in ShapeState state, int token) => token % 2 == state.Bits;
    }
}
