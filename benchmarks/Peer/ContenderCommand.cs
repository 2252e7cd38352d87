using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tokenwright.Benchmarks.Peer;

/// <summary>
/// A contender: a command that decodes a model and prints a line of JSON, {"first_token_ms": {"median": .., "min": ..},
/// "decode_tok_s": {"median": .., "max": ..}, "ids": [..]}. It is started anew for every turn, the peer and ours alike: where memory happens to
/// lie makes a difference of percents, and is drawn again with every start. Its warm-up is its own affair.
/// </summary>
/// <remarks>
/// In its words stand {folder}, {ort} (the ONNX Runtime library that this process runs, so that both run the same kernels), {ids}
/// (comma-separated), {new}, {runs} and {threads}.
/// </remarks>
internal sealed partial class ContenderCommand(IReadOnlyList<string> template)
{
    /// <summary>A command line: words, or what stands between single quotes.</summary>
    public static ContenderCommand Parse(string line) =>
        new([.. Word().Matches(line).Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Value)]);

    /// <summary>Ours, in a process of its own.</summary>
    /// <param name="model">The model and what it is opened with.</param>
    public static ContenderCommand Ours(params string[] model) =>
        new([
            Environment.ProcessPath!,
            "decode",
            .. model,
            "--ids",
            "{ids}",
            "--new",
            "{new}",
            "--runs",
            "{runs}",
            "--threads",
            "{threads}",
        ]);

    public Run Run(string folder, int[] prompt, int count, int runs, int threads)
    {
        string[] words =
        [
            .. template.Select(word =>
                word.Replace("{folder}", folder, StringComparison.Ordinal)
                    .Replace("{ort}", RuntimeLibrary(), StringComparison.Ordinal)
                    .Replace("{ids}", string.Join(',', prompt), StringComparison.Ordinal)
                    .Replace("{new}", count.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                    .Replace("{runs}", runs.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                    .Replace("{threads}", threads.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            ),
        ];
        using var process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string? line = output.Split('\n').FirstOrDefault(line => line.StartsWith('{'));
        if (process.ExitCode != 0 || line is null)
        {
            throw new InvalidOperationException($"{words[0]} ended with {process.ExitCode} and printed: {output}");
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

    private static string RuntimeLibrary()
    {
        string name =
            OperatingSystem.IsWindows() ? "onnxruntime.dll"
            : OperatingSystem.IsMacOS() ? "libonnxruntime.dylib"
            : "libonnxruntime.so";
        string folder = AppContext.BaseDirectory;
        string portable = Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", name);
        return File.Exists(portable) ? portable : Path.Combine(folder, name);
    }

    [GeneratedRegex(@"'([^']*)'|\S+")]
    private static partial Regex Word();
}
