using Tokenwright.Plugins.JsonSchema.Machine;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>
/// The tokens below a node while a value of some kind is read, whatever holds the value: those that end within or with it, and all that
/// may follow its end, merged.
/// </summary>
internal sealed record Segment(CompiledMask Mask, Trie Crossing);

/// <summary>Stands for whatever holds a value while its <see cref="Segment"/> is found.</summary>
internal sealed class HoleFrame() : Frame(null)
{
    public static HoleFrame Instance { get; } = new();
}
