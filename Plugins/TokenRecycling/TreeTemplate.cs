namespace Tokenwright.Plugins.TokenRecycling;

/// <summary>A tree of ranks: node i takes the successor of its parent's token that has rank <c>Rank(i)</c>.</summary>
/// <remarks>Nodes come level by level, the root first; the children of a node have the ranks 0, 1, 2… in order.</remarks>
public sealed class TreeTemplate
{
    private readonly int[] _parent;
    private readonly int[] _rank;
    private readonly int[] _depth;

    /// <summary>The published tree "2.2.2": 80 nodes below the root, levels of 8, 21, 25, 15, 8 and 3.</summary>
    public static TreeTemplate Published { get; } =
        new(
            // Path of ranks : number of children. What is not listed is a leaf.
            """
            :8
            0:8 1:4 2:3 3:2 4:1 5:1 6:1 7:1
            00:8 01:3 02:2 03:1 04:1 05:1 06:1 07:1 10:2 11:1 20:1 30:1 40:1 50:1
            000:5 001:2 002:1 003:1 004:1 010:1 020:1 100:1 200:1 300:1
            0000:3 0001:1 0002:1 0010:1 0100:1 1000:1
            00000:2 00010:1
            """
        );

    /// <summary>Reads a tree.</summary>
    /// <param name="fanOuts">Entries "path:children" separated by white space; a path is a string of ranks 0 to 7, the root's is empty.</param>
    /// <exception cref="FormatException">An entry is malformed, or its path is no node of the entries before it.</exception>
    public TreeTemplate(string fanOuts)
    {
        var parents = new List<int> { -1 };
        var ranks = new List<int> { -1 };
        var depths = new List<int> { 0 };
        var nodes = new Dictionary<string, int> { [""] = 0 };
        foreach (string entry in fanOuts.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = entry.Split(':');
            if (parts.Length != 2 || !nodes.TryGetValue(parts[0], out int node) || !int.TryParse(parts[1], out int children))
            {
                throw new FormatException($"'{entry}' is no node with its number of children.");
            }

            for (int rank = 0; rank < children; rank++)
            {
                nodes.Add(parts[0] + rank, parents.Count);
                parents.Add(node);
                ranks.Add(rank);
                depths.Add(depths[node] + 1);
            }
        }

        _parent = [.. parents];
        _rank = [.. ranks];
        _depth = [.. depths];
    }

    /// <summary>Number of nodes, the root included.</summary>
    public int Count => _parent.Length;

    /// <summary>Depth of the deepest node.</summary>
    public int MaxDepth => _depth[^1];

    /// <summary>The parent of a node; −1 for the root.</summary>
    public int Parent(int node) => _parent[node];

    /// <summary>The rank of a node among its siblings; −1 for the root.</summary>
    public int Rank(int node) => _rank[node];

    /// <summary>Steps from the root.</summary>
    public int Depth(int node) => _depth[node];
}
