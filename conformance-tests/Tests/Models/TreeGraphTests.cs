using Tokenwright.Models.Builder;

namespace Tokenwright.Tests.Models;

public class TreeGraphTests(ITestOutputHelper output)
{
    private static readonly int[] s_prompt = [453, 3691, 16, 3831, 496, 2363, 287];

    [Theory]
    [InlineData("target")]
    [InlineData("draft")]
    public void Two_siblings_in_one_tree_give_what_two_chains_give(string model)
    {
        using GraphRunner runner = Prefilled(model);
        float[][] tree = runner.Forward([306, 80, 1051, 795, 262], [-1, -1, 0, 1, 3]);

        float[][] first = runner.Forward([306, 1051]);
        Distance(tree[0], first[0]).Should().BeLessThan(1e-5f);
        Distance(tree[2], first[1]).Should().BeLessThan(1e-5f);
        float[][] second = runner.Forward([80, 795, 262]);
        Distance(tree[1], second[0]).Should().BeLessThan(1e-5f);
        Distance(tree[3], second[1]).Should().BeLessThan(1e-5f);
        Distance(tree[4], second[2]).Should().BeLessThan(1e-5f);
        output.WriteLine(
            $"{model}: greatest distance {tree.Zip([first[0], second[0], first[1], second[1], second[2]], Distance).Max()}"
        );
    }

    [Fact]
    public void A_chain_means_the_same_in_the_tree_graph_and_in_the_plain_graph()
    {
        using GraphRunner tree = Prefilled("target");
        using GraphRunner plain = Prefilled("target", new GraphOptions { Tree = false });
        tree.Forward([306, 80, 1051]).Zip(plain.Forward([306, 80, 1051]), Distance).Max().Should().BeLessThan(1e-5f);
    }

    [Fact]
    public void Rows_of_an_accepted_branch_that_were_moved_down_continue_like_a_chain()
    {
        using GraphRunner runner = Prefilled("target");
        runner.Forward([306, 80, 1051, 795, 262], [-1, -1, 0, 1, 3]);
        // Accepted: nodes 1, 3, 4.
        int past = runner.Length;
        runner.MoveSlot(past + 1, past);
        runner.MoveSlot(past + 3, past + 1);
        runner.MoveSlot(past + 4, past + 2);
        runner.Length = past + 3;
        float[][] continued = runner.Forward([266, 3659]);

        using GraphRunner chain = Prefilled("target");
        chain.Forward([80, 795, 262]);
        chain.Length += 3;
        continued.Zip(chain.Forward([266, 3659]), Distance).Max().Should().BeLessThan(1e-5f);
    }

    [Fact]
    public void Rejected_rows_leave_no_trace_once_the_length_is_smaller()
    {
        using GraphRunner runner = Prefilled("target");
        float[] before = runner.Forward([306])[0];
        runner.Forward([1, 2, 3, 4, 5, 6], [-1, 0, 0, 1, 1, 2]);
        runner.Forward([306])[0].Should().Equal(before);
    }

    private static GraphRunner Prefilled(string model, GraphOptions? options = null)
    {
        GraphRunner runner = new(ModelFiles.Graph(ModelFiles.Reference(model), options ?? new GraphOptions()));
        runner.Forward(s_prompt, rows: [0]);
        runner.Length = s_prompt.Length;
        return runner;
    }

    private static float Distance(float[] left, float[] right) => left.Zip(right, (a, b) => MathF.Abs(a - b)).Max();
}
