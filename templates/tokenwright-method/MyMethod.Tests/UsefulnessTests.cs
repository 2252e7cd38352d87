using Tokenwright;
using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;

namespace MyMethod.Tests;

/// <summary>What no clause can know: where this drafter ought to be of use, it is.</summary>
public sealed class UsefulnessTests
{
    [Fact]
    public void What_repeats_is_drafted_and_accepted()
    {
        // A model of four tokens: after token t comes t + 1, and after the last one the first. The last row is the one for no token.
        const int Tokens = 4;
        var table = new float[Tokens + 1][];
        for (int context = 0; context <= Tokens; context++)
        {
            table[context] = new float[Tokens];
            table[context][(context + 1) % Tokens] = 50;
        }

        var text = Run.Text(
            new Request
            {
                Model = new TableModel(table, order: 1),
                Loop = new DraftThenVerify(),
                Verifier = new Agree(),
                Drafter = new SuccessorDrafter(),
                Randomness = new KeyedRandomness(1),
                Prompt = new[] { 1, 2 },
                MaxTokens = 40,
            }
        );
        Assert.InRange(text.Statistics.Accepted, text.Tokens.Count / 2, text.Tokens.Count);
    }
}
