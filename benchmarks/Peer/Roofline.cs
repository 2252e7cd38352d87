using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Tokenwright.Models.Onnx;

namespace Tokenwright.Benchmarks.Peer;

/// <summary>The bound that memory sets: every token reads every weight once.</summary>
internal static class Roofline
{
    private const int Floats = 1 << 27;

    /// <summary>Bytes per second that some threads read together, best of several passes over half a gigabyte.</summary>
    public static double MeasureBandwidth(int threads)
    {
        float[] memory = GC.AllocateUninitializedArray<float>(Floats);
        Array.Fill(memory, 1f);
        double best = 0;
        int part = Floats / threads;
        for (int pass = 0; pass < 7; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            Parallel.For(
                0,
                threads,
                new ParallelOptions { MaxDegreeOfParallelism = threads },
                i => GC.KeepAlive(Sum(memory.AsSpan(i * part, part)))
            );
            best = Math.Max(best, (double)part * threads * sizeof(float) / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    /// <summary>Bytes of the weights that a forward of one row reads whole: all but tables that rows are looked up in.</summary>
    public static double BytesPerToken(string graph)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(graph)).Graph;
        var read = model
            .Node.Where(node => node.OpType is not ("Gather" or "GatherBlockQuantized" or "GroupQueryAttention"))
            .SelectMany(node => node.Input)
            .ToHashSet(StringComparer.Ordinal);
        return model
            .Initializer.Where(tensor => read.Contains(tensor.Name))
            .SelectMany(tensor => tensor.ExternalData)
            .Where(entry => entry.Key == "length")
            .Sum(entry => double.Parse(entry.Value, CultureInfo.InvariantCulture));
    }

    private static float Sum(ReadOnlySpan<float> values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var (a, b, c, d) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        for (int i = 0; i + 4 <= vectors.Length; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }

        return Vector.Sum(a + b + c + d);
    }
}
