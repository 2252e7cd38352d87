using System.Numerics;
using System.Numerics.Tensors;

namespace Tokenwright.Models.Onnx;

/// <summary>Rounds blocks of values to the numbers of a <see cref="BlockFormat"/>.</summary>
/// <remarks>
/// The squared error is brought down as in ggml's reference quantisers: the value of greatest magnitude is put near the end of the
/// range that has one step more, a few scales around that are tried, and the best one is fitted by least squares. With 8 bits the
/// first is as good as any.
/// </remarks>
internal static class BlockQuantiser
{
    /// <summary>Blocks whose values are all smaller become zeros: the inverse of their scale may not be a number.</summary>
    private const float Least = 1e-30f;

    // Where the greatest value is put, in steps from zero. Beyond 8 it is clipped, and the others come out finer.
    private static readonly float[] FourBitEnds = [.. Enumerable.Range(-20, 41).Select(i => 8 + i * 0.1f)];
    private static readonly float[] EightBitEnds = [128];

    /// <summary>Rounds one block.</summary>
    /// <param name="values">The block, as long as the format says.</param>
    /// <param name="format">The format.</param>
    /// <param name="known">A scale of which all values are thought to be whole multiples, or NaN: if their codes fit, it is kept, and nothing is lost.</param>
    /// <param name="codes">Receives the codes.</param>
    /// <returns>The scale; not finite if a value is not.</returns>
    public static float Quantise(ReadOnlySpan<float> values, BlockFormat format, float known, Span<byte> codes)
    {
        Span<int> rounded = stackalloc int[values.Length];
        int levels = format.Zero;
        float scale = Fits(values, known, levels) ? known : FindScale(values, levels);
        Round(values, scale == 0 ? 0 : 1 / scale, levels, rounded);
        Pack(rounded, format, codes);
        return scale;
    }

    /// <summary>The values that codes stand for.</summary>
    /// <param name="codes">The codes of a block.</param>
    /// <param name="scale">Its scale.</param>
    /// <param name="format">The format.</param>
    /// <param name="values">Receives the values.</param>
    public static void Dequantise(ReadOnlySpan<byte> codes, float scale, BlockFormat format, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            int code = format.Bits == 8 ? codes[i] : codes[i / 2] >> (i % 2 * 4) & 15;
            values[i] = scale * (code - format.Zero);
        }
    }

    // Whether every value is the scale times a code of the range, to the last bit.
    private static bool Fits(ReadOnlySpan<float> values, float scale, int levels)
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
            if (!Vector.EqualsAll(Codes(value, inverse, levels) * step, value))
            {
                return false;
            }
        }

        return true;
    }

    private static float FindScale(ReadOnlySpan<float> values, int levels)
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

        // Least squares for fixed codes c: scale = Σvc / Σc², which leaves the error Σv² − (Σvc)² / Σc².
        float best = 0;
        float scale = 0;
        foreach (float end in levels == 8 ? FourBitEnds : EightBitEnds)
        {
            Vector<float> inverse = new(-end / extreme);
            Vector<float> products = Vector<float>.Zero;
            Vector<float> squares = Vector<float>.Zero;
            for (int i = 0; i < values.Length; i += Vector<float>.Count)
            {
                Vector<float> value = new(values[i..]);
                Vector<float> code = Codes(value, inverse, levels);
                products += value * code;
                squares += code * code;
            }

            float product = Vector.Sum(products);
            float square = Vector.Sum(squares);
            if (product * product > best * square)
            {
                best = product * product / square;
                scale = product / square;
            }
        }

        return scale;
    }

    private static Vector<float> Codes(Vector<float> values, Vector<float> inverse, int levels) =>
        Vector.Min(Vector.Max(Vector.Round(values * inverse), new Vector<float>(-levels)), new Vector<float>(levels - 1));

    private static void Round(ReadOnlySpan<float> values, float inverse, int levels, Span<int> rounded)
    {
        Vector<float> factor = new(inverse);
        for (int i = 0; i < values.Length; i += Vector<float>.Count)
        {
            (Vector.ConvertToInt32(Codes(new Vector<float>(values[i..]), factor, levels)) + new Vector<int>(levels)).CopyTo(
                rounded[i..]
            );
        }
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
}
