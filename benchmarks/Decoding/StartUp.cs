using System.Diagnostics;
using System.Globalization;

namespace Tokenwright.Benchmarks.Decoding;

/// <summary>Wall time from the start of the process to the first byte of text, with the model's graph in the cache.</summary>
internal static class StartUp
{
    private const int Runs = 11;

    /// <param name="command">The executable and what stands before <c>run</c>.</param>
    public static void Run(string[] command)
    {
        string[] arguments = [.. command.Skip(1), "run", "The market was bustling with", "--max-tokens", "1"];
        Measure(command[0], arguments);
        double[] times = [.. Enumerable.Range(0, Runs).Select(_ => Measure(command[0], arguments)).Order()];
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"start to first token: median {times[Runs / 2]:0} ms, least {times[0]:0}, most {times[^1]:0} ({Runs} runs)"
            )
        );
    }

    private static double Measure(string file, string[] arguments)
    {
        long start = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true })!;
        if (process.StandardOutput.Read() < 0)
        {
            throw new InvalidOperationException("The command wrote no text.");
        }

        double elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        process.WaitForExit();
        return elapsed;
    }
}
