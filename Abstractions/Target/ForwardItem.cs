namespace Tokenwright;

/// <summary>What one forward feeds to one sequence, and which outputs it wants back.</summary>
public readonly record struct ForwardItem
{
    /// <summary>The sequence to extend.</summary>
    public required ISequence Sequence { get; init; }

    /// <summary>The tokens to feed, one new provisional row each. Ids lie in [0, vocabulary).</summary>
    public ReadOnlyMemory<int> Tokens { get; init; }

    /// <summary>Embeddings instead of tokens, [rows × hidden], row after row. Needs <see cref="Capabilities.Embeddings"/>.</summary>
    public ReadOnlyMemory<float> Embeddings { get; init; }

    /// <summary>
    /// For each row the provisional row it follows, or −1 for the last committed one. Empty: a chain that goes on from the last
    /// provisional row. A row sees the committed rows, its ancestors and itself, and its position is its parent's plus one.
    /// Anything but a chain needs <see cref="Capabilities.Tree"/>.
    /// </summary>
    public ReadOnlyMemory<int> Parents { get; init; }

    /// <summary>Ranks (0 = the router's first choice) of the experts each layer uses for these rows. Empty: the model's own. Needs <see cref="Capabilities.Routing"/>.</summary>
    public ReadOnlyMemory<int> RoutedRanks { get; init; }

    /// <summary>The outputs wanted; asking for less is faster.</summary>
    public Wanted Wanted { get; init; }
}
