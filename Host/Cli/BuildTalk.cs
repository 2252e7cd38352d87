using System.Diagnostics;
using System.Globalization;
using Tokenwright.Models.Builder;

namespace Tokenwright.Cli;

/// <summary>Says on stderr, in a line now and then, how far the building of a graph has come.</summary>
internal sealed class BuildTalk : IProgress<double>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private long _start;
    private readonly Lock _gate = new();
    private TimeSpan _next = Pause;

    /// <summary>Whether a graph was built.</summary>
    public bool HasBuilt { get; private set; }

    public void Report(double value)
    {
        lock (_gate)
        {
            if (!HasBuilt)
            {
                HasBuilt = true;
                _start = Stopwatch.GetTimestamp();
            }

            if (Stopwatch.GetElapsedTime(_start) is var now && now >= _next)
            {
                _next = now + Pause;
                Talk.Line(string.Create(CultureInfo.InvariantCulture, $"importing: {Math.Floor(100 * value)} %"));
            }
        }
    }

    /// <summary>Says what was built.</summary>
    public static void Done(string name, BuiltGraph graph) =>
        Talk.Line($"imported {name}: {Precision.Describe(graph.Manifest)}, {Data.Bytes(graph.Bytes)}, in {graph.Folder}");
}
