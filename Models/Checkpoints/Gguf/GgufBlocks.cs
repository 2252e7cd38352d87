using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Tokenwright.Models.Checkpoints.Gguf;

/// <summary>
/// The tensor types of GGUF and what their blocks stand for, in the arithmetic of the reference (float32, no fused operations), so
/// that values agree to the last bit. Layouts: ggml's quantised types, https://github.com/ggml-org/ggml.
/// </summary>
public static class GgufBlocks
{
    private static readonly Dictionary<uint, GgufType> All = new()
    {
        [0] = new("F32", 1, 4, (source, target) => MemoryMarshal.Cast<byte, float>(source).CopyTo(target)),
        [1] = new(
            "F16",
            1,
            2,
            (source, target) => TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), target)
        ),
        [2] = new("Q4_0", 32, 18, Q4Zero) { ScaledValues = 32, Scales = FirstHalf },
        [3] = new("Q4_1", 32, 20, Q4One) { ScaledValues = 32, Scales = FirstHalf },
        [6] = new("Q5_0", 32, 22, Q5Zero) { ScaledValues = 32, Scales = FirstHalf },
        [7] = new("Q5_1", 32, 24, Q5One),
        [8] = new("Q8_0", 32, 34, Q8Zero) { ScaledValues = 32, Scales = FirstHalf },
        [12] = new("Q4_K", 256, 144, (source, target) => Q45K(source, target, [])) { ScaledValues = 32, Scales = Q4KScales },
        [13] = new("Q5_K", 256, 176, (source, target) => Q45K(source, target, source.Slice(16, 32))),
        [14] = new("Q6_K", 256, 210, Q6K) { ScaledValues = 16, Scales = Q6KScales },
        [30] = new("BF16", 1, 2, BFloat16),
    };

    private static readonly Dictionary<uint, string> Others = new()
    {
        [9] = "Q8_1",
        [10] = "Q2_K",
        [11] = "Q3_K",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [20] = "IQ4_NL",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [23] = "IQ4_XS",
        [24] = "I8",
        [25] = "I16",
        [26] = "I32",
        [27] = "I64",
        [28] = "F64",
        [29] = "IQ1_M",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [39] = "MXFP4",
    };

    /// <summary>The names of the types that can be read.</summary>
    public static IEnumerable<string> Names => All.Values.Select(type => type.Name);

    /// <summary>A type by its number in the file; null if it cannot be read.</summary>
    /// <param name="number">ggml's number of it.</param>
    public static GgufType? Find(uint number) => All.GetValueOrDefault(number);

    /// <summary>What a type is called, whether it can be read or not.</summary>
    /// <param name="number">ggml's number of it.</param>
    public static string NameOf(uint number) => Find(number)?.Name ?? Others.GetValueOrDefault(number) ?? $"number {number}";

    private static float HalfAt(ReadOnlySpan<byte> block, int at) => (float)MemoryMarshal.Read<Half>(block[at..]);

    private static void FirstHalf(ReadOnlySpan<byte> block, Span<float> scales) => scales[0] = HalfAt(block, 0);

    private static void Q4KScales(ReadOnlySpan<byte> block, Span<float> scales)
    {
        float scale = HalfAt(block, 0);
        for (int part = 0; part < 8; part++)
        {
            scales[part] = scale * SixBits(block.Slice(4, 12), part).Scale;
        }
    }

    private static void Q6KScales(ReadOnlySpan<byte> block, Span<float> scales)
    {
        float scale = HalfAt(block, 208);
        for (int i = 0; i < 16; i++)
        {
            scales[i] = scale * (sbyte)block[192 + i];
        }
    }

    private static void BFloat16(ReadOnlySpan<byte> source, Span<float> target)
    {
        ReadOnlySpan<ushort> values = MemoryMarshal.Cast<byte, ushort>(source);
        for (int i = 0; i < values.Length; i++)
        {
            target[i] = BitConverter.UInt32BitsToSingle((uint)values[i] << 16);
        }
    }

    private static void Q8Zero(ReadOnlySpan<byte> block, Span<float> target)
    {
        float scale = HalfAt(block, 0);
        for (int i = 0; i < 32; i++)
        {
            target[i] = scale * (sbyte)block[2 + i];
        }
    }

    private static void Q4Zero(ReadOnlySpan<byte> block, Span<float> target)
    {
        float scale = HalfAt(block, 0);
        for (int i = 0; i < 16; i++)
        {
            target[i] = scale * ((block[2 + i] & 15) - 8);
            target[i + 16] = scale * ((block[2 + i] >> 4) - 8);
        }
    }

    private static void Q4One(ReadOnlySpan<byte> block, Span<float> target)
    {
        float scale = HalfAt(block, 0);
        float least = HalfAt(block, 2);
        for (int i = 0; i < 16; i++)
        {
            target[i] = scale * (block[4 + i] & 15) + least;
            target[i + 16] = scale * (block[4 + i] >> 4) + least;
        }
    }

    private static void Q5Zero(ReadOnlySpan<byte> block, Span<float> target)
    {
        float scale = HalfAt(block, 0);
        uint fifth = MemoryMarshal.Read<uint>(block[2..]);
        for (int i = 0; i < 16; i++)
        {
            target[i] = scale * (((block[6 + i] & 15) | (int)((fifth >> i) & 1) << 4) - 16);
            target[i + 16] = scale * ((block[6 + i] >> 4 | (int)((fifth >> (i + 16)) & 1) << 4) - 16);
        }
    }

    private static void Q5One(ReadOnlySpan<byte> block, Span<float> target)
    {
        float scale = HalfAt(block, 0);
        float least = HalfAt(block, 2);
        uint fifth = MemoryMarshal.Read<uint>(block[4..]);
        for (int i = 0; i < 16; i++)
        {
            target[i] = scale * ((block[8 + i] & 15) | (int)((fifth >> i) & 1) << 4) + least;
            target[i + 16] = scale * (block[8 + i] >> 4 | (int)((fifth >> (i + 16)) & 1) << 4) + least;
        }
    }

    // Eight parts of 32 with six-bit scales and minima; Q5_K has the fifth bits apart, one bit of a byte per part.
    private static void Q45K(ReadOnlySpan<byte> block, Span<float> target, ReadOnlySpan<byte> fifth)
    {
        float scale = HalfAt(block, 0);
        float least = HalfAt(block, 2);
        ReadOnlySpan<byte> packed = block.Slice(4, 12);
        ReadOnlySpan<byte> nibbles = block[(16 + fifth.Length)..];
        for (int part = 0; part < 8; part++)
        {
            (int six, int sixLeast) = SixBits(packed, part);
            float partScale = scale * six;
            float partLeast = least * sixLeast;
            for (int i = 0; i < 32; i++)
            {
                int value = nibbles[part / 2 * 32 + i] >> (part % 2 * 4) & 15;
                if (!fifth.IsEmpty)
                {
                    value |= (fifth[i] >> part & 1) << 4;
                }

                target[part * 32 + i] = partScale * value - partLeast;
            }
        }
    }

    private static (int Scale, int Least) SixBits(ReadOnlySpan<byte> packed, int part) =>
        part < 4
            ? (packed[part] & 63, packed[part + 4] & 63)
            : ((packed[part + 4] & 15) | (packed[part - 4] >> 6) << 4, packed[part + 4] >> 4 | (packed[part] >> 6) << 4);

    private static void Q6K(ReadOnlySpan<byte> block, Span<float> target)
    {
        float scale = HalfAt(block, 208);
        for (int half = 0; half < 2; half++)
        {
            ReadOnlySpan<byte> low = block.Slice(half * 64, 64);
            ReadOnlySpan<byte> high = block.Slice(128 + half * 32, 32);
            for (int quarter = 0; quarter < 4; quarter++)
            {
                for (int i = 0; i < 32; i++)
                {
                    int value = low[quarter % 2 * 32 + i] >> (quarter / 2 * 4) & 15 | (high[i] >> (quarter * 2) & 3) << 4;
                    float partScale = scale * (sbyte)block[192 + half * 8 + quarter * 2 + i / 16];
                    target[half * 128 + quarter * 32 + i] = partScale * (value - 32);
                }
            }
        }
    }
}

/// <summary>Turns bytes into values.</summary>
/// <param name="source">One block; any number of them for the types with one value per block.</param>
/// <param name="target">As many values.</param>
public delegate void GgufDequantizer(ReadOnlySpan<byte> source, Span<float> target);

/// <summary>A tensor type.</summary>
/// <param name="Name">Its name, for example <c>Q4_K</c>.</param>
/// <param name="BlockValues">Values per block.</param>
/// <param name="BlockBytes">Bytes per block.</param>
/// <param name="Block">Reads a block.</param>
public sealed record GgufType(string Name, int BlockValues, int BlockBytes, GgufDequantizer Block)
{
    /// <summary>How many successive values differ by whole multiples of one scale; 0 if they do not, or nobody needs to know.</summary>
    public int ScaledValues { get; init; }

    /// <summary>Reads the scales of a block: one for every <see cref="ScaledValues"/> values. Null where there are none.</summary>
    public GgufDequantizer? Scales { get; init; }

    /// <summary>Reads whole blocks.</summary>
    /// <param name="source">The blocks.</param>
    /// <param name="target">Receives their values.</param>
    public void Read(ReadOnlySpan<byte> source, Span<float> target)
    {
        if (BlockValues == 1)
        {
            Block(source, target);
            return;
        }

        for (; !source.IsEmpty; source = source[BlockBytes..], target = target[BlockValues..])
        {
            Block(source[..BlockBytes], target[..BlockValues]);
        }
    }
}
