namespace Tokenwright.Tests.Abstractions;

public class DistributionTests
{
    private static readonly float[] Logits = [0.5f, 2, -1, 2, float.NegativeInfinity, 1];

    [Fact]
    public void TopKOrdersByLogitThenId()
    {
        var p = Loaded();

        p.KeepTop(3);

        p.IsDense.Should().BeFalse();
        p.Ids.ToArray().Should().Equal(1, 3, 5);
        p.Logits.ToArray().Should().Equal(2, 2, 1);
        p.KeepTop(1);
        p.Ids.ToArray().Should().Equal(1);
        p.Probability(1).Should().Be(1);
        p.Probability(3).Should().Be(0);
    }

    [Fact]
    public void KeepingMoreThanThereIsKeepsAll()
    {
        var p = Loaded();
        p.KeepTop(6);
        p.IsDense.Should().BeTrue();
        p.KeepTop(5);
        p.Ids.ToArray().Should().Equal(1, 3, 5, 0, 2);
    }

    [Fact]
    public void ProbabilitiesAreNormalisedOverTheSupport()
    {
        var p = Loaded();
        double z = Logits.Sum(l => Math.Exp(l));

        for (int t = 0; t < Logits.Length; t++)
        {
            p.Probability(t).Should().BeApproximately(Math.Exp(Logits[t]) / z, 1e-12);
        }

        p.Sort();
        p.Ids.ToArray().Should().Equal(1, 3, 5, 0, 2);
        Enumerable.Range(0, 6).Sum(p.Probability).Should().BeApproximately(1, 1e-12);
    }

    [Fact]
    public void AChangeRenormalises()
    {
        var p = Loaded();
        double before = p.LogNormaliser;

        p.Change()[1] += 1;

        p.LogNormaliser.Should().BeGreaterThan(before);
        p.KeepTop(2);
        var penalty = () => p.ChangeDense().Clear();
        penalty.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void AMaskTakesTokensOut()
    {
        var p = Loaded();

        p.Mask([0b101001]);

        p.ArgMax().Should().Be(3);
        p.Probability(1).Should().Be(0);
        var late = () =>
        {
            p.KeepTop(2);
            p.Mask([1]);
        };
        late.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void AnEmptySupportIsAnError()
    {
        var p = Loaded();
        p.Mask([0b010000]);

        var normaliser = () => p.LogNormaliser;
        var top = () => p.KeepTop(2);
        var argMax = () => p.ArgMax();

        normaliser.Should().Throw<InvalidOperationException>().WithMessage("*forbid every token*");
        top.Should().Throw<InvalidOperationException>();
        argMax.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void ACopyIsEqualAndApart()
    {
        foreach (bool sparse in new[] { false, true })
        {
            var p = Loaded();
            if (sparse)
            {
                p.KeepTop(4);
            }

            var q = new Distribution(6);
            q.Load(p);
            q.IsDense.Should().Be(!sparse);
            q.LogNormaliser.Should().Be(p.LogNormaliser);
            q.KeepOnly(2);

            p.Probability(1).Should().BeApproximately(p.Probability(3), 0);
            q.Probability(2).Should().Be(1);
        }
    }

    private static Distribution Loaded()
    {
        var p = new Distribution(6);
        p.Load(Logits);
        return p;
    }
}
