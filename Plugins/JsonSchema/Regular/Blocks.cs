using System.Runtime.CompilerServices;

namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>
/// A list that grows by blocks: to grow moves nothing, and blocks are so large that no collection of garbage copies them. One thread at a
/// time may make room; others read what was written before without a lock.
/// </summary>
internal sealed class Blocks<T>
{
    // What is 85,000 bytes long is never copied. Not a field, which is no constant to code compiled before it has its value.
    private static int Bits =>
        Unsafe.SizeOf<T>() switch
        {
            > 20 => 12,
            > 10 => 13,
            > 5 => 14,
            _ => 15,
        };
    private T[][] _blocks = [];

    public ref T this[int index] => ref Volatile.Read(ref _blocks)[index >> Bits][index & (1 << Bits) - 1];

    /// <summary>Makes room for an entry, and for all before it.</summary>
    public void Reach(int index)
    {
        while (index >> Bits >= _blocks.Length)
            Volatile.Write(ref _blocks, [.. _blocks, new T[1 << Bits]]);
    }
}
