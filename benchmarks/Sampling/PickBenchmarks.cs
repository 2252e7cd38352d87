using System.Numerics.Tensors;
using BenchmarkDotNet.Attributes;

namespace Tokenwright.Benchmarks;

/// <summary>
/// One pick from a row of logits, the copy of the row and the temperature included.
/// Budgets: truncated 60 µs at 50,000 and 150 µs at 150,000 tokens; 300 µs without truncation at 150,000.
/// </summary>
[MemoryDiagnoser]
public class PickBenchmarks
{
    private const float Temperature = 0.8f;

    private readonly KeyedRandomness _random = new(20240607);
    private readonly int[] _ids = new int[40];
    private readonly float[] _values = new float[40];
    private float[] _row = [];
    private float[] _copy = [];
    private int _position;

    [Params(50_000, 150_000)]
    public int Vocabulary { get; set; }

    [Params(RowShape.Real, RowShape.Flat)]
    public RowShape Shape { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _row = Rows.Make(Shape, Vocabulary);
        _copy = new float[Vocabulary];
    }

    [Benchmark]
    public int TopK40TopP95()
    {
        TensorPrimitives.Multiply(_row, 1 / Temperature, _copy);
        var count = TopK.Select(_copy, _ids, _values);
        count = Nucleus.TopP(_values.AsSpan(0, count), 0.95);
        return _random.Pick(DrawKey.At(0, _position++), _ids.AsSpan(0, count), _values.AsSpan(0, count));
    }

    [Benchmark]
    public int Untruncated()
    {
        TensorPrimitives.Multiply(_row, 1 / Temperature, _copy);
        return _random.Pick(DrawKey.At(0, _position++), _copy);
    }
}
