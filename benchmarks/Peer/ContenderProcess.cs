using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Tokenwright.Benchmarks.Peer;

/// <summary>
/// A contender that runs, and stands still while it is another's turn, with its model in memory: so turns are as short as a generation, and what
/// the machine does for seconds it does to all.
/// </summary>
/// <remarks>It is stopped right after it has printed a line, in the unmeasured generation of its next turn. Needs a system with signals.</remarks>
internal sealed class ContenderProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _name;

    public ContenderProcess(IReadOnlyList<string> words)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException(
                "Contenders are stopped between turns by signals, which Windows does not have."
            );
        }

        _name = words[0];
        var start = new ProcessStartInfo(words[0], words.Skip(1)) { RedirectStandardOutput = true };
        // Python would keep the lines until there are many.
        start.Environment["PYTHONUNBUFFERED"] = "1";
        // Ours would be compiled anew in the background up to its thirtieth generation, and take time from the two threads that decode.
        start.Environment["DOTNET_TieredCompilation"] = "0";
        _process = Process.Start(start)!;
    }

    /// <summary>Lets it take a turn.</summary>
    /// <param name="isLast">Whether it goes on afterwards, to its end.</param>
    public Run Turn(bool isLast)
    {
        Signal("CONT");
        string? line;
        do
        {
            line = _process.StandardOutput.ReadLine();
        } while (line is not null && !line.StartsWith('{'));
        if (line is null)
        {
            _process.WaitForExit();
            throw new InvalidOperationException($"{_name} ended with {_process.ExitCode} before it was through.");
        }

        if (isLast)
        {
            _process.WaitForExit();
        }
        else
        {
            Signal("STOP");
        }

        var json = JsonElement.Parse(line);
        return new Run(
            Measure("first_token_ms", "min"),
            Measure("decode_tok_s", "max"),
            [.. json.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())]
        );

        Measured Measure(string name, string best) =>
            new(json.GetProperty(name).GetProperty("median").GetDouble(), json.GetProperty(name).GetProperty(best).GetDouble());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
