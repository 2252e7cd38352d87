using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Tokenwright.Models.Runtime;

/// <summary>The keys and values of one sequence: per layer two buffers [1, heads, capacity, head size], bound as past and present alike.</summary>
/// <remarks>A row is the slice of one position. Moving a row is a copy inside each head; giving rows up is a smaller length and no copy.</remarks>
internal sealed class KvCache : IDisposable
{
    private readonly int _heads;
    private readonly int _headSize;
    private readonly OrtValue[] _buffers;
    private ZeroedMemory _memory;

    /// <param name="layers">Layers of the model.</param>
    /// <param name="heads">Key/value heads.</param>
    /// <param name="headSize">Width of a head.</param>
    /// <param name="capacity">Rows that fit.</param>
    public KvCache(int layers, int heads, int headSize, int capacity)
    {
        _heads = heads;
        _headSize = headSize;
        Capacity = capacity;
        _buffers = new OrtValue[2 * layers];
        _memory = Allocate(_buffers, capacity);
    }

    /// <summary>Rows that fit.</summary>
    public int Capacity { get; private set; }

    /// <summary>The keys of a layer.</summary>
    public OrtValue Key(int layer) => _buffers[2 * layer];

    /// <summary>The values of a layer.</summary>
    public OrtValue Value(int layer) => _buffers[2 * layer + 1];

    /// <summary>Replaces the buffers by larger ones that hold the same first rows; bindings to the old ones are void.</summary>
    public void Grow(int capacity, int rows)
    {
        var larger = new OrtValue[_buffers.Length];
        var memory = Allocate(larger, capacity);
        for (int i = 0; i < _buffers.Length; i++)
        {
            Copy(_buffers[i], Capacity, larger[i], capacity, rows);
            _buffers[i].Dispose();
            _buffers[i] = larger[i];
        }

        _memory.Dispose();
        _memory = memory;
        Capacity = capacity;
    }

    /// <summary>Copies a row to a lower one in every layer and head.</summary>
    public void MoveRow(int from, int to)
    {
        foreach (var buffer in _buffers)
        {
            var rows = buffer.GetTensorMutableDataAsSpan<float>();
            for (int head = 0; head < _heads; head++)
            {
                int start = head * Capacity;
                rows.Slice((start + from) * _headSize, _headSize).CopyTo(rows[((start + to) * _headSize)..]);
            }
        }
    }

    /// <summary>Copies the first rows into another cache of the same model.</summary>
    public void CopyTo(KvCache other, int rows)
    {
        for (int i = 0; i < _buffers.Length; i++)
        {
            Copy(_buffers[i], Capacity, other._buffers[i], other.Capacity, rows);
        }
    }

    /// <summary>Fills the first rows with zeros.</summary>
    public void Clear(int rows)
    {
        foreach (var buffer in _buffers)
        {
            var values = buffer.GetTensorMutableDataAsSpan<float>();
            for (int head = 0; head < _heads; head++)
            {
                values.Slice(head * Capacity * _headSize, rows * _headSize).Clear();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in _buffers)
        {
            buffer.Dispose();
        }

        _memory.Dispose();
    }

    // Rows beyond the length are never attended to, but an attention kernel may multiply them by a weight of 0, and 0 · NaN is NaN:
    // so they are zero.
    private ZeroedMemory Allocate(OrtValue[] buffers, int capacity)
    {
        long bytes = (long)_heads * capacity * _headSize * sizeof(float);
        var memory = new ZeroedMemory(buffers.Length * bytes);
        for (int i = 0; i < buffers.Length; i++)
        {
            buffers[i] = OrtValue.CreateTensorValueWithData(
                OrtMemoryInfo.DefaultInstance,
                TensorElementType.Float,
                [1, _heads, capacity, _headSize],
                memory.Start + (nint)(i * bytes),
                bytes
            );
        }

        return memory;
    }

    private void Copy(OrtValue source, int sourceCapacity, OrtValue target, int targetCapacity, int rows)
    {
        var from = source.GetTensorDataAsSpan<float>();
        var to = target.GetTensorMutableDataAsSpan<float>();
        for (int head = 0; head < _heads; head++)
        {
            from.Slice(head * sourceCapacity * _headSize, rows * _headSize).CopyTo(to[(head * targetCapacity * _headSize)..]);
        }
    }
}
