using Tokenwright.Conformance;
using Tokenwright.Mutants;
using static Tokenwright.Conformance.Texts;
using static Tokenwright.Tests.Seams.Recipes;

namespace Tokenwright.Tests.Seams;

/// <summary>The real generator over whole texts of several rounds, against the exact law.</summary>
public class GeneratorTests
{
    private const int Seeds = 10_000;
    private const int Count = 4;
    private static readonly int[] Prompt = [1, 0];

    [Theory]
    [InlineData("plain", "agree, nothing")]
    [InlineData("all", "agree, nothing")]
    [InlineData("plain", "agree, same noise")]
    [InlineData("hot", "token, chain")]
    [InlineData("all", "token, chain")]
    [InlineData("hot", "block, chain")]
    [InlineData("all", "block, chain")]
    [InlineData("plain", "rejection, without replacement")]
    [InlineData("top-p", "rejection, independent")]
    public async Task TextsOfManySeedsHaveTheExactLaw(string shape, string parts)
    {
        var model = TableModel.Random(3, 2, seed: 5);
        var draft = TableModel.Random(3, 1, seed: 12);
        var law = await TargetLawAsync(model, Prompt, Count, Shape(shape));
        string[] outputs = [.. law.Probabilities.Keys.Order(StringComparer.Ordinal)];
        var counts = new long[outputs.Length];
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var text = Run.Text(Make(parts, Plain(model, Prompt, Count, new KeyedRandomness(seed), Shape(shape)), draft));
            counts[Array.IndexOf(outputs, string.Join(' ', text.Tokens))]++;
        }

        ChiSquare.Pooled(counts, [.. outputs.Select(o => law.Probabilities[o])]).Should().BeGreaterThan(1e-4);
    }

    [Fact]
    public async Task TheTestSeesAMissingResidual()
    {
        var model = TableModel.Random(3, 2, seed: 5);
        var draft = TableModel.Random(3, 1, seed: 12);
        var law = await TargetLawAsync(model, Prompt, Count, []);
        string[] outputs = [.. law.Probabilities.Keys];
        var counts = new long[outputs.Length];
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var request = Make("token, chain", Plain(model, Prompt, Count, new KeyedRandomness(seed)), draft);
            var text = Run.Text(request with { Verifier = new TokenResidualMissing() });
            counts[Array.IndexOf(outputs, string.Join(' ', text.Tokens))]++;
        }

        ChiSquare.Pooled(counts, [.. outputs.Select(o => law.Probabilities[o])]).Should().BeLessThan(1e-9);
    }

    [Fact]
    public void SequencesOfOneSeedAreIndependent()
    {
        var model = TableModel.Random(3, 1, seed: 5);
        var table = new long[81];
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var a = Run.Text(Plain(model, Prompt, 2, new KeyedRandomness(seed))).Tokens;
            var b = Run.Text(Plain(model, Prompt, 2, new KeyedRandomness(seed)) with { SequenceIndex = 1 }).Tokens;
            table[(a[0] * 3 + a[1]) * 9 + b[0] * 3 + b[1]]++;
        }

        ChiSquare.Independence(table, columns: 9).Should().BeGreaterThan(1e-4);
    }
}
