using BenchmarkDotNet.Attributes;

namespace Tokenwright.Benchmarks;

/// <summary>The kernels under a pick, each alone, on 150,000 tokens.</summary>
[MemoryDiagnoser]
public class KernelBenchmarks
{
    private const int Vocabulary = 150_000;

    private readonly KeyedRandomness _random = new(20240607);
    private readonly int[] _ids = new int[Vocabulary];
    private readonly float[] _values = new float[Vocabulary];
    private readonly uint[] _words = new uint[512];
    private readonly double[] _weights = new double[Vocabulary];
    private float[] _row = [];
    private int _position;

    [Params(RowShape.Real, RowShape.Flat, RowShape.Rising)]
    public RowShape Shape { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _row = Rows.Make(Shape, Vocabulary);
        for (var i = 0; i < Vocabulary; i++)
        {
            _weights[i] = Math.Exp(_row[i]);
        }
    }

    [Benchmark]
    public int Pick() => _random.Pick(DrawKey.At(0, _position++), _row);

    [Benchmark]
    public int PickByWeight() => _random.Pick(DrawKey.At(0, _position++), [], _weights);

    [Benchmark]
    public uint Noise()
    {
        for (var start = 0; start < Vocabulary; start += 512)
        {
            Philox.Fill(_words, start, (0, 1, 2), (3, 4));
        }
        return _words[0];
    }

    [Benchmark]
    public int ArgMax() => TopK.ArgMax(_row);

    [Benchmark]
    public int Top8() => TopK.Select(_row, _ids.AsSpan(0, 8), _values);

    [Benchmark]
    public int Top40() => TopK.Select(_row, _ids.AsSpan(0, 40), _values);

    [Benchmark]
    public int Top1000() => TopK.Select(_row, _ids.AsSpan(0, 1000), _values);

    [Benchmark]
    public int Order() => TopK.Select(_row, _ids, _values);

    [Benchmark]
    public double LogSumExp() => Nucleus.LogSumExp(_row);

    [Benchmark]
    public int TopP95() => Nucleus.TopP(_row, 0.95, _ids, _values);

    [Benchmark]
    public int MinP05() => Nucleus.MinP(_row, 0.05, _ids, _values);
}
