using System.Runtime.CompilerServices;

namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>
/// Keeps short lists one after another in blocks, that a collection of garbage has few things to visit and, from some size on, none to copy. A
/// block lives as long as a list in it is held: what lives long and what does not should be kept apart. Not safe for concurrent use.
/// </summary>
internal sealed class Arena<T>
{
    private const int Least = 4_096,
        Most = 131_072;
    private T[] _block = [];
    private int _used;

    /// <summary>A copy of a list.</summary>
    public ReadOnlyMemory<T> Keep(ReadOnlySpan<T> items)
    {
        if (items.IsEmpty)
            return default;
        if (items.Length > _block.Length - _used)
        {
            var length = Math.Clamp(2 * _block.Length, Least / Unsafe.SizeOf<T>(), Most / Unsafe.SizeOf<T>());
            (_block, _used) = (new T[Math.Max(length, items.Length)], 0);
        }
        var kept = _block.AsMemory(_used, items.Length);
        items.CopyTo(kept.Span);
        _used += items.Length;
        return kept;
    }
}
