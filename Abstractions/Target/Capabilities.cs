namespace Tokenwright;

/// <summary>What a model can do beyond a causal forward of a chain with logits: offered by <see cref="ICausalModel"/>, needed by parts.</summary>
/// <remarks>
/// The planner compares the two once, before the first token. A decorator re-derives or withdraws every capability it changes.
/// </remarks>
[Flags]
public enum Capabilities
{
    /// <summary>Nothing but a chain of tokens and their logits.</summary>
    None = 0,

    /// <summary>One forward may hold a tree: <see cref="ForwardItem.Parents"/> is honoured, siblings do not see each other.</summary>
    Tree = 1 << 0,

    /// <summary>Committed rows can be given up again: <see cref="ISequence.Rewind"/>.</summary>
    Rewind = 1 << 1,

    /// <summary>A sequence can be copied: <see cref="ISequence.Fork"/>.</summary>
    Fork = 1 << 2,

    /// <summary>Hidden states after the final norm: <see cref="IRows.Hidden"/>.</summary>
    HiddenStates = 1 << 3,

    /// <summary>Several sequences share one forward at less than the cost of the sum.</summary>
    Batch = 1 << 4,

    /// <summary>A forward takes embeddings instead of tokens: <see cref="ForwardItem.Embeddings"/>.</summary>
    Embeddings = 1 << 5,

    /// <summary>A forward takes the ranks of the experts to route to: <see cref="ForwardItem.RoutedRanks"/>.</summary>
    Routing = 1 << 6,
}
