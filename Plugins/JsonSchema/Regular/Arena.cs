using System.Runtime.CompilerServices;

namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>
/// Keeps short lists one after another in blocks so large that no collection of garbage copies them; a block lives as long as a list in it is
/// held. Not safe for concurrent use.
/// </summary>
internal sealed class Arena<T>
{
    private static readonly int BlockSize = 131_072 / Unsafe.SizeOf<T>();
    private T[] _block = [];
    private int _used;

    /// <summary>A copy of a list.</summary>
    public ReadOnlyMemory<T> Keep(ReadOnlySpan<T> items)
    {
        if (items.IsEmpty)
            return default;
        if (items.Length > _block.Length - _used)
            (_block, _used) = (new T[Math.Max(BlockSize, items.Length)], 0);
        var kept = _block.AsMemory(_used, items.Length);
        items.CopyTo(kept.Span);
        _used += items.Length;
        return kept;
    }
}
