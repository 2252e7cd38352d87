using System.Numerics;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>The tokens that one thread allows: shared sets, and a list of its own.</summary>
internal sealed class CompiledMask(TokenSet[] shared, int[] own)
{
    /// <summary>Adds the tokens to a mask; the first thread of a state overwrites what was there.</summary>
    public void Fill(Span<ulong> mask, bool overwrite)
    {
        if (overwrite)
            Overwrite(mask);
        else
        {
            foreach (var set in shared)
                Add(set, mask);
        }
        Add(own, mask);
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

    private static void Add(int[] tokens, Span<ulong> mask)
    {
        foreach (var token in tokens)
            mask[token >> 6] |= 1ul << token;
    }
}

/// <summary>Masks found for the threads of one frame.</summary>
internal sealed class MaskCache
{
    private const int Limit = 256;
    private readonly Dictionary<(MaskKey, object?), CompiledMask> _masks = [];

    public CompiledMask? Find(MaskKey key, object? detail)
    {
        lock (_masks)
            return _masks.GetValueOrDefault((key, detail));
    }

    public void Add(MaskKey key, object? detail, CompiledMask mask)
    {
        lock (_masks)
        {
            if (_masks.Count >= Limit)
                _masks.Clear();
            _masks[(key, detail)] = mask;
        }
    }
}

/// <summary>What of a thread its mask depends on, besides the frame.</summary>
internal readonly record struct MaskKey(object Vocabulary, Machine.Phase Phase, byte Gap, int State, int Low, int High, int Length);
