namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>The tokens of a vocabulary in the order of their bytes, so that those with a common beginning are read once.</summary>
internal sealed class VocabularyTrie
{
    private readonly byte[][] _bytes;
    private readonly int[] _ids;

    public VocabularyTrie(IVocabulary vocabulary)
    {
        var ids = Enumerable.Range(0, vocabulary.Size).Where(id => !vocabulary.IsSpecial(id) && vocabulary.Bytes(id).Length > 0);
        var tokens = ids.Select(id => (Id: id, Bytes: vocabulary.Bytes(id).ToArray())).ToArray();
        Array.Sort(tokens, (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes));
        _ids = [.. tokens.Select(t => t.Id)];
        _bytes = [.. tokens.Select(t => t.Bytes)];
        Words = (vocabulary.Size + 63) / 64;
    }

    /// <summary>Length of a mask in 64-bit words.</summary>
    public int Words { get; }

    /// <summary>The tokens whose bytes can be read from a state, as a mask.</summary>
    /// <param name="start">The state.</param>
    /// <param name="step">The state after one more byte; null where it may not come.</param>
    public ulong[] Readable<TState>(TState start, Func<TState, byte, TState?> step)
        where TState : class
    {
        var mask = new ulong[Words];
        Visit(0, _ids.Length, 0, start, step, mask);
        return mask;
    }

    private void Visit<TState>(int from, int to, int depth, TState state, Func<TState, byte, TState?> step, ulong[] mask)
        where TState : class
    {
        // The tokens that end here come first.
        for (; from < to && _bytes[from].Length == depth; from++)
            mask[_ids[from] >> 6] |= 1ul << _ids[from];
        while (from < to)
        {
            var value = _bytes[from][depth];
            var end = from + 1;
            while (end < to && _bytes[end][depth] == value)
                end++;
            if (step(state, value) is { } next)
                Visit(from, end, depth + 1, next, step, mask);
            from = end;
        }
    }
}
