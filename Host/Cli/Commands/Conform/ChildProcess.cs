using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tokenwright.Conformance;

namespace Tokenwright.Cli.Commands.Conform;

/// <summary>Runs clauses in a child process. One that hangs, dies or takes too much memory costs its clause; the next process goes on after it.</summary>
internal static class ChildProcess
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Loading, before the first clause begins.</summary>
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(60);

    public static async Task<IReadOnlyList<Finding>> RunAsync(Work work, Limits limits, CancellationToken cancellation)
    {
        var findings = new List<Finding>();
        while (true)
        {
            var rest = work with { Done = [.. findings.Select(Work.Key)] };
            var (found, interrupted, error) = await OnceAsync(rest, limits, cancellation).ConfigureAwait(false);
            findings.AddRange(found);
            if (interrupted is not null)
            {
                findings.Add(interrupted);
            }
            else if (error is not null)
            {
                // It ended between clauses: another try would end there too.
                findings.Add(
                    new Finding("PLG-001", $"plugin '{Path.GetFileNameWithoutExtension(work.Dll)}'", Outcome.Crashed, error)
                );
                return findings;
            }
            else
            {
                return findings;
            }
        }
    }

    private static async Task<(List<Finding> Found, Finding? Interrupted, string? Error)> OnceAsync(
        Work work,
        Limits limits,
        CancellationToken cancellation
    )
    {
        using var process = Process.Start(Info(limits))!;
        try
        {
            var talk = process.StandardError.ReadToEndAsync(cancellation);
            await process
                .StandardInput.WriteAsync(JsonSerializer.Serialize(work, ConformJson.Default.Work).AsMemory(), cancellation)
                .ConfigureAwait(false);
            process.StandardInput.Close();

            var found = new List<Finding>();
            Finding? begun = null;
            var since = Stopwatch.StartNew();
            var reading = process.StandardOutput.ReadLineAsync(cancellation).AsTask();
            while (true)
            {
                if (await Task.WhenAny(reading, Task.Delay(Look, cancellation)).ConfigureAwait(false) == reading)
                {
                    if (await reading.ConfigureAwait(false) is not { } text)
                    {
                        break;
                    }

                    var line = JsonSerializer.Deserialize(text, ConformJson.Default.Line)!;
                    begun = line.IsDone ? null : line.Finding;
                    if (line.IsDone)
                    {
                        found.Add(line.Finding);
                    }

                    since.Restart();
                    reading = process.StandardOutput.ReadLineAsync(cancellation).AsTask();
                    continue;
                }

                cancellation.ThrowIfCancellationRequested();
                if (Excess(process, since.Elapsed, begun is null ? Start : limits.Clause, limits) is var (outcome, message))
                {
                    return begun is null
                        ? (found, null, message)
                        : (
                            found,
                            begun with
                            {
                                Outcome = outcome,
                                Message = message,
                                Seconds = since.Elapsed.TotalSeconds,
                            },
                            null
                        );
                }
            }

            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            string first = FirstLine(await talk.ConfigureAwait(false));
            if (begun is not null)
            {
                string message = $"The process ended in the middle (exit code {process.ExitCode}). {first}";
                return (found, begun with { Message = message, Seconds = since.Elapsed.TotalSeconds }, null);
            }

            return (found, null, process.ExitCode == 0 ? null : $"The process ended with exit code {process.ExitCode}. {first}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static (Outcome, string)? Excess(Process process, TimeSpan elapsed, TimeSpan allowed, Limits limits)
    {
        if (elapsed > allowed)
        {
            return (Outcome.TimedOut, $"It was not done after {allowed.TotalSeconds:0} seconds and was ended.");
        }

        process.Refresh();
        return !process.HasExited && process.WorkingSet64 > limits.Memory
            ? (Outcome.Crashed, $"It took more than {limits.Memory / 1_000_000} MB of memory and was ended.")
            : null;
    }

    private static ProcessStartInfo Info(Limits limits)
    {
        // The executable itself, or the runtime's host with our DLL.
        string self = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(self).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        string dll = Path.Combine(AppContext.BaseDirectory, "tokenwright.dll");
        return new ProcessStartInfo(self, isHost ? ["exec", dll, WorkerCommand.Name] : [WorkerCommand.Name])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
            Environment =
            {
                ["DOTNET_GCHeapHardLimit"] = limits.Memory.ToString("X", CultureInfo.InvariantCulture),
                ["DOTNET_TieredPGO"] = "0",
            },
        };
    }

    private static string FirstLine(string talk) =>
        talk.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? "";
}
