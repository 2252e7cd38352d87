using Tokenwright.Plugins.JsonSchema.Numbers;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>A canonical form made ready for reading: where each kind of value begins.</summary>
internal sealed class NodeEntry
{
    public required Node Node { get; init; }

    /// <summary>Start of the inside of a string; dead when no string is allowed.</summary>
    public required int StringStart { get; init; }
    public required NumberDfa? Numbers { get; init; }

    /// <summary>The shapes an object may have; null when none is allowed.</summary>
    public required ObjectRules? Objects { get; init; }
    public required ArrayRules[] Arrays { get; init; }

    /// <summary>Whether schemas share it, so that its masks are worth keeping apart from what holds the value.</summary>
    public bool IsShared { get; init; }

    /// <summary>All values there may be, as canonical texts, found before.</summary>
    public Listing? Values { get; set; }

    /// <param name="Limit">The most values that were looked for.</param>
    /// <param name="All">The values; null where there are more.</param>
    internal sealed record Listing(int Limit, IReadOnlyList<string>? All);

    /// <summary>The entry as the only value there may be, with no demand met by it.</summary>
    public (ulong Met, NodeEntry Value)[] Alone => _alone ??= [(0, this)];
    private (ulong, NodeEntry)[]? _alone;
}
