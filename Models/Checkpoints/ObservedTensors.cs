namespace Tokenwright.Models.Checkpoints;

/// <summary>Tensors whose reading is watched: what has been read of them, 0 to 1, is reported after each.</summary>
internal sealed class ObservedTensors(ITensorSource source, IProgress<double> progress) : ITensorSource
{
    private readonly double _all = source.Names.Sum(name => source.ShapeOf(name)!.Aggregate(1.0, (a, b) => a * b));
    private long _read;

    public string Origin => source.Origin;

    public string Description => source.Description;

    public IEnumerable<string> Names => source.Names;

    public IReadOnlyList<long>? ShapeOf(string name) => source.ShapeOf(name);

    public void ReadRows(string name, int first, Span<float> destination)
    {
        source.ReadRows(name, first, destination);
        // What is quantised is read more than once.
        progress.Report(Math.Min(1, Interlocked.Add(ref _read, destination.Length) / _all));
    }

    public void ReadScales(string name, int first, int blockSize, Span<float> scales) =>
        source.ReadScales(name, first, blockSize, scales);
}
