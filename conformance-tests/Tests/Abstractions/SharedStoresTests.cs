namespace Tokenwright.Tests.Abstractions;

public sealed class SharedStoresTests
{
    [Fact]
    public void A_store_is_made_once_per_type_and_name()
    {
        var stores = new SharedStores();
        var made = new List<object>();
        Parallel.For(
            0,
            64,
            _ =>
            {
                var one = stores.Get("a", () => new List<int>());
                lock (made)
                {
                    made.Add(one);
                }
            }
        );

        made.Distinct().Should().ContainSingle();
        object other = stores.Get("b", () => new List<int>());
        other.Should().NotBeSameAs(made[0]);
        other = stores.Get("a", () => new List<string>());
        other.Should().NotBeSameAs(made[0]);
        stores.Count.Should().Be(3);
    }

    [Fact]
    public void The_one_asked_for_longest_ago_gives_way()
    {
        var stores = new SharedStores(capacity: 2);
        var a = stores.Get("a", () => new List<int>());
        var b = stores.Get("b", () => new List<int>());
        stores.Get("a", () => new List<int>()).Should().BeSameAs(a);
        stores.Get("c", () => new List<int>());

        stores.Count.Should().Be(2);
        stores.Get("a", () => new List<int>()).Should().BeSameAs(a);
        stores.Get("b", () => new List<int>()).Should().NotBeSameAs(b);
    }

    [Fact]
    public void What_cannot_be_made_is_not_kept()
    {
        var stores = new SharedStores();
        var failing = () => stores.Get<List<int>>("a", () => throw new InvalidOperationException("no"));

        failing.Should().Throw<InvalidOperationException>();
        stores.Count.Should().Be(0);
    }
}
