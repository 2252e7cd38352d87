using System.Numerics;
using System.Numerics.Tensors;

namespace Tokenwright.Models.Onnx;

/// <summary>Rounds blocks of values to the numbers of a <see cref="BlockFormat"/>.</summary>
/// <remarks>
/// The squared error is brought down as in ggml's reference quantisers: a few steps around the one that just covers the values are tried, with
/// the zeros that are near for each, and the best is fitted by least squares. With 8 bits the first is as good as any.
/// </remarks>
internal static class BlockQuantiser
{
    /// <summary>Blocks whose values are all smaller become zeros: the inverse of their scale may not be a number.</summary>
    private const float Least = 1e-30f;

    // Where the greatest value is put, in steps from the middle. Beyond 8 it is clipped, and the others come out finer.
    private static readonly float[] FourBitEnds = [.. Enumerable.Range(-20, 41).Select(i => 8 + i * 0.1f)];
    private static readonly float[] EightBitEnds = [128];

    // Steps between the least and the greatest value where the zero moves; with more than 15 one of them is clipped.
    private static readonly float[] FourBitSpans = [.. Enumerable.Range(-5, 11).Select(i => 15 + i * 0.4f)];
    private static readonly float[] EightBitSpans = [255];

    /// <summary>Rounds one block.</summary>
    /// <param name="values">The block, as long as the format says; less the offset afterwards.</param>
    /// <param name="format">The format.</param>
    /// <param name="known">
    /// A scale by whole multiples of which the values are thought to differ, or NaN. It is kept if they are whole multiples themselves whose
    /// codes fit around the middle: then nothing is lost. So it is if there may be an offset and the codes fit at all.
    /// </param>
    /// <param name="codes">Receives the codes.</param>
    /// <returns>The scale, not finite if a value is not, the zero, and the offset.</returns>
    public static (float Scale, int Zero, float Offset) Quantise(
        Span<float> values,
        BlockFormat format,
        float known,
        Span<byte> codes
    )
    {
        Grid grid = new(format, format.MiddleZero);
        float scale = known;
        float offset = 0;
        if (!Fits(values, known, grid) && !(format.Offsets && TakeOffset(values, known, format, out grid, out offset)))
        {
            (scale, grid) = format.OwnZeros ? FindScaleAndZero(values, format) : (FindScale(values, grid), grid);
        }

        Round(values, scale == 0 ? 0 : 1 / scale, grid, format, codes);
        return (scale, grid.Zero, offset);
    }

    /// <summary>The values that codes stand for.</summary>
    /// <param name="codes">The codes of a block.</param>
    /// <param name="scale">Its scale.</param>
    /// <param name="zero">Its zero.</param>
    /// <param name="format">The format.</param>
    /// <param name="values">Receives the values.</param>
    public static void Dequantise(ReadOnlySpan<byte> codes, float scale, int zero, BlockFormat format, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            int code = format.Bits == 8 ? codes[i] : codes[i / 2] >> (i % 2 * 4) & 15;
            values[i] = scale * (code - zero);
        }
    }

    // Whether every value is the scale times a step of the range, to the last bit.
    private static bool Fits(ReadOnlySpan<float> values, float scale, Grid grid)
    {
        if (!(MathF.Abs(scale) > Least))
        {
            return false;
        }

        Vector<float> step = new(scale);
        Vector<float> inverse = new(1 / scale);
        for (int i = 0; i < values.Length; i += Vector<float>.Count)
        {
            Vector<float> value = new(values[i..]);
            if (!Vector.EqualsAll(grid.Steps(value, inverse) * step, value))
            {
                return false;
            }
        }

        return true;
    }

    // Leaves whole multiples of the scale, if as many steps as there are codes hold them.
    private static bool TakeOffset(Span<float> values, float scale, BlockFormat format, out Grid grid, out float offset)
    {
        grid = new Grid(format, format.MiddleZero);
        offset = 0;
        if (!(MathF.Abs(scale) > Least))
        {
            return false;
        }

        // Any value tells where the steps lie.
        float rest = values[0] - scale * MathF.Round(values[0] / scale);
        Span<float> steps = stackalloc float[values.Length];
        TensorPrimitives.Subtract(values, rest, steps);
        TensorPrimitives.Divide(steps, scale, steps);
        float least = MathF.Round(TensorPrimitives.Min<float>(steps));
        int last = (1 << format.Bits) - 1;
        if (!(TensorPrimitives.Max<float>(steps) - least < last + 0.5f))
        {
            return false;
        }

        // A zero of its own takes most of the way, and the offset what is left: it is the smaller for it, and the less is lost by rounding it.
        grid = new Grid(format, format.OwnZeros ? (int)Math.Clamp(-least, 0, last) : format.MiddleZero);
        offset = rest + scale * (least + grid.Zero);
        TensorPrimitives.Subtract(values, offset, values);
        return true;
    }

    private static float FindScale(ReadOnlySpan<float> values, Grid grid)
    {
        float extreme = TensorPrimitives.MaxMagnitude(values);
        if (!float.IsFinite(extreme))
        {
            return float.NaN;
        }

        if (MathF.Abs(extreme) < Least)
        {
            return 0;
        }

        Fit best = default;
        foreach (float end in grid.Zero == 8 ? FourBitEnds : EightBitEnds)
        {
            best.Try(values, -end / extreme, grid);
        }

        return best.Scale;
    }

    private static (float Scale, Grid Grid) FindScaleAndZero(ReadOnlySpan<float> values, BlockFormat format)
    {
        Grid middle = new(format, format.MiddleZero);
        float least = MathF.Min(0, TensorPrimitives.Min(values));
        float span = MathF.Max(0, TensorPrimitives.Max(values)) - least;
        if (!float.IsFinite(span))
        {
            return (float.NaN, middle);
        }

        if (span < Least)
        {
            return (0, middle);
        }

        Fit best = default;
        int last = (1 << format.Bits) - 1;
        foreach (float steps in format.Bits == 4 ? FourBitSpans : EightBitSpans)
        {
            int nearest = (int)MathF.Round(-least * steps / span);
            for (int zero = Math.Max(0, nearest - 1); zero <= Math.Min(last, nearest + 1); zero++)
            {
                best.Try(values, steps / span, new Grid(format, zero));
            }
        }

        return (best.Scale, best.Grid);
    }

    private static void Round(ReadOnlySpan<float> values, float inverse, Grid grid, BlockFormat format, Span<byte> codes)
    {
        Span<int> rounded = stackalloc int[values.Length];
        Vector<float> factor = new(inverse);
        for (int i = 0; i < values.Length; i += Vector<float>.Count)
        {
            (Vector.ConvertToInt32(grid.Steps(new Vector<float>(values[i..]), factor)) + new Vector<int>(grid.Zero)).CopyTo(
                rounded[i..]
            );
        }

        Pack(rounded, format, codes);
    }

    private static void Pack(ReadOnlySpan<int> rounded, BlockFormat format, Span<byte> codes)
    {
        if (format.Bits == 8)
        {
            for (int i = 0; i < rounded.Length; i++)
            {
                codes[i] = (byte)rounded[i];
            }
        }
        else
        {
            for (int i = 0; i < rounded.Length; i += 2)
            {
                codes[i / 2] = (byte)(rounded[i] | rounded[i + 1] << 4);
            }
        }
    }

    /// <summary>The whole steps from zero that codes can stand for.</summary>
    private readonly struct Grid(BlockFormat format, int zero)
    {
        private readonly Vector<float> _least = new(-zero);
        private readonly Vector<float> _most = new((1 << format.Bits) - 1 - zero);

        public int Zero => zero;

        public Vector<float> Steps(Vector<float> values, Vector<float> inverse) =>
            Vector.Min(Vector.Max(Vector.Round(values * inverse), _least), _most);
    }

    /// <summary>The best scale so far. For fixed steps c it is Σvc / Σc², which leaves the error Σv² − (Σvc)² / Σc².</summary>
    private struct Fit
    {
        private float _gain;

        public float Scale { get; private set; }

        public Grid Grid { get; private set; }

        public void Try(ReadOnlySpan<float> values, float inverse, Grid grid)
        {
            Vector<float> factor = new(inverse);
            Vector<float> products = Vector<float>.Zero;
            Vector<float> squares = Vector<float>.Zero;
            for (int i = 0; i < values.Length; i += Vector<float>.Count)
            {
                Vector<float> value = new(values[i..]);
                Vector<float> steps = grid.Steps(value, factor);
                products += value * steps;
                squares += steps * steps;
            }

            float product = Vector.Sum(products);
            float square = Vector.Sum(squares);
            if (product * product > _gain * square)
            {
                _gain = product * product / square;
                Scale = product / square;
                Grid = grid;
            }
        }
    }
}
