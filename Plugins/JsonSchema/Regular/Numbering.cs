namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>
/// Numbers values in the order in which they are first met. It grows a bucket at a time (Litwin, "Linear hashing", 1980): no addition takes
/// longer because there are many. One thread at a time may add; others read the value of a number without a lock.
/// </summary>
internal sealed class Numbering<T>
    where T : struct, IEquatable<T>
{
    private const int FirstBuckets = 1024;
    private readonly Blocks<Entry> _entries = new();

    // The first number of each chain, plus one.
    private readonly Blocks<int> _buckets = new();
    private int _round = FirstBuckets;
    private int _split;

    private record struct Entry(T Value, int Hash, int Next);

    public Numbering() => _buckets.Reach(FirstBuckets - 1);

    public int Count { get; private set; }

    public T this[int number] => _entries[number].Value;

    /// <summary>The number of a value, or -1.</summary>
    public int Find(in T value)
    {
        var hash = value.GetHashCode();
        for (var number = _buckets[Bucket(hash)] - 1; number >= 0; )
        {
            ref var entry = ref _entries[number];
            if (entry.Hash == hash && entry.Value.Equals(value))
                return number;
            number = entry.Next;
        }
        return -1;
    }

    /// <summary>Gives a value that has none the next number.</summary>
    public int Add(in T value)
    {
        if (Count >= _round + _split)
            Split();
        var hash = value.GetHashCode();
        ref var first = ref _buckets[Bucket(hash)];
        _entries.Reach(Count);
        _entries[Count] = new(value, hash, first - 1);
        first = ++Count;
        return Count - 1;
    }

    private int Bucket(int hash)
    {
        var bucket = hash & _round - 1;
        return bucket < _split ? hash & 2 * _round - 1 : bucket;
    }

    /// <summary>Spreads the values of the next bucket in turn over it and a new one.</summary>
    private void Split()
    {
        _buckets.Reach(_round + _split);
        ref var stay = ref _buckets[_split];
        ref var move = ref _buckets[_round + _split];
        var number = stay - 1;
        stay = 0;
        while (number >= 0)
        {
            ref var entry = ref _entries[number];
            ref var first = ref (entry.Hash & _round) == 0 ? ref stay : ref move;
            var next = entry.Next;
            entry.Next = first - 1;
            first = number + 1;
            number = next;
        }
        if (++_split == _round)
            (_round, _split) = (2 * _round, 0);
    }
}
