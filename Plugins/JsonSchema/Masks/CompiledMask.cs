using System.Numerics;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>The tokens that one thread allows: shared sets, and a list of its own.</summary>
internal sealed class CompiledMask(TokenSet[] shared, ReadOnlyMemory<int> own)
{
    public TokenSet[] Shared => shared;
    public ReadOnlySpan<int> Own => own.Span;

    /// <summary>Overwrites a mask with the tokens.</summary>
    public void Fill(Span<ulong> mask)
    {
        Overwrite(mask);
        Add(Own, mask);
    }

    /// <summary>Adds the tokens to a mask, but for sets that it holds already: threads that read the same string share them.</summary>
    public void Fill(Span<ulong> mask, HashSet<TokenSet> held)
    {
        foreach (var set in shared)
        {
            if (held.Add(set))
                Add(set, mask);
        }
        Add(Own, mask);
    }

    private void Overwrite(Span<ulong> mask)
    {
        var first = Array.FindIndex(shared, s => s.Bits is not null);
        if (first < 0)
            mask.Clear();
        else
        {
            var bits = shared[first].Bits!;
            bits.CopyTo(mask);
            mask[bits.Length..].Clear();
        }
        for (var i = 0; i < shared.Length; i++)
        {
            if (i != first)
                Add(shared[i], mask);
        }
    }

    private static void Add(TokenSet set, Span<ulong> mask)
    {
        if (set.Bits is not { } bits)
        {
            Add(set.List, mask);
            return;
        }
        var i = 0;
        for (; i <= bits.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
            (new Vector<ulong>(bits, i) | new Vector<ulong>(mask[i..])).CopyTo(mask[i..]);
        for (; i < bits.Length; i++)
            mask[i] |= bits[i];
    }

    private static void Add(ReadOnlySpan<int> tokens, Span<ulong> mask)
    {
        foreach (var token in tokens)
            mask[token >> 6] |= 1ul << token;
    }
}

/// <summary>Masks found for the threads of one frame.</summary>
internal sealed class MaskCache
{
    private const int Limit = 48;

    private sealed record Entry(MaskKey Key, CompiledMask Mask, Entry? Next);

    // Few enough to look through; a lost race only computes a mask twice.
    private Entry? _entries;
    private int _count;

    public CompiledMask? Find(in MaskKey key)
    {
        for (var entry = _entries; entry is not null; entry = entry.Next)
        {
            if (entry.Key.Same(key))
                return entry.Mask;
        }
        return null;
    }

    public void Add(in MaskKey key, CompiledMask mask)
    {
        _entries = new(key, mask, ++_count % Limit == 0 ? null : _entries);
    }
}

/// <summary>What of a thread its mask depends on, besides the frame.</summary>
internal readonly record struct MaskKey(
    object Vocabulary,
    object? Detail,
    Machine.Phase Phase,
    byte Gap,
    int State,
    int Low,
    int High,
    int Length
)
{
    public bool Same(in MaskKey other) =>
        State == other.State
        && Phase == other.Phase
        && Gap == other.Gap
        && ReferenceEquals(Detail, other.Detail)
        && Low == other.Low
        && High == other.High
        && Length == other.Length
        && ReferenceEquals(Vocabulary, other.Vocabulary);
}
