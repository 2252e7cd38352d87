using Tokenwright.Conformance;
using Tokenwright.Plugins.Aded;
using Tokenwright.Plugins.Standard;
using Tokenwright.Plugins.TokenRecycling;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Drafting;

/// <summary>Stores that hold rubbish change no text; what else drafts must not change, the clauses of the conformance suite say.</summary>
public sealed class RubbishTests
{
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
            Request Plainly() =>
                Plain(
                    model,
                    [3, 1, 4],
                    48,
                    new KeyedRandomness(2),
                    [new Temperature { Value = temperature }, new TopKCut { Value = 6 }, new TopPCut { Value = 0.9 }]
                );
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
}
