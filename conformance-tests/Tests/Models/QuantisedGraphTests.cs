using System.Numerics.Tensors;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Tests.Models;

public class QuantisedGraphTests(ITestOutputHelper output)
{
    private static readonly int[] s_ids = [453, 3691, 16, 3831, 496, 2363, 287, 306, 80, 1051, 795, 262];

    [Theory]
    [InlineData(WeightPrecision.Int8, 0.5)]
    [InlineData(WeightPrecision.Int4, 3)]
    public void Logits_of_the_reference_target_stay_within_a_bound(WeightPrecision precision, double bound)
    {
        using GraphRunner exact = new(ModelFiles.Graph(ModelFiles.Reference("target"), new GraphOptions()));
        using GraphRunner rounded = new(
            ModelFiles.Graph(ModelFiles.Reference("target"), new GraphOptions { Precision = precision })
        );
        float[][] left = exact.Forward(s_ids);
        float[][] right = rounded.Forward(s_ids);
        float worst = left.Zip(right, Distance).Max();
        output.WriteLine($"Greatest difference: {worst}.");
        worst.Should().BeInRange(1e-4f, (float)bound);
    }

    [Theory]
    [InlineData(WeightPrecision.Int8)]
    [InlineData(WeightPrecision.Int4)]
    public void Two_siblings_in_one_tree_give_what_two_chains_give(WeightPrecision precision)
    {
        // Another kernel runs where there are other numbers of rows, and it rounds the other factor another way: that moves
        // logits by a fraction of what the rounding of weights and factors moves them itself.
        using GraphRunner runner = new(
            ModelFiles.Graph(ModelFiles.Reference("target"), new GraphOptions { Precision = precision })
        );
        runner.Forward(s_ids[..7], rows: [0]);
        runner.Length = 7;
        float[][] tree = runner.Forward([306, 80, 1051, 795, 262], [-1, -1, 0, 1, 3]);
        float[][] first = runner.Forward([306, 1051]);
        float[][] second = runner.Forward([80, 795, 262]);
        float worst = tree.Zip([first[0], second[0], first[1], second[1], second[2]], Distance).Max();
        output.WriteLine($"Greatest difference: {worst}.");
        worst.Should().BeLessThan(0.2f);
    }

    [Theory]
    [InlineData(WeightPrecision.Int8, 16)]
    [InlineData(WeightPrecision.Int8, 64)]
    [InlineData(WeightPrecision.Int8, 256)]
    [InlineData(WeightPrecision.Int4, 16)]
    [InlineData(WeightPrecision.Int4, 32)]
    [InlineData(WeightPrecision.Int4, 256)]
    public void Any_block_size_runs_with_rows_that_are_no_whole_blocks(WeightPrecision precision, int blockSize)
    {
        using TemporaryFolder folder = new();
        RandomLlama.Write(folder.Path, headSize: 12, extra: "\"attention_bias\": true, \"mlp_bias\": true");
        using GraphRunner exact = new(ModelFiles.Graph(folder.Path, new GraphOptions()));
        using GraphRunner rounded = new(
            ModelFiles.Graph(folder.Path, new GraphOptions { Precision = precision, BlockSize = blockSize })
        );
        int[] ids = [3, 14, 15, 9, 2, 6, 5, 35];
        float worst = exact.Forward(ids).Zip(rounded.Forward(ids), Distance).Max();
        output.WriteLine($"Greatest difference: {worst}.");
        worst.Should().BeLessThan(0.05f);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    public void Blocks_with_a_minimum_give_what_float32_gives(int blockSize)
    {
        using TemporaryFolder folder = new();
        string path = GgufWriter.Llama(isQ4One: true).Save(folder);
        GraphOptions options = new()
        {
            Precision = WeightPrecision.Int4,
            BlockSize = blockSize,
            // The other factor stays what it is.
            AccuracyLevel = 1,
        };
        using GraphRunner exact = new(ModelFiles.Graph(path, new GraphOptions()));
        BuiltGraph graph = ModelFiles.Graph(path, options);
        using GraphRunner rounded = new(graph);
        int[] ids = [3, 1, 4, 1, 5, 2, 6];
        float[][] expected = exact.Forward(ids);
        float worst = expected.Zip(rounded.Forward(ids), Distance).Max();
        float range = expected.Max(row => MathF.Abs(TensorPrimitives.MaxMagnitude<float>(row)));
        output.WriteLine($"Greatest difference: {worst} of {range}.");
        worst.Should().BeLessThan(0.015f * range);
        rounded.Manifest.Rounding!.WorstError.Should().BeLessThan(0.01);
        // Only 4 bits have zeros of their own, and without offsets their error would be 7 %.
        File.ReadAllText(graph.Path).Should().Contain("layers.0.mlp.gate_up_proj.weight.zeros");
    }

    [Theory]
    [InlineData(0, 4, "*blocks of 0 weights*16, 32, 64, 128 or 256*")]
    [InlineData(48, 4, "*blocks of 48 weights*")]
    [InlineData(512, 4, "*blocks of 512 weights*")]
    [InlineData(32, 5, "*accuracy level 5*levels 0 to 4*")]
    [InlineData(32, -1, "*accuracy level -1*")]
    public void Options_that_no_kernel_has_are_refused(int blockSize, int accuracyLevel, string message)
    {
        GraphOptions options = new()
        {
            Precision = WeightPrecision.Int4,
            BlockSize = blockSize,
            AccuracyLevel = accuracyLevel,
        };
        Action build = () => ModelFiles.Graph(ModelFiles.Reference("draft"), options);
        build.Should().Throw<CheckpointException>().WithMessage(message);
    }

    private static float Distance(float[] left, float[] right)
    {
        float[] difference = new float[left.Length];
        TensorPrimitives.Subtract(left, right, difference);
        return MathF.Abs(TensorPrimitives.MaxMagnitude<float>(difference));
    }
}
