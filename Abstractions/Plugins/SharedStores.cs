namespace Tokenwright;

/// <summary>What parts learn and keep beyond one generation, by type and name: the stores of one model. Safe for concurrent use.</summary>
/// <remarks>
/// At most <paramref name="capacity"/> stores are kept; the one asked for longest ago goes first, and parts that still hold it keep working
/// with it. A store bounds its own size and is itself safe for concurrent use. What it holds may change speed, never tokens.
/// </remarks>
/// <param name="capacity">The most stores, at least 1.</param>
public sealed class SharedStores(int capacity = 64)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Type Type, string Name), object> _stores = [];
    private readonly List<(Type Type, string Name)> _byUse = [];

    /// <summary>How many stores there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _stores.Count;
            }
        }
    }

    /// <summary>The store of a type and name; makes it on first use.</summary>
    /// <typeparam name="T">A type of the plugin itself, so that stores of different plugins cannot meet.</typeparam>
    /// <param name="name">Which of the stores of this type; may be empty.</param>
    /// <param name="create">Makes it; called once, others wait meanwhile. What it throws reaches the caller, and nothing is kept.</param>
    public T Get<T>(string name, Func<T> create)
        where T : class
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        var key = (typeof(T), name);
        lock (_lock)
        {
            if (_stores.TryGetValue(key, out object? known))
            {
                _byUse.Remove(key);
                _byUse.Add(key);
                return (T)known;
            }

            var made = create();
            if (_stores.Count == capacity)
            {
                _stores.Remove(_byUse[0]);
                _byUse.RemoveAt(0);
            }

            _stores.Add(key, made);
            _byUse.Add(key);
            return made;
        }
    }
}
