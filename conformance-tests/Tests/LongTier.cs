namespace Tokenwright.Tests;

/// <summary>
/// The long tier: with TOKENWRIGHT_FULL=1 sampled tests run at full size and long ones run at all. TOKENWRIGHT_REPORT names a Markdown
/// file that their figures are appended to.
/// </summary>
internal static class LongTier
{
    private static readonly Lock Gate = new();

    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("TOKENWRIGHT_FULL") == "1";

    /// <summary>Skips a test that has no small size.</summary>
    public static void Only() => Assert.SkipUnless(IsOn, "Long; set TOKENWRIGHT_FULL=1.");

    /// <summary>Writes a line to the test's output and to the report, under its heading.</summary>
    public static void Report(ITestOutputHelper output, string heading, string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("TOKENWRIGHT_REPORT") is not { Length: > 0 } file)
        {
            return;
        }

        lock (Gate)
        {
            string text = File.Exists(file) ? File.ReadAllText(file) : "";
            int at = text.IndexOf(heading, StringComparison.Ordinal);
            if (at < 0)
            {
                File.AppendAllText(file, $"\n{heading}\n{line}\n");
                return;
            }

            int next = text.IndexOf("\n\n## ", at + heading.Length, StringComparison.Ordinal);
            File.WriteAllText(file, next < 0 ? $"{text}{line}\n" : text.Insert(next + 1, line + "\n"));
        }
    }
}
