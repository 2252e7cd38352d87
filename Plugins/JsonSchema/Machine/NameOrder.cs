namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>The names of an <see cref="ObjectRules"/> as a schema lists them; those that it does not list come last.</summary>
internal sealed class NameOrder
{
    /// <param name="names">The names that the schema lists.</param>
    /// <param name="index">The place of each name in the table.</param>
    public NameOrder(string[] names, Dictionary<string, int> index)
    {
        Listed = new int[index.Count];
        Rank = new int[index.Count];
        Array.Fill(Rank, -1);
        var count = 0;
        foreach (var name in names)
        {
            if (index.TryGetValue(name, out var at) && Rank[at] < 0)
                Add(at);
        }
        for (var at = 0; at < Rank.Length; at++)
        {
            if (Rank[at] < 0)
                Add(at);
        }

        void Add(int at)
        {
            Rank[at] = count;
            Listed[count++] = at;
        }
    }

    /// <summary>The names in order, by their places in the table.</summary>
    public int[] Listed { get; }

    /// <summary>For each name its place in the order.</summary>
    public int[] Rank { get; }
}
