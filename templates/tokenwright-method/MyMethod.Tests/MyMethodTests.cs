using Tokenwright;
using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;

namespace MyMethod.Tests;

/// <summary>On table models: the logits are an exact function of the last tokens, so what must be equal is equal to the last token.</summary>
public sealed class MyMethodTests
{
    private static readonly int[] Prompt = [1, 2];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_seed_gives_the_text_that_it_gives_without_the_drafter(ulong seed)
    {
        var model = TableModel.Random(vocabulary: 5, order: 2, seed: 7);
        var plain = Run.Text(Request(model, null, new KeyedRandomness(seed), 40));
        var drafted = Run.Text(Request(model, new SuccessorDrafter(), new KeyedRandomness(seed), 40));
        Assert.Equal(plain.Tokens, drafted.Tokens);
    }

    [Fact]
    public void The_law_of_the_text_is_that_of_the_model()
    {
        const int Count = 4;
        var model = TableModel.Random(vocabulary: 3, order: 1, seed: 3);
        var drafted = Law.Of(random => Run.Text(Request(model, new SuccessorDrafter(), random, Count)).Tokens);
        var plain = Law.OfTarget(model, Run.Shape(model), Prompt, Count);
        Assert.InRange(drafted.TotalVariation(plain), 0, 1e-9);
    }

    [Fact]
    public void What_repeats_is_drafted_and_accepted()
    {
        // After token t comes t + 1, and after the last one the first; the last row is the one for no token.
        const int Tokens = 4;
        var table = new float[Tokens + 1][];
        for (int context = 0; context <= Tokens; context++)
        {
            table[context] = new float[Tokens];
            table[context][(context + 1) % Tokens] = 50;
        }

        var text = Run.Text(Request(new TableModel(table, order: 1), new SuccessorDrafter(), new KeyedRandomness(1), 40));
        Assert.InRange(text.Statistics.Accepted, text.Tokens.Count / 2, text.Tokens.Count);
    }

    private static Request Request(TableModel model, IDrafter? drafter, IRandomness random, int count) =>
        new()
        {
            Model = model,
            Loop = new DraftThenVerify(),
            Verifier = new Agree(),
            Drafter = drafter,
            Randomness = random,
            Prompt = Prompt,
            MaxTokens = count,
        };
}
