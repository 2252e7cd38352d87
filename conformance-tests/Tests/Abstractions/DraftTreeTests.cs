namespace Tokenwright.Tests.Abstractions;

public class DraftTreeTests
{
    [Fact]
    public void ADeterministicParentMergesEqualChildren()
    {
        var tree = Tree(root: 9, maxNodes: 4, maxDepth: 2);

        int first = tree.Add(0, 5);
        tree.Add(0, 6);

        tree.Add(0, 5).Should().Be(first);
        tree.Count.Should().Be(3);
        tree.IsChain.Should().BeFalse();
        tree.Child(0, 6).Should().Be(2);
        tree.Child(0, 7).Should().Be(-1);
    }

    [Theory]
    [InlineData(ProposalModes.Independent)]
    [InlineData(ProposalModes.WithoutReplacement)]
    public void DrawnChildrenKeepOrderAndMultiplicity(ProposalModes mode)
    {
        var tree = Tree(root: 9, maxNodes: 4, maxDepth: 2);
        tree.Propose(0, mode, new Distribution(10));

        int[] nodes = [tree.Add(0, 5), tree.Add(0, 4), tree.Add(0, 5)];

        nodes.Should().Equal(1, 2, 3);
        tree.FirstChild(0).Should().Be(1);
        tree.NextSibling(1).Should().Be(2);
        tree.NextSibling(2).Should().Be(3);
        tree.NextSibling(3).Should().Be(-1);
        tree.Proposal(0).Should().NotBeNull();
        tree.Proposal(1).Should().BeNull();
    }

    [Fact]
    public void TheProposalIsACopy()
    {
        var tree = Tree(root: 0, maxNodes: 4, maxDepth: 2);
        var q = new Distribution(2);
        q.Load([1f, 0f]);
        tree.Propose(0, ProposalModes.Independent, q);
        q.Load([0f, 1f]);

        tree.Proposal(0)!.ArgMax().Should().Be(0);
    }

    [Fact]
    public void RowsPutParentsFirstAndTheLikeliestPathTogether()
    {
        var tree = Tree(root: 9, maxNodes: 8, maxDepth: 3);
        int a = tree.Add(0, 1, score: -2);
        int b = tree.Add(0, 2, score: -1);
        int aa = tree.Add(a, 3, score: -3);
        int ba = tree.Add(b, 4, score: -5);
        int bb = tree.Add(b, 5, score: -4);

        tree.Arrange();

        new[] { 0, b, bb, ba, a, aa }.Select(tree.Row).Should().Equal(0, 1, 2, 3, 4, 5);
        tree.FedTokens.ToArray().Should().Equal(9, 2, 5, 4, 1, 3);
        tree.FedParents.ToArray().Should().Equal(-1, 0, 1, 1, 0, 4);
    }

    [Fact]
    public void EqualScoresKeepDrawOrder()
    {
        var tree = Tree(root: 9, maxNodes: 8, maxDepth: 3);
        tree.Add(0, 1);
        tree.Add(0, 2);
        tree.Add(0, 3);

        tree.Arrange();

        tree.FedTokens.ToArray().Should().Equal(9, 1, 2, 3);
    }

    [Fact]
    public void AChainNeedsNoParents()
    {
        var tree = Tree(root: 9, maxNodes: 8, maxDepth: 3);
        tree.Add(tree.Add(0, 1), 2);

        tree.Arrange(root: 4);

        tree.IsChain.Should().BeTrue();
        tree.FedParents.IsEmpty.Should().BeTrue();
        tree.Row(2).Should().Be(6);
    }

    [Fact]
    public void LimitsHold()
    {
        var tree = Tree(root: 9, maxNodes: 2, maxDepth: 1);
        int child = tree.Add(0, 1);

        var tooDeep = () => tree.Add(child, 2);
        tooDeep.Should().Throw<InvalidOperationException>().WithMessage("*depth at most 1*");
        tree.Add(0, 2);
        var tooMany = () => tree.Add(0, 3);
        tooMany.Should().Throw<InvalidOperationException>().WithMessage("*at most 2*");
        tree.Room.Should().Be(0);
        var late = () => tree.Propose(0, ProposalModes.Independent, new Distribution(10));
        late.Should().Throw<InvalidOperationException>();
        Tree(root: 0, maxNodes: 5, maxDepth: 0).Room.Should().Be(0);
    }

    [Fact]
    public void AResetTreeForgetsProposals()
    {
        var tree = Tree(root: 9, maxNodes: 40, maxDepth: 2);
        tree.Propose(0, ProposalModes.Independent, new Distribution(10));
        for (int i = 0; i < 40; i++)
        {
            tree.Add(0, 1);
        }

        tree.Reset(3, 4, 4);

        tree.Count.Should().Be(1);
        tree.Token(0).Should().Be(3);
        tree.Mode(0).Should().Be(ProposalModes.Deterministic);
        tree.Proposal(0).Should().BeNull();
        tree.FirstChild(0).Should().Be(-1);
    }

    private static DraftTree Tree(int root, int maxNodes, int maxDepth)
    {
        var tree = new DraftTree();
        tree.Reset(root, maxNodes, maxDepth);
        return tree;
    }
}
