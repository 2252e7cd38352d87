using Microsoft.ML.OnnxRuntime;

namespace Tokenwright.Models.Runtime;

/// <summary>Memory that does not move, over which tensors of several shapes are made.</summary>
internal sealed class PinnedBuffer<T>
    where T : unmanaged
{
    private T[] _items = [];

    /// <summary>The memory; void after it grew.</summary>
    public Span<T> Span => _items;

    /// <summary>Makes room.</summary>
    /// <returns>Whether the memory moved, which voids every tensor over it.</returns>
    public bool Reserve(int count)
    {
        if (count <= _items.Length)
        {
            return false;
        }

        _items = GC.AllocateUninitializedArray<T>(Math.Max(count, 2 * _items.Length), pinned: true);
        return true;
    }

    /// <summary>A tensor over the start of the memory.</summary>
    public OrtValue Tensor(params ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long size in shape)
        {
            count *= size;
        }

        return OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance,
            _items.AsMemory(0, (int)count),
            shape.ToArray()
        );
    }
}
