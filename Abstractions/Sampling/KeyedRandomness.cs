using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tokenwright;

/// <summary>Randomness that is a pure function of (seed, key, token id): Gumbel-max over <see cref="Philox"/>.</summary>
/// <remarks>
/// <para>
/// The definition. u = (h₁ + (h₂ + ½)·2⁻³²)·2⁻³², where h₁ is the <see cref="Philox.Word"/> of the token id under the words of the
/// key and h₂ is the same with bit 31 of counter word 0 set; noise = −log(−log u), in float64 and accurate at both ends;
/// score = logit + noise (or log weight + noise), in float64. The pick is the id with the greatest score, the lowest on ties.
/// </para>
/// <para>
/// The method. Since −log u ≥ 1 − u, the noise is at most −log(1 − u), and the bits of a float bound that logarithm from above
/// within 0.06. Ids whose bound stays below the best score so far by a margin that covers all rounding are passed over sixteen at
/// a time; the few others are scored by the definition. The result equals the definition's bit for bit. About as many ids are scored
/// as there are new maxima on the way: log n plus the range of the logits in nats.
/// </para>
/// <para>Immutable, so it is safe to share between threads. Two platforms whose logarithms differ in the last bit may differ at a tie that close.</para>
/// </remarks>
public sealed class KeyedRandomness : IRandomness
{
    private const int ChunkLength = 512;
    private const uint LowHalf = 1u << 31;
    private const uint FlipCounter = 1u << 30;

    private const double Ulp32 = 1.0 / (1L << 32);

    // The noise of the greatest u, 1 - 2^-65, is 65 ln 2 = 45.05...
    private const double MaxNoise = 45.1;

    // bits(x) / 2^23 - 127 <= log2 x for a positive float x, with equality at the powers of two.
    private const float NatsPerBit = 0.6931471805599453f / (1 << 23);
    private const double NatsAtZeroBits = 0.6931471805599453 * (127 + 32);

    private readonly (uint K0, uint K1) _key;

    /// <summary>Randomness from a seed; any value is as good as any other.</summary>
    /// <param name="seed">The key of the generator.</param>
    public KeyedRandomness(ulong seed)
    {
        Seed = seed;
        _key = ((uint)seed, (uint)(seed >> 32));
    }

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    /// <inheritdoc/>
    public int Pick(in DrawKey key, ReadOnlySpan<float> logits) => Pick(key, [], logits, []);

    /// <inheritdoc/>
    public int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<float> logits)
    {
        RequireSameLength(ids, logits.Length);
        return Pick(key, ids, logits, []);
    }

    /// <inheritdoc/>
    public int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<double> weights)
    {
        if (!ids.IsEmpty)
        {
            RequireSameLength(ids, weights.Length);
        }
        return Pick(key, ids, [], weights);
    }

    /// <inheritdoc/>
    public bool Flip(in DrawKey key, double probability)
    {
        if (!(probability is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "A probability lies between 0 and 1.");
        }
        if (probability == 1)
        {
            return true;
        }
        var (c1, c2, c3) = key.Words;
        var (high, low, _, _) = Philox.Block((FlipCounter, c1, c2, c3), _key);
        // Scaling by a power of two is exact, so the chance of true is the probability rounded up to a multiple of 2^-64.
        return (((ulong)high << 32) | low) < (ulong)Math.Ceiling(Math.ScaleB(probability, 64));
    }

    /// <summary>The noise of one token: the definition's −log(−log u).</summary>
    internal double Noise(in DrawKey key, int id)
    {
        var high = Philox.Word((uint)id, key.Words, _key);
        return Gumbel(high, LowWord(key, id));
    }

    /// <summary>−log(−log u) for u = (high + (low + ½)·2⁻³²)·2⁻³².</summary>
    internal static double Gumbel(uint high, uint low)
    {
        if (high < 1u << 31)
        {
            var u = (high + (low + 0.5) * Ulp32) * Ulp32;
            return -Math.Log(-Math.Log(u));
        }
        // Near 1 the distance to 1 is what carries the digits: log(1 - v) = log(w)·v / (1 - w) for w = 1 - v rounded (Kahan).
        var v = (~high + (~low + 0.5) * Ulp32) * Ulp32;
        var w = 1 - v;
        var exponential = w == 1 ? v : -Math.Log(w) * (v / (1 - w));
        return -Math.Log(exponential);
    }

    // Exactly one of logits and weights is in use; ids are empty for a dense row.
    [SkipLocalsInit]
    private int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<float> logits, ReadOnlySpan<double> weights)
    {
        Span<uint> words = stackalloc uint[ChunkLength];
        Span<double> logs = stackalloc double[weights.IsEmpty ? 0 : ChunkLength];
        Span<float> narrowed = stackalloc float[weights.IsEmpty ? 0 : ChunkLength];
        var count = weights.IsEmpty ? logits.Length : weights.Length;
        var best = double.NegativeInfinity;
        var bestId = -1;
        var threshold = Threshold(best);

        for (var start = 0; start < count; start += ChunkLength)
        {
            var length = Math.Min(ChunkLength, count - start);
            scoped ReadOnlySpan<float> scores;
            if (weights.IsEmpty)
            {
                scores = logits.Slice(start, length);
            }
            else
            {
                TensorPrimitives.Log(weights.Slice(start, length), logs);
                TensorPrimitives.ConvertTruncating<double, float>(logs[..length], narrowed);
                scores = narrowed[..length];
            }

            // Not even the greatest noise would lift this chunk. A NaN makes the maximum NaN, which fails the test.
            if (TensorPrimitives.Max(scores) + MaxNoise < best)
            {
                continue;
            }
            if (ids.IsEmpty)
            {
                Philox.Fill(words[..length], start, key.Words, _key);
            }
            else
            {
                Philox.Gather(ids.Slice(start, length), words, key.Words, _key);
            }

            for (
                var i = NextCandidate(scores, words, 0, threshold);
                i < length;
                i = NextCandidate(scores, words, i + 1, threshold)
            )
            {
                var id = ids.IsEmpty ? start + i : ids[start + i];
                var logit = weights.IsEmpty ? (double)scores[i] : Math.Log(weights[start + i]);
                if (!(logit < double.PositiveInfinity) || id < 0)
                {
                    throw Invalid(start + i, id, weights.IsEmpty ? logit : weights[start + i]);
                }
                var score = logit + Gumbel(words[i], LowWord(key, id));
                if (score > best || (score == best && id < bestId))
                {
                    best = score;
                    bestId = id;
                    threshold = Threshold(best);
                }
            }
        }

        return bestId >= 0
            ? bestId
            : throw new InvalidOperationException(
                $"Nothing to pick from: none of the {count} tokens has a probability above zero. "
                    + "A constraint or a truncation left no token; relax it or end the sequence."
            );
    }

    /// <summary>
    /// The first index from <paramref name="from"/> on whose bound does not fall below the threshold, or the length. Whatever
    /// cannot be compared (NaN) counts as a candidate, so that it is found and reported.
    /// </summary>
    private static int NextCandidate(ReadOnlySpan<float> logits, ReadOnlySpan<uint> words, int from, float threshold)
    {
        ref var logit = ref MemoryMarshal.GetReference(logits);
        ref var word = ref MemoryMarshal.GetReference(words);
        var i = from;
        if (Vector512.IsHardwareAccelerated)
        {
            var limit = Vector512.Create(threshold);
            var slope = Vector512.Create(-NatsPerBit);
            for (; i <= logits.Length - Vector512<float>.Count; i += Vector512<float>.Count)
            {
                var distance = Vector512.ConvertToSingle(~Vector512.LoadUnsafe(ref word, (nuint)i));
                var bits = Vector512.ConvertToSingle(distance.AsInt32());
                var bound = Vector512.FusedMultiplyAdd(bits, slope, Vector512.LoadUnsafe(ref logit, (nuint)i));
                var below = Vector512.LessThan(bound, limit).ExtractMostSignificantBits();
                if (below != 0xFFFF)
                {
                    return i + System.Numerics.BitOperations.TrailingZeroCount(~below);
                }
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            var limit = Vector256.Create(threshold);
            var slope = Vector256.Create(-NatsPerBit);
            for (; i <= logits.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                var distance = Vector256.ConvertToSingle(~Vector256.LoadUnsafe(ref word, (nuint)i));
                var bits = Vector256.ConvertToSingle(distance.AsInt32());
                var bound = Vector256.FusedMultiplyAdd(bits, slope, Vector256.LoadUnsafe(ref logit, (nuint)i));
                var below = Vector256.LessThan(bound, limit).ExtractMostSignificantBits();
                if (below != 0xFF)
                {
                    return i + System.Numerics.BitOperations.TrailingZeroCount(~below);
                }
            }
        }
        for (; i < logits.Length; i++)
        {
            var bits = (float)BitConverter.SingleToInt32Bits(~words[i]);
            if (!(bits * -NatsPerBit + logits[i] < threshold))
            {
                break;
            }
        }
        return i;
    }

    /// <summary>
    /// What a bound must reach. Rounding in float32 costs the bound at most 2⁻²³ of its size and 2·10⁻⁵; the margin is fifty times
    /// that. It never falls to −∞, so that ids outside the support are passed over from the start.
    /// </summary>
    private static float Threshold(double best) =>
        best == double.NegativeInfinity
            ? float.MinValue
            : Math.Max(float.MinValue, (float)(best - Math.Abs(best) / (1 << 18) - 1e-3 - NatsAtZeroBits));

    private uint LowWord(in DrawKey key, int id)
    {
        var (c1, c2, c3) = key.Words;
        var (x0, x1, x2, x3) = Philox.Block((((uint)id >> 2) | LowHalf, c1, c2, c3), _key);
        return (id & 3) switch
        {
            0 => x0,
            1 => x1,
            2 => x2,
            _ => x3,
        };
    }

    private static void RequireSameLength(ReadOnlySpan<int> ids, int length)
    {
        if (ids.Length != length)
        {
            throw new ArgumentException($"There are {ids.Length} ids but {length} scores; each id needs one.");
        }
    }

    private static ArgumentException Invalid(int index, int id, double value) =>
        id < 0
            ? new ArgumentException($"The id at index {index} is {id}; token ids are not negative.")
            : new ArgumentException(
                $"The score at index {index} (token {id}) is {value}; a logit must be a number or −∞, a weight a finite number ≥ 0."
            );
}
