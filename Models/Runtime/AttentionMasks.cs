using Microsoft.ML.OnnxRuntime;

namespace Tokenwright.Models.Runtime;

/// <summary>
/// The masks [1, T] of graphs that are told the length T by the shape of <c>attention_mask</c>: ones, a tensor per length over the
/// same memory, made when a length first occurs. Shared by all sequences of a model.
/// </summary>
/// <remarks>Safe for concurrent use.</remarks>
internal sealed class AttentionMasks : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<OrtValue?> _masks = [];
    private readonly List<OrtValue> _outgrown = [];
    private readonly PinnedBuffer<long> _ones = new();

    /// <summary>The mask of a length.</summary>
    /// <param name="length">Rows in the cache after the forward.</param>
    public OrtValue this[int length]
    {
        get
        {
            lock (_gate)
            {
                Reserve(length);
                return _masks[length - 1] ??= _ones.Tensor(1, length);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var mask in _masks.Concat(_outgrown))
        {
            mask?.Dispose();
        }
    }

    private void Reserve(int length)
    {
        if (length <= _masks.Count)
        {
            return;
        }

        // A mask of the old memory may be bound still: it stays valid until the model goes.
        if (_ones.Reserve(length))
        {
            _ones.Span.Fill(1);
            _outgrown.AddRange(_masks.OfType<OrtValue>());
            _masks.Clear();
        }

        while (_masks.Count < _ones.Span.Length)
        {
            _masks.Add(null);
        }
    }
}
