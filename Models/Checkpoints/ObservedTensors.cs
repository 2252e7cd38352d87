namespace Tokenwright.Models.Checkpoints;

/// <summary>Tensors whose reading is watched: what has been read of them, 0 to 1, is reported after each.</summary>
internal sealed class ObservedTensors(ITensorSource source, IProgress<double> progress) : ITensorSource
{
    private readonly double _all = source.Names.Sum(name => source.ShapeOf(name)!.Aggregate(1.0, (a, b) => a * b));
    private long _read;

    public string Origin => source.Origin;

    public IEnumerable<string> Names => source.Names;

    public IReadOnlyList<long>? ShapeOf(string name) => source.ShapeOf(name);

    public void Read(string name, Span<float> destination)
    {
        source.Read(name, destination);
        // Tied weights are read twice.
        progress.Report(Math.Min(1, Interlocked.Add(ref _read, destination.Length) / _all));
    }
}
