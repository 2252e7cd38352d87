using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Checkpoints.Gguf;
using Tokenwright.Models.Onnx;

namespace Tokenwright.Tests.Models;

public class QuantisedWeightTests
{
    [Theory]
    [InlineData(4, 16, false)]
    [InlineData(4, 32, false)]
    [InlineData(4, 128, false)]
    [InlineData(8, 32, false)]
    [InlineData(8, 256, false)]
    [InlineData(4, 16, true)]
    [InlineData(4, 32, true)]
    [InlineData(4, 128, true)]
    [InlineData(8, 64, true)]
    public void Every_code_is_the_nearest_and_no_block_is_worse_than_plain_rounding(int bits, int size, bool ownZeros)
    {
        const int Rows = 9;
        const int Width = 200; // The last block of a row is not full.
        Random random = new(bits + size);
        // Some rows lie around zero, some on one side of it, some across it unevenly.
        float[] values =
        [
            .. Enumerable
                .Range(0, Rows * Width)
                .Select(i => (float)((random.NextDouble() - i / Width % 3 * 0.3 - 0.5) * Math.Pow(2, i / Width - 4))),
        ];
        BlockFormat format = new(bits, size, ownZeros);
        QuantisedWeight weight = new("w", RowsOf(values, Width), format);
        int last = (1 << bits) - 1;
        (int[][] codes, float[] scales, int[] zeros) = Read(weight);
        double error = 0;
        for (int block = 0; block < scales.Length; block++)
        {
            int row = block / weight.Blocks;
            int start = block % weight.Blocks * size;
            float[] part = values[(row * Width + start)..(row * Width + Math.Min(start + size, Width))];
            float extreme = part.MaxBy(MathF.Abs);
            float least = Math.Min(0, part.Min());
            // The plain way: the extreme value at the end of the range, or the range from the least value to the greatest.
            double step = ownZeros ? (Math.Max(0, part.Max()) - least) / last : -extreme / (1 << (bits - 1));
            int zero = ownZeros ? (int)Math.Round(-least / step) : 1 << (bits - 1);
            double ownError = 0;
            double plainError = 0;
            for (int i = 0; i < part.Length; i++)
            {
                double steps = part[i] / scales[block];
                int code = codes[block][i] - zeros[block];
                Math.Abs(code - Math.Clamp(steps, -zeros[block], last - zeros[block])).Should().BeLessThan(0.5001);
                ownError += Math.Pow(part[i] - scales[block] * code, 2);
                double plain = Math.Clamp(Math.Round(part[i] / step), -zero, last - zero);
                plainError += Math.Pow(part[i] - step * plain, 2);
            }

            ownError.Should().BeLessThanOrEqualTo(plainError * 1.0001);
            error += ownError;
        }

        double energy = values.Sum(value => (double)value * value);
        weight.RelativeError.Should().BeApproximately(Math.Sqrt(error / energy), 1e-6);
    }

    [Theory]
    [InlineData("Q4_0", 2u, 4, 32, false)]
    [InlineData("Q4_0", 2u, 4, 16, false)]
    [InlineData("Q4_0", 2u, 4, 32, true)]
    [InlineData("Q4_0", 2u, 8, 32, false)]
    [InlineData("Q5_0", 6u, 8, 32, false)]
    [InlineData("Q8_0", 8u, 8, 32, false)]
    public void Blocks_of_a_file_that_fit_are_kept_to_the_last_bit(string type, uint number, int bits, int size, bool ownZeros) =>
        CheckKept(Repository.Golden("gguf-blocks"), type, number, new BlockFormat(bits, size, ownZeros));

    [Fact]
    public void Large_blocks_of_a_file_that_fit_are_kept_to_the_last_bit() =>
        CheckKept(Repository.Shared("data", "gguf-blocks"), "Q6_K", 14, new BlockFormat(8, 16));

    [Theory]
    [InlineData("Q4_1", 3u, 4, 32, false, 0.1)]
    [InlineData("Q4_1", 3u, 4, 32, true, 0.09)]
    [InlineData("Q4_1", 3u, 8, 32, false, 0.01)]
    [InlineData("Q8_0", 8u, 4, 32, false, 0.12)]
    [InlineData("Q8_0", 8u, 4, 32, true, 0.1)]
    public void Other_blocks_are_rounded_again_and_the_error_is_known(
        string type,
        uint number,
        int bits,
        int size,
        bool ownZeros,
        double most
    )
    {
        using TemporaryFolder folder = new();
        using GgufFile file = Open(folder, Repository.Golden("gguf-blocks"), type, number, out float[][] expected);
        Weight exact = Weight.Load(file, "t", expected.Length, expected[0].Length);
        QuantisedWeight weight = new("t", exact, new BlockFormat(bits, size, ownZeros));
        weight.LosesLittle().Should().Be(bits == 8);
        Read(weight);
        weight.RelativeError.Should().BeInRange(1e-5, most);
    }

    [Theory]
    [InlineData(32, true)]
    [InlineData(16, true)]
    [InlineData(32, false)]
    public void Blocks_with_a_minimum_keep_their_steps_and_leave_one_offset_each(int size, bool ownZeros) =>
        CheckOffsets(Repository.Golden("gguf-blocks"), "Q4_1", 3, new BlockFormat(4, size, ownZeros, Offsets: true));

    [Fact]
    public void Parts_of_large_blocks_with_a_minimum_keep_their_steps_and_leave_one_offset_each() =>
        CheckOffsets(Repository.Shared("data", "gguf-blocks"), "Q4_K", 12, new BlockFormat(4, 32, OwnZeros: true, Offsets: true));

    [Theory]
    [InlineData("Q5_1", 7u)]
    [InlineData("Q8_0", 8u)]
    public void Blocks_of_more_steps_get_no_offset(string type, uint number)
    {
        using TemporaryFolder folder = new();
        using GgufFile file = Open(folder, Repository.Golden("gguf-blocks"), type, number, out float[][] expected);
        Weight exact = Weight.Load(file, "t", expected.Length, expected[0].Length);
        QuantisedWeight with = new("t", exact, new BlockFormat(4, 32, OwnZeros: true, Offsets: true));
        QuantisedWeight without = new("t", exact, new BlockFormat(4, 32, OwnZeros: true));
        with.LosesLittle().Should().BeFalse();
        (int[][] codes, _, _) = Read(with);
        Read(without);
        with.RelativeError.Should().BeGreaterThan(0.02).And.BeLessThanOrEqualTo(without.RelativeError * 1.001);
        int own = expected[0].Length / 32;
        codes
            .Where((_, i) => i % with.Blocks >= own)
            .SelectMany(block => block)
            .Should()
            .AllBeEquivalentTo(8, "no offset is zero");
    }

    [Fact]
    public void Rows_that_are_stacked_moved_and_spread_stay_exact()
    {
        using TemporaryFolder folder = new();
        using GgufFile file = Open(folder, Repository.Golden("gguf-blocks"), "Q4_0", 2, out float[][] expected);
        int rows = expected.Length;
        int width = expected[0].Length;
        Weight part = Weight.Load(file, "t", rows, width);
        int[] reversed = [.. Enumerable.Range(0, rows).Reverse()];
        QuantisedWeight weight = new("t", Weight.Stack(part, part.PlaceRows(reversed, rows + 2)), new BlockFormat(4, 32));
        weight.LosesLittle().Should().BeTrue();
        (int[][] codes, float[] scales, int[] zeros) = Read(weight);
        weight.RelativeError.Should().Be(0);
        float[][] all = [.. expected, .. expected.Reverse(), new float[width], new float[width]];
        Values(codes, scales, zeros).Should().Equal(all.SelectMany(row => row));
    }

    [Theory]
    [InlineData(float.NaN, false)]
    [InlineData(float.PositiveInfinity, false)]
    [InlineData(float.NaN, true)]
    [InlineData(float.NegativeInfinity, true)]
    public void Values_that_are_no_numbers_are_refused_by_name(float value, bool ownZeros)
    {
        float[] values = new float[64];
        values[40] = value;
        QuantisedWeight weight = new("layer.3", RowsOf(values, 32), new BlockFormat(4, 32, ownZeros));
        Action read = () => Read(weight);
        read.Should().Throw<CheckpointException>().WithMessage("*'layer.3'*no finite numbers*");
    }

    [Fact]
    public void Columns_can_be_spread_before_rows_are_read()
    {
        Weight weight = RowsOf([1, 2, 3, 4, 5, 6], 3).PlaceColumns([3, 0, 1], 4);
        weight.Shape.Should().Equal(2, 4);
        float[] row = new float[4];
        weight.Read(1, row);
        row.Should().Equal(5, 6, 0, 4);
    }

    [Theory]
    [InlineData(3u, "*tensor 'model.layers.2.*' is missing*its own metadata*")]
    [InlineData(1u, "*tensors have no place*'model.layers.1.*its own metadata*")]
    public void A_file_whose_tensors_do_not_fit_its_metadata_is_told_so(uint layers, string message)
    {
        using TemporaryFolder folder = new();
        string path = GgufWriter.Llama().Set("llama.block_count", layers).Save(folder);
        Action build = () => ModelFiles.Graph(path, new GraphOptions());
        build.Should().Throw<CheckpointException>().WithMessage(message).Which.Message.Should().NotContain("config.json");
    }

    private static void CheckKept(string golden, string type, uint number, BlockFormat format)
    {
        using TemporaryFolder folder = new();
        using GgufFile file = Open(folder, golden, type, number, out float[][] expected);
        QuantisedWeight weight = new("t", Weight.Load(file, "t", expected.Length, expected[0].Length), format);
        weight.LosesLittle().Should().BeTrue();
        (int[][] codes, float[] scales, int[] zeros) = Read(weight);
        weight.RelativeError.Should().Be(0);
        // A negative zero comes back as zero.
        Values(codes, scales, zeros).Should().Equal(expected.SelectMany(row => row));
    }

    private static void CheckOffsets(string golden, string type, uint number, BlockFormat format)
    {
        using TemporaryFolder folder = new();
        using GgufFile file = Open(folder, golden, type, number, out float[][] expected);
        int width = expected[0].Length;
        QuantisedWeight weight = new("t", Weight.Load(file, "t", expected.Length, width), format);
        int size = format.Size;
        int own = width / size;
        weight.Size.Should().Be((expected.Length, width + own));
        (int[][] codes, float[] scales, int[] zeros) = Read(weight);
        double error = 0;
        for (int row = 0; row < expected.Length; row++)
        {
            int first = row * weight.Blocks;
            float[] offsets = [.. Enumerable.Range(first + own, weight.Blocks - own).SelectMany(Decoded).Take(own)];
            for (int block = 0; block < own; block++)
            {
                float[] left = [.. Decoded(first + block).Select((value, i) => expected[row][block * size + i] - value)];
                left.Should().AllSatisfy(offset => offset.Should().BeApproximately(left[0], 1e-5f * Math.Abs(left[0]) + 1e-6f));
                Math.Abs(offsets[block] - left[0]).Should().BeLessThan(Math.Abs(scales[first + own + block / size]));
                error += left.Sum(offset => Math.Pow(offset - offsets[block], 2));
            }
        }

        double energy = expected.Sum(row => row.Sum(value => (double)value * value));
        weight.RelativeError.Should().BeApproximately(Math.Sqrt(error / energy), 1e-5).And.BeLessThan(0.01);
        weight.LosesLittle().Should().BeTrue();

        IEnumerable<float> Decoded(int block) => codes[block].Select(code => scales[block] * (code - zeros[block]));
    }

    private static GgufFile Open(TemporaryFolder folder, string golden, string type, uint number, out float[][] expected)
    {
        expected = ModelFiles.Matrix(Path.Combine(golden, type + ".npy"));
        byte[] bytes = File.ReadAllBytes(Path.Combine(golden, type + ".bin"));
        return new GgufFile(new GgufWriter().Add("t", number, bytes, expected.Length, expected[0].Length).Save(folder));
    }

    private static Weight RowsOf(float[] values, int width) =>
        new(
            [values.Length / width, width],
            (first, destination) => values.AsSpan(first * width, destination.Length).CopyTo(destination)
        );

    // In two parts, as the writer of a graph reads.
    private static (int[][] Codes, float[] Scales, int[] Zeros) Read(QuantisedWeight weight)
    {
        (int bits, int size, _, _) = weight.Format;
        int rows = weight.Size.Rows;
        int half = rows / 2;
        int blocks = weight.Blocks;
        int rowBytes = blocks * weight.Format.BlockBytes;
        int zeroBytes = weight.Format.ZeroBytes(blocks);
        byte[] bytes = new byte[rows * rowBytes];
        float[] scales = new float[rows * blocks];
        byte[] zeros = new byte[rows * zeroBytes];
        zeros.AsSpan().Fill(0xFF);
        Part(0, half);
        Part(half, rows - half);
        return (
            [.. bytes.SelectMany(Codes).Chunk(size)],
            scales,
            zeroBytes == 0
                ? [.. Enumerable.Repeat(1 << (bits - 1), scales.Length)]
                : [.. zeros.Chunk(zeroBytes).SelectMany(row => row.SelectMany(Codes).Take(blocks))]
        );

        int[] Codes(byte codes) => bits == 8 ? [codes] : [codes & 15, codes >> 4];
        void Part(int first, int count) =>
            weight.Read(
                first,
                count,
                bytes.AsSpan(first * rowBytes, count * rowBytes),
                scales.AsSpan(first * blocks, count * blocks),
                zeros.AsSpan(first * zeroBytes, count * zeroBytes)
            );
    }

    private static IEnumerable<float> Values(int[][] codes, float[] scales, int[] zeros) =>
        codes.SelectMany((block, i) => block.Select(code => scales[i] * (code - zeros[i])));
}
