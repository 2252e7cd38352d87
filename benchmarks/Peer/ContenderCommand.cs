using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Tokenwright.Benchmarks.Peer;

/// <summary>
/// A contender: a command that decodes a model and prints, for each of its options with {ids}, a line of JSON as soon as it has it:
/// {"first_token_ms": {"median": .., "min": ..}, "decode_tok_s": {"median": .., "max": ..}, "ids": [..]}. Before each line it generates once
/// unmeasured.
/// </summary>
/// <remarks>
/// In its words stand {folder}, {ort} (the ONNX Runtime library that this process runs, so that both run the same kernels), {ids}
/// (comma-separated; the word and the one before it are repeated for every turn), {new}, {runs} and {threads}.
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

    /// <summary>Starts it for some turns.</summary>
    public ContenderProcess Start(string folder, int[] prompt, int count, int runs, int threads, int turns)
    {
        var words = new List<string>();
        foreach (string word in template)
        {
            if (word == "{ids}")
            {
                string option = words[^1];
                words.AddRange(Enumerable.Repeat(new[] { string.Join(',', prompt), option }, turns).SelectMany(pair => pair));
                words.RemoveAt(words.Count - 1);
                continue;
            }

            words.Add(
                word.Replace("{folder}", folder, StringComparison.Ordinal)
                    .Replace("{ort}", RuntimeLibrary(), StringComparison.Ordinal)
                    .Replace("{new}", count.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                    .Replace("{runs}", runs.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                    .Replace("{threads}", threads.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            );
        }

        return new ContenderProcess(words);
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
