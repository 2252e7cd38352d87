namespace Tokenwright.Plugins.PromptLookup;

/// <summary>The first and the last place of every n-gram of a growing text, n fixed.</summary>
/// <remarks>Open addressing over positions alone: the text itself tells equal hashes apart. Holds at most one entry per token of the text.</remarks>
/// <param name="size">n, at least 1.</param>
/// <param name="expected">Tokens up to which nothing is allocated after construction.</param>
public sealed class NgramIndex(int size, int expected)
{
    private (int First, int Last)[] _slots = NewSlots(expected);
    private int _count;

    /// <summary>n.</summary>
    public int Size => size;

    /// <summary>How many different n-grams there are.</summary>
    public int Count => _count;

    /// <summary>Records the n-gram that ends at a position.</summary>
    /// <param name="text">The text; what was added before must not have changed.</param>
    /// <param name="end">The position of its last token; each is given once, in order.</param>
    public void Add(ReadOnlySpan<int> text, int end)
    {
        if (end + 1 < size)
        {
            return;
        }

        ref var slot = ref Slot(text, Ngram(text, end));
        if (slot.Last < 0)
        {
            slot = (end, end);
            if (++_count > _slots.Length / 2)
            {
                Grow(text);
            }
        }
        else
        {
            slot.Last = end;
        }
    }

    /// <summary>Where the last n tokens stood among the n-grams that were added.</summary>
    /// <param name="text">The text; at least n tokens.</param>
    /// <returns>Positions of the last token of the n-gram; −1 where it never stood.</returns>
    public (int First, int Last) Find(ReadOnlySpan<int> text) => Slot(text, Ngram(text, text.Length - 1));

    private static (int, int)[] NewSlots(int entries)
    {
        var slots = new (int, int)[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, entries * 2 + 2))];
        Array.Fill(slots, (-1, -1));
        return slots;
    }

    private ReadOnlySpan<int> Ngram(ReadOnlySpan<int> text, int end) => text.Slice(end + 1 - size, size);

    private ref (int First, int Last) Slot(ReadOnlySpan<int> text, ReadOnlySpan<int> ngram)
    {
        ulong hash = 0;
        foreach (int token in ngram)
        {
            hash = (hash ^ (uint)token) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29;
        }

        int mask = _slots.Length - 1;
        for (int at = (int)hash & mask; ; at = (at + 1) & mask)
        {
            ref var slot = ref _slots[at];
            if (slot.Last < 0 || Ngram(text, slot.Last).SequenceEqual(ngram))
            {
                return ref slot;
            }
        }
    }

    private void Grow(ReadOnlySpan<int> text)
    {
        var old = _slots;
        _slots = NewSlots(old.Length);
        foreach (var entry in old)
        {
            if (entry.Last >= 0)
            {
                Slot(text, Ngram(text, entry.Last)) = entry;
            }
        }
    }
}
