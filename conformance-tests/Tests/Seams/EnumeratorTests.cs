using Tokenwright.Conformance;

namespace Tokenwright.Tests.Seams;

public class EnumeratorTests
{
    [Fact]
    public void EveryOutcomeComesOnceWithItsProbability()
    {
        var law = Law.Of(r =>
        {
            int a = r.Pick(DrawKey.At(0, 0), [0f, float.NegativeInfinity, MathF.Log(3)]);
            bool b = a == 2 && r.Flip(DrawKey.InRound(0, DrawStream.Accept, 0), 0.25);
            return [a, b ? 1 : 0];
        });

        law.Runs.Should().Be(3);
        law.Mass.Should().BeApproximately(1, 1e-12);
        law.Probability(0, 0).Should().BeApproximately(0.25, 1e-7);
        law.Probability(2, 0).Should().BeApproximately(0.75 * 0.75, 1e-7);
        law.Probability(2, 1).Should().BeApproximately(0.75 * 0.25, 1e-7);
    }

    [Fact]
    public void TheSameDrawAskedAgainIsTheSame()
    {
        var law = Law.Of(r =>
            [
                r.Pick(DrawKey.At(0, 0), [], [1.0, 1.0, 0.0]),
                r.Pick(DrawKey.At(0, 0), [7, 1, 0], [0.0, 5.0, 5.0]),
                r.Flip(DrawKey.InRound(0, DrawStream.Other, 0), 1) ? 1 : 0,
            ]
        );

        law.Runs.Should().Be(2);
        law.Probability(0, 0, 1).Should().Be(0.5);
        law.Probability(1, 1, 1).Should().Be(0.5);
    }

    [Fact]
    public void OneDrawThatDecidesTwoThingsIsReported()
    {
        var law = () => Law.Of(r => [r.Pick(DrawKey.At(0, 0), [], [1.0, 1.0]), r.Pick(DrawKey.At(0, 0), [], [1.0, 2.0])]);

        law.Should().Throw<ContractViolationException>().WithMessage("*one noise decides two things*");
    }

    [Fact]
    public void ARunThatDependsOnMoreIsReported()
    {
        int runs = 0;
        var law = () => Law.Of(r => [r.Pick(DrawKey.At(0, 0), [], [1.0, ++runs])]);

        law.Should().Throw<ContractViolationException>().WithMessage("*depends on more than its randomness*");
    }

    [Fact]
    public void TotalVariationIsHalfTheSumOfDifferences()
    {
        Law Coin(double p) => Law.Of(r => [r.Flip(DrawKey.InRound(0, DrawStream.Other, 0), p) ? 1 : 0]);

        Coin(0.5).TotalVariation(Coin(0.75)).Should().Be(0.25);
        Coin(1).TotalVariation(Coin(0)).Should().Be(1);
        Coin(0.3).TotalVariation(Coin(0.3)).Should().Be(0);
    }
}
