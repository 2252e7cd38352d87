using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

[assembly: InternalsVisibleTo("Tokenwright.Tests")]

namespace Tokenwright;

/// <summary>
/// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
/// 1, 2, 3" (SC 2011). A pure function of a 128-bit counter and a 64-bit key: no state, so any draw can be made in any order.
/// </summary>
public static class Philox
{
    private const uint M0 = 0xD2511F53;
    private const uint M1 = 0xCD9E8D57;
    private const uint W0 = 0x9E3779B9;
    private const uint W1 = 0xBB67AE85;
    private const int Rounds = 10;

    /// <summary>One block: four 32-bit words from a counter (least significant word first) and a key.</summary>
    /// <param name="counter">The four counter words.</param>
    /// <param name="key">The two key words.</param>
    /// <returns>The four output words, as the Random123 known-answer vectors print them.</returns>
    public static (uint X0, uint X1, uint X2, uint X3) Block((uint C0, uint C1, uint C2, uint C3) counter, (uint K0, uint K1) key)
    {
        var (x0, x1, x2, x3) = counter;
        var (k0, k1) = key;
        for (var round = 0; round < Rounds; round++)
        {
            var p0 = (ulong)M0 * x0;
            var p1 = (ulong)M1 * x2;
            x0 = (uint)(p1 >> 32) ^ x1 ^ k0;
            x1 = (uint)p1;
            x2 = (uint)(p0 >> 32) ^ x3 ^ k1;
            x3 = (uint)p0;
            k0 += W0;
            k1 += W1;
        }
        return (x0, x1, x2, x3);
    }

    /// <summary>
    /// The word of one token: <c>Block((id / 4, c1, c2, c3), key)[id % 4]</c>. Four neighbouring ids share a block.
    /// </summary>
    /// <param name="id">The token id.</param>
    /// <param name="stream">Counter words 1, 2 and 3.</param>
    /// <param name="key">The two key words.</param>
    public static uint Word(uint id, (uint C1, uint C2, uint C3) stream, (uint K0, uint K1) key)
    {
        var (x0, x1, x2, x3) = Block((id >> 2, stream.C1, stream.C2, stream.C3), key);
        return (id & 3) switch
        {
            0 => x0,
            1 => x1,
            2 => x2,
            _ => x3,
        };
    }

    /// <summary>
    /// The words of the ids <paramref name="start"/>, <paramref name="start"/> + 1, ...: as many as
    /// <paramref name="words"/> holds. The same bits on every processor.
    /// </summary>
    /// <param name="words">Receives one word per id.</param>
    /// <param name="start">The first id, not negative.</param>
    /// <param name="stream">Counter words 1, 2 and 3.</param>
    /// <param name="key">The two key words.</param>
    public static void Fill(Span<uint> words, int start, (uint C1, uint C2, uint C3) stream, (uint K0, uint K1) key)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        var head = Math.Min(-start & 3, words.Length);
        FillScalar(words[..head], start, stream, key);
        words = words[head..];
        start += head;

        var done =
            Avx512F.IsSupported ? FillVector512(words, start, stream, key)
            : Avx2.IsSupported ? FillVector256(words, start, stream, key)
            : 0;
        FillScalar(words[done..], start + done, stream, key);
    }

    /// <summary>The words of the given ids, in their order: what <see cref="Word"/> gives for each.</summary>
    /// <param name="ids">Token ids, not negative, in any order.</param>
    /// <param name="words">Receives one word per id; at least as long as <paramref name="ids"/>.</param>
    /// <param name="stream">Counter words 1, 2 and 3.</param>
    /// <param name="key">The two key words.</param>
    public static void Gather(ReadOnlySpan<int> ids, Span<uint> words, (uint C1, uint C2, uint C3) stream, (uint K0, uint K1) key)
    {
        words = words[..ids.Length];
        var done =
            Avx512F.IsSupported ? GatherVector512(ids, words, stream, key)
            : Avx2.IsSupported ? GatherVector256(ids, words, stream, key)
            : 0;
        for (var i = done; i < ids.Length; i++)
        {
            words[i] = Word((uint)ids[i], stream, key);
        }
    }

    internal static void FillScalar(Span<uint> words, int start, (uint, uint, uint) stream, (uint, uint) key)
    {
        var i = 0;
        for (; i < words.Length && ((start + i) & 3) != 0; i++)
        {
            words[i] = Word((uint)(start + i), stream, key);
        }
        for (; i <= words.Length - 4; i += 4)
        {
            var counter = ((uint)(start + i) >> 2, stream.Item1, stream.Item2, stream.Item3);
            (words[i], words[i + 1], words[i + 2], words[i + 3]) = Block(counter, key);
        }
        for (; i < words.Length; i++)
        {
            words[i] = Word((uint)(start + i), stream, key);
        }
    }

    // The vector forms keep one block per 64-bit lane: the 32 x 32 -> 64 multiply reads the low halves only, so whatever the
    // exclusive-ors leave in the high halves does no harm. Two groups are interleaved to hide the multiplier's latency.
    // Lanes hold the blocks in the order 0 4 1 5 2 6 3 7 because unpacking then writes them in the order 0 ... 7.

    /// <summary>Fills whole groups of 64 words; <paramref name="start"/> is a multiple of 4. Returns how many were filled.</summary>
    [SkipLocalsInit]
    internal static int FillVector512(Span<uint> words, int start, (uint C1, uint C2, uint C3) stream, (uint K0, uint K1) key)
    {
        var m0 = Vector512.Create((ulong)M0);
        var m1 = Vector512.Create((ulong)M1);
        var w0 = Vector512.Create((ulong)W0);
        var w1 = Vector512.Create((ulong)W1);
        var low = Vector512.Create((ulong)uint.MaxValue);
        var lanes = Vector512.Create(0UL, 4, 1, 5, 2, 6, 3, 7);
        ref var target = ref MemoryMarshal.GetReference(words);
        var i = 0;
        for (; i <= words.Length - 64; i += 64)
        {
            var block = (ulong)((uint)(start + i) >> 2);
            var a0 = Vector512.Create(block) + lanes;
            var b0 = Vector512.Create(block + 8) + lanes;
            var a1 = Vector512.Create((ulong)stream.C1);
            var b1 = a1;
            var a2 = Vector512.Create((ulong)stream.C2);
            var b2 = a2;
            var a3 = Vector512.Create((ulong)stream.C3);
            var b3 = a3;
            var k0 = Vector512.Create((ulong)key.K0);
            var k1 = Vector512.Create((ulong)key.K1);
            for (var round = 0; round < Rounds; round++)
            {
                var p0 = Avx512F.Multiply(a0.AsUInt32(), m0.AsUInt32());
                var p1 = Avx512F.Multiply(a2.AsUInt32(), m1.AsUInt32());
                var q0 = Avx512F.Multiply(b0.AsUInt32(), m0.AsUInt32());
                var q1 = Avx512F.Multiply(b2.AsUInt32(), m1.AsUInt32());
                a0 = Avx512F.TernaryLogic(p1 >>> 32, a1, k0, 0x96);
                b0 = Avx512F.TernaryLogic(q1 >>> 32, b1, k0, 0x96);
                a2 = Avx512F.TernaryLogic(p0 >>> 32, a3, k1, 0x96);
                b2 = Avx512F.TernaryLogic(q0 >>> 32, b3, k1, 0x96);
                a1 = p1;
                b1 = q1;
                a3 = p0;
                b3 = q0;
                k0 += w0;
                k1 += w1;
            }
            var a01 = (a0 & low) | (a1 << 32);
            var a23 = (a2 & low) | (a3 << 32);
            var b01 = (b0 & low) | (b1 << 32);
            var b23 = (b2 & low) | (b3 << 32);
            Avx512F.UnpackLow(a01, a23).AsUInt32().StoreUnsafe(ref target, (nuint)i);
            Avx512F.UnpackHigh(a01, a23).AsUInt32().StoreUnsafe(ref target, (nuint)i + 16);
            Avx512F.UnpackLow(b01, b23).AsUInt32().StoreUnsafe(ref target, (nuint)i + 32);
            Avx512F.UnpackHigh(b01, b23).AsUInt32().StoreUnsafe(ref target, (nuint)i + 48);
        }
        return i;
    }

    /// <summary>Fills whole groups of 32 words; <paramref name="start"/> is a multiple of 4. Returns how many were filled.</summary>
    [SkipLocalsInit]
    internal static int FillVector256(Span<uint> words, int start, (uint C1, uint C2, uint C3) stream, (uint K0, uint K1) key)
    {
        var m0 = Vector256.Create((ulong)M0);
        var m1 = Vector256.Create((ulong)M1);
        var w0 = Vector256.Create((ulong)W0);
        var w1 = Vector256.Create((ulong)W1);
        var low = Vector256.Create((ulong)uint.MaxValue);
        var lanes = Vector256.Create(0UL, 2, 1, 3);
        ref var target = ref MemoryMarshal.GetReference(words);
        var i = 0;
        for (; i <= words.Length - 32; i += 32)
        {
            var block = (ulong)((uint)(start + i) >> 2);
            var a0 = Vector256.Create(block) + lanes;
            var b0 = Vector256.Create(block + 4) + lanes;
            var a1 = Vector256.Create((ulong)stream.C1);
            var b1 = a1;
            var a2 = Vector256.Create((ulong)stream.C2);
            var b2 = a2;
            var a3 = Vector256.Create((ulong)stream.C3);
            var b3 = a3;
            var k0 = Vector256.Create((ulong)key.K0);
            var k1 = Vector256.Create((ulong)key.K1);
            for (var round = 0; round < Rounds; round++)
            {
                var p0 = Avx2.Multiply(a0.AsUInt32(), m0.AsUInt32());
                var p1 = Avx2.Multiply(a2.AsUInt32(), m1.AsUInt32());
                var q0 = Avx2.Multiply(b0.AsUInt32(), m0.AsUInt32());
                var q1 = Avx2.Multiply(b2.AsUInt32(), m1.AsUInt32());
                a0 = (p1 >>> 32) ^ a1 ^ k0;
                b0 = (q1 >>> 32) ^ b1 ^ k0;
                a2 = (p0 >>> 32) ^ a3 ^ k1;
                b2 = (q0 >>> 32) ^ b3 ^ k1;
                a1 = p1;
                b1 = q1;
                a3 = p0;
                b3 = q0;
                k0 += w0;
                k1 += w1;
            }
            var a01 = (a0 & low) | (a1 << 32);
            var a23 = (a2 & low) | (a3 << 32);
            var b01 = (b0 & low) | (b1 << 32);
            var b23 = (b2 & low) | (b3 << 32);
            Avx2.UnpackLow(a01, a23).AsUInt32().StoreUnsafe(ref target, (nuint)i);
            Avx2.UnpackHigh(a01, a23).AsUInt32().StoreUnsafe(ref target, (nuint)i + 8);
            Avx2.UnpackLow(b01, b23).AsUInt32().StoreUnsafe(ref target, (nuint)i + 16);
            Avx2.UnpackHigh(b01, b23).AsUInt32().StoreUnsafe(ref target, (nuint)i + 24);
        }
        return i;
    }

    /// <summary>One id per 64-bit lane, eight at a time. Returns how many were done.</summary>
    internal static int GatherVector512(
        ReadOnlySpan<int> ids,
        Span<uint> words,
        (uint C1, uint C2, uint C3) stream,
        (uint K0, uint K1) key
    )
    {
        var m0 = Vector512.Create((ulong)M0).AsUInt32();
        var m1 = Vector512.Create((ulong)M1).AsUInt32();
        var w0 = Vector512.Create((ulong)W0);
        var w1 = Vector512.Create((ulong)W1);
        ref var source = ref MemoryMarshal.GetReference(ids);
        ref var target = ref MemoryMarshal.GetReference(words);
        var i = 0;
        for (; i <= ids.Length - 8; i += 8)
        {
            var id = Avx512F.ConvertToVector512UInt64(Vector256.LoadUnsafe(ref source, (nuint)i).AsUInt32());
            var x0 = id >>> 2;
            var x1 = Vector512.Create((ulong)stream.C1);
            var x2 = Vector512.Create((ulong)stream.C2);
            var x3 = Vector512.Create((ulong)stream.C3);
            var k0 = Vector512.Create((ulong)key.K0);
            var k1 = Vector512.Create((ulong)key.K1);
            for (var round = 0; round < Rounds; round++)
            {
                var p0 = Avx512F.Multiply(x0.AsUInt32(), m0);
                var p1 = Avx512F.Multiply(x2.AsUInt32(), m1);
                x0 = Avx512F.TernaryLogic(p1 >>> 32, x1, k0, 0x96);
                x1 = p1;
                x2 = Avx512F.TernaryLogic(p0 >>> 32, x3, k1, 0x96);
                x3 = p0;
                k0 += w0;
                k1 += w1;
            }
            var odd = Vector512.Equals(id & Vector512.Create(1UL), Vector512.Create(1UL));
            var upper = Vector512.Equals(id & Vector512.Create(2UL), Vector512.Create(2UL));
            var word = Vector512.ConditionalSelect(
                upper,
                Vector512.ConditionalSelect(odd, x3, x2),
                Vector512.ConditionalSelect(odd, x1, x0)
            );
            Avx512F.ConvertToVector256UInt32(word).StoreUnsafe(ref target, (nuint)i);
        }
        return i;
    }

    /// <summary>One id per 64-bit lane, four at a time. Returns how many were done.</summary>
    internal static int GatherVector256(
        ReadOnlySpan<int> ids,
        Span<uint> words,
        (uint C1, uint C2, uint C3) stream,
        (uint K0, uint K1) key
    )
    {
        var m0 = Vector256.Create((ulong)M0).AsUInt32();
        var m1 = Vector256.Create((ulong)M1).AsUInt32();
        var w0 = Vector256.Create((ulong)W0);
        var w1 = Vector256.Create((ulong)W1);
        ref var source = ref MemoryMarshal.GetReference(ids);
        ref var target = ref MemoryMarshal.GetReference(words);
        var i = 0;
        for (; i <= ids.Length - 4; i += 4)
        {
            var id = Avx2.ConvertToVector256Int64(Vector128.LoadUnsafe(ref source, (nuint)i).AsUInt32()).AsUInt64();
            var x0 = id >>> 2;
            var x1 = Vector256.Create((ulong)stream.C1);
            var x2 = Vector256.Create((ulong)stream.C2);
            var x3 = Vector256.Create((ulong)stream.C3);
            var k0 = Vector256.Create((ulong)key.K0);
            var k1 = Vector256.Create((ulong)key.K1);
            for (var round = 0; round < Rounds; round++)
            {
                var p0 = Avx2.Multiply(x0.AsUInt32(), m0);
                var p1 = Avx2.Multiply(x2.AsUInt32(), m1);
                x0 = (p1 >>> 32) ^ x1 ^ k0;
                x1 = p1;
                x2 = (p0 >>> 32) ^ x3 ^ k1;
                x3 = p0;
                k0 += w0;
                k1 += w1;
            }
            var odd = Vector256.Equals(id & Vector256.Create(1UL), Vector256.Create(1UL));
            var upper = Vector256.Equals(id & Vector256.Create(2UL), Vector256.Create(2UL));
            var word = Vector256.ConditionalSelect(
                upper,
                Vector256.ConditionalSelect(odd, x3, x2),
                Vector256.ConditionalSelect(odd, x1, x0)
            );
            Vector128.Narrow(word.GetLower(), word.GetUpper()).StoreUnsafe(ref target, (nuint)i);
        }
        return i;
    }
}
