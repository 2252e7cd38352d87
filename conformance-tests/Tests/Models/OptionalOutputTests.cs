using System.Numerics.Tensors;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Tests.Models;

public class OptionalOutputTests
{
    private static readonly int[] s_ids = [453, 3691, 16, 3831, 496, 2363, 287];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Best_ids_and_hidden_states_are_what_the_host_computes_from_the_logits(bool tree)
    {
        GraphOptions options = new()
        {
            Tree = tree,
            HiddenStates = true,
            ArgMax = true,
            TopK = 5,
        };
        using GraphRunner runner = new(ModelFiles.Graph(ModelFiles.Reference("draft"), options));
        int[] rows = [6, 0, 3];
        float[][] logits = runner.Forward(s_ids, rows: rows);

        logits.Should().HaveCount(3);
        runner.Integers["arg_max"].Should().Equal(logits.Select(row => (long)TensorPrimitives.IndexOfMax(row)));
        for (int row = 0; row < rows.Length; row++)
        {
            int[] best =
            [
                .. Enumerable.Range(0, logits[row].Length).OrderByDescending(id => logits[row][id]).ThenBy(id => id).Take(5),
            ];
            runner.Integers["top_k_ids"].AsSpan(row * 5, 5).ToArray().Should().Equal(best.Select(id => (long)id));
            runner.Floats["top_k_logits"].AsSpan(row * 5, 5).ToArray().Should().Equal(best.Select(id => logits[row][id]));
        }

        using Checkpoint checkpoint = Checkpoint.Open(ModelFiles.Reference("draft"));
        int width = checkpoint.Config.HiddenSize;
        float[] head = new float[checkpoint.Config.VocabularySize * width];
        checkpoint.Read("model.embed_tokens.weight", head);
        float[] hidden = runner.Floats["hidden_states"];
        hidden.Should().HaveCount(s_ids.Length * width);
        for (int row = 0; row < rows.Length; row++)
        {
            for (int id = 0; id < 4096; id += 97)
            {
                float product = TensorPrimitives.Dot<float>(
                    hidden.AsSpan(rows[row] * width, width),
                    head.AsSpan(id * width, width)
                );
                product.Should().BeApproximately(logits[row][id], 1e-4f);
            }
        }
    }

    [Fact]
    public void Logits_do_not_depend_on_the_other_outputs()
    {
        using GraphRunner plain = new(ModelFiles.Graph(ModelFiles.Reference("draft"), new GraphOptions()));
        using GraphRunner rich = new(
            ModelFiles.Graph(
                ModelFiles.Reference("draft"),
                new GraphOptions
                {
                    HiddenStates = true,
                    ArgMax = true,
                    TopK = 2,
                }
            )
        );
        float[][] left = plain.Forward(s_ids, rows: [1, 6]);
        float[][] right = rich.Forward(s_ids, rows: [1, 6]);
        left.Zip(right, (a, b) => a.Zip(b, (x, y) => MathF.Abs(x - y)).Max()).Max().Should().BeLessThan(1e-5f);
    }
}
