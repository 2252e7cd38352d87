using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tokenwright;

/// <summary>
/// Exact selection from a dense row by one total order: logit descending, then id ascending. −∞ means not in the support.
/// Nothing is allocated once the shared array pool is warm.
/// </summary>
public static class TopK
{
    // Above this many keys a radix sort beats a comparison sort.
    private const int RadixLength = 4096;

    /// <summary>The id of the greatest logit, the lowest id on ties.</summary>
    /// <param name="logits">One score per id.</param>
    /// <exception cref="InvalidOperationException">The support is empty: no logit is above −∞.</exception>
    /// <exception cref="ArgumentException">A logit is NaN.</exception>
    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        const int BlockLength = 1024;
        var best = float.NegativeInfinity;
        var from = -1;
        for (var start = 0; start < logits.Length; start += BlockLength)
        {
            var max = TensorPrimitives.Max(logits.Slice(start, Math.Min(BlockLength, logits.Length - start)));
            if (max > best)
            {
                best = max;
                from = start;
            }
            else if (float.IsNaN(max))
            {
                throw NotANumber(logits);
            }
        }
        if (from < 0)
        {
            throw EmptySupport(logits.Length);
        }
        while (logits[from] != best)
        {
            from++;
        }
        return from;
    }

    /// <summary>The k largest logits of a dense row in order, where k is the length of <paramref name="ids"/>.</summary>
    /// <param name="logits">One score per id.</param>
    /// <param name="ids">Receives the ids; its length is k, and may exceed the number of logits.</param>
    /// <param name="values">Receives the logits of <paramref name="ids"/>; at least as long.</param>
    /// <returns>How many were written: k, or the size of the support where that is smaller.</returns>
    /// <remarks>
    /// The maxima of equal blocks are taken first. The k best logits lie in the k blocks with the best maxima, and at least k reach the
    /// least of those, so only they are ordered. Of the logits equal to it the first k by id are enough: a flat row costs no more than another.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The support is empty.</exception>
    /// <exception cref="ArgumentException">A logit is NaN, or <paramref name="values"/> is too short.</exception>
    [SkipLocalsInit]
    public static int Select(ReadOnlySpan<float> logits, Span<int> ids, Span<float> values)
    {
        var k = Math.Min(ids.Length, logits.Length);
        if (values.Length < k)
        {
            throw new ArgumentException($"There is room for {values.Length} values but for {ids.Length} ids.", nameof(values));
        }

        // Sixteen blocks for each of the k: then the k-th maximum lies close to the k-th logit.
        var blockLength = Math.Clamp(
            (int)BitOperations.RoundUpToPowerOf2((uint)(logits.Length / (16L * Math.Max(k, 1)) + 1)) / 2,
            64,
            1024
        );
        var blocks = (logits.Length + blockLength - 1) / blockLength;
        if (k > blocks / 2)
        {
            return SelectAbove(logits, float.NegativeInfinity, ids[..k], values);
        }

        var rented = ArrayPool<ulong>.Shared.Rent(blocks);
        var maxima = rented.AsSpan(0, blocks);
        for (var block = 0; block < blocks; block++)
        {
            var start = block * blockLength;
            var max = TensorPrimitives.Max(logits.Slice(start, Math.Min(blockLength, logits.Length - start)));
            if (float.IsNaN(max))
            {
                ArrayPool<ulong>.Shared.Return(rented);
                throw NotANumber(logits);
            }
            maxima[block] = Key(max, block);
        }
        PartitionSmallest(maxima, k);
        maxima = maxima[..k];
        var threshold = Logit(TensorPrimitives.Max<ulong>(maxima));
        var most = k * Math.Min(blockLength, logits.Length);
        var keys = ArrayPool<ulong>.Shared.Rent(most);
        try
        {
            // In the order of their ids, so that the first of equal logits are found first.
            for (var i = 0; i < k; i++)
            {
                maxima[i] = (uint)maxima[i];
            }
            maxima.Sort();
            var count = 0;
            var ties = threshold == float.NegativeInfinity ? 0 : k;
            foreach (var block in maxima)
            {
                var start = (int)block * blockLength;
                var length = Math.Min(blockLength, logits.Length - start);
                count += Collect(logits.Slice(start, length), start, threshold, ref ties, keys.AsSpan(count));
            }
            return Order(keys.AsSpan(0, count), logits, ids[..k], values);
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(keys);
            ArrayPool<ulong>.Shared.Return(rented);
        }
    }

    /// <summary>The ids in order whose logit exceeds the threshold, as many as fit into <paramref name="ids"/>.</summary>
    internal static int SelectAbove(ReadOnlySpan<float> logits, float threshold, Span<int> ids, Span<float> values)
    {
        var ties = 0;
        var keys = ArrayPool<ulong>.Shared.Rent(logits.Length);
        try
        {
            return Order(keys.AsSpan(0, Collect(logits, 0, threshold, ref ties, keys)), logits, ids, values);
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(keys);
        }
    }

    /// <summary>Writes the first of the keys in order, as many as fit; returns their number.</summary>
    private static int Order(Span<ulong> keys, ReadOnlySpan<float> logits, Span<int> ids, Span<float> values)
    {
        if (keys.IsEmpty)
        {
            throw EmptySupport(logits.Length);
        }
        var count = Math.Min(ids.Length, keys.Length);
        if (count < keys.Length / 4)
        {
            PartitionSmallest(keys, count);
            keys[..count].Sort();
        }
        else if (keys.Length < RadixLength)
        {
            keys.Sort();
        }
        else
        {
            RadixSort(keys);
        }
        for (var i = 0; i < count; i++)
        {
            ids[i] = (int)keys[i];
            values[i] = logits[ids[i]];
        }
        return count;
    }

    /// <summary>Writes the keys of the qualifying logits in the order of their ids, which begin at <paramref name="first"/>; returns their number.</summary>
    private static int Collect(ReadOnlySpan<float> logits, int first, float threshold, ref int ties, Span<ulong> keys)
    {
        var limit = new Vector<float>(threshold);
        ref var source = ref MemoryMarshal.GetReference(logits);
        var count = 0;
        var i = 0;
        while (i < logits.Length)
        {
            var end = Math.Min(logits.Length, i + 4 * Vector<float>.Count);
            if (end - i == 4 * Vector<float>.Count)
            {
                var a = Vector.LoadUnsafe(ref source, (nuint)i);
                var b = Vector.LoadUnsafe(ref source, (nuint)(i + Vector<float>.Count));
                var c = Vector.LoadUnsafe(ref source, (nuint)(i + 2 * Vector<float>.Count));
                var d = Vector.LoadUnsafe(ref source, (nuint)(i + 3 * Vector<float>.Count));
                // "Below" rather than "not above": a NaN must reach the loop that reports it.
                var below =
                    ties > 0
                        ? Vector.LessThan(a, limit)
                            & Vector.LessThan(b, limit)
                            & Vector.LessThan(c, limit)
                            & Vector.LessThan(d, limit)
                        : Vector.LessThanOrEqual(a, limit)
                            & Vector.LessThanOrEqual(b, limit)
                            & Vector.LessThanOrEqual(c, limit)
                            & Vector.LessThanOrEqual(d, limit);
                if (Vector.EqualsAll(below, Vector<int>.AllBitsSet))
                {
                    i = end;
                    continue;
                }
            }
            for (; i < end; i++)
            {
                var logit = logits[i];
                if (logit > threshold)
                {
                    keys[count++] = Key(logit, first + i);
                }
                else if (ties > 0 && logit == threshold)
                {
                    keys[count++] = Key(logit, first + i);
                    ties--;
                }
                else if (float.IsNaN(logit))
                {
                    throw NotANumber(logits);
                }
            }
        }
        return count;
    }

    /// <summary>A number that is smaller the earlier (logit descending, index ascending) stands in the order.</summary>
    private static ulong Key(float logit, int index)
    {
        // Adding zero makes −0 and +0 one value, as comparison has it.
        var bits = BitConverter.SingleToInt32Bits(logit + 0f);
        var descending = (uint)bits ^ (~(uint)(bits >> 31) >> 1);
        return ((ulong)descending << 32) | (uint)index;
    }

    private static float Logit(ulong key)
    {
        var descending = (int)(key >> 32);
        return BitConverter.Int32BitsToSingle((int)((uint)descending ^ (~(uint)(descending >> 31) >> 1)));
    }

    /// <summary>Moves the <paramref name="count"/> smallest of different keys to the front, in any order (Hoare's quickselect).</summary>
    private static void PartitionSmallest(Span<ulong> keys, int count)
    {
        while (keys.Length > 1 && count > 0 && count < keys.Length)
        {
            var last = keys.Length - 1;
            MedianLast(keys);
            var pivot = keys[last];
            var smaller = 0;
            // Without a branch on the comparison, which no processor can predict here.
            for (var i = 0; i < last; i++)
            {
                var key = keys[i];
                keys[i] = keys[smaller];
                keys[smaller] = key;
                smaller += key < pivot ? 1 : 0;
            }
            (keys[last], keys[smaller]) = (keys[smaller], pivot);
            if (count <= smaller)
            {
                keys = keys[..smaller];
            }
            else
            {
                keys = keys[(smaller + 1)..];
                count -= smaller + 1;
            }
        }
    }

    /// <summary>Puts the median of five spread keys last, so that rows in order are no worse than others.</summary>
    private static void MedianLast(Span<ulong> keys)
    {
        if (keys.Length < 8)
        {
            return;
        }
        var step = (keys.Length - 1) / 4;
        Span<int> places = [0, step, 2 * step, 3 * step, keys.Length - 1];
        for (var i = 1; i < places.Length; i++)
        {
            for (var j = i; j > 0 && keys[places[j]] < keys[places[j - 1]]; j--)
            {
                (places[j], places[j - 1]) = (places[j - 1], places[j]);
            }
        }
        (keys[^1], keys[places[2]]) = (keys[places[2]], keys[^1]);
    }

    /// <summary>Sorts keys that stand in the order of their indices: stable passes over the logit's bits only.</summary>
    private static void RadixSort(Span<ulong> keys)
    {
        const int Bits = 11;
        const int Buckets = 1 << Bits;
        var rented = ArrayPool<ulong>.Shared.Rent(keys.Length);
        var from = keys;
        var to = rented.AsSpan(0, keys.Length);
        Span<int> places = stackalloc int[Buckets];
        for (var shift = 32; shift < 64; shift += Bits)
        {
            places.Clear();
            foreach (var key in from)
            {
                places[(int)(key >> shift) & (Buckets - 1)]++;
            }
            var sum = 0;
            foreach (ref var place in places)
            {
                (place, sum) = (sum, sum + place);
            }
            foreach (var key in from)
            {
                to[places[(int)(key >> shift) & (Buckets - 1)]++] = key;
            }
            var swap = from;
            from = to;
            to = swap;
        }
        // Three passes: the sorted keys lie in the rented array.
        from.CopyTo(keys);
        ArrayPool<ulong>.Shared.Return(rented);
    }

    private static ArgumentException NotANumber(ReadOnlySpan<float> logits)
    {
        var id = 0;
        while (!float.IsNaN(logits[id]))
        {
            id++;
        }
        return new ArgumentException($"The logit of token {id} is NaN; a logit must be a number or −∞.", nameof(logits));
    }

    internal static InvalidOperationException EmptySupport(int count) =>
        new(
            $"The support is empty: none of the {count} tokens has a logit above −∞. "
                + "A constraint or a truncation left no token; relax it or end the sequence."
        );
}
