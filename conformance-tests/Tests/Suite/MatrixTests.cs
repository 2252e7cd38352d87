using Tokenwright.Conformance;
using Tokenwright.Host;

namespace Tokenwright.Tests.Suite;

/// <summary>What the planner accepts works, whatever is combined: every pair here, every triple in the long tier, which writes the page.</summary>
public sealed class MatrixTests(ITestOutputHelper output)
{
    private static readonly string Page = Path.Combine(Repository.Root, "docs", "compatibility.md");

    [Fact]
    public async Task Whatever_is_accepted_is_that_of_plain_decoding()
    {
        using var host = TokenwrightHost.Load(
            new TokenwrightOptions { Settings = new HostSettings { Folders = [ShippedPlugins.Folder] } }
        );
        var matrix = new Matrix(host);
        var pairs = new List<Cell>();
        foreach (var pair in matrix.Pairs())
        {
            pairs.Add(await matrix.RunAsync(pair, TestContext.Current.CancellationToken));
        }

        foreach (var more in LongTier.IsOn ? matrix.Triples().Concat(matrix.Pairwise()) : matrix.Pairwise())
        {
            await matrix.RunAsync(more, TestContext.Current.CancellationToken);
        }

        foreach (var group in matrix.Cells.GroupBy(cell => cell.Verdict))
        {
            output.WriteLine($"{group.Key}: {group.Count()}");
        }

        matrix
            .Cells.Where(cell => cell.Verdict == Verdict.Broken)
            .Select(cell => $"{string.Join(", ", cell.Values)}: {cell.Why}")
            .Should()
            .BeEmpty();

        // A refusal names the part and what to do instead.
        matrix
            .Cells.Where(cell => cell.Verdict == Verdict.Refused)
            .Should()
            .OnlyContain(cell => cell.Why.Contains("er '") || cell.Why.Length > 40);
        matrix.Cells.Count(cell => cell.Verdict == Verdict.Proven).Should().BeGreaterThan(200);

        if (LongTier.IsOn && Environment.GetEnvironmentVariable("TOKENWRIGHT_WRITE_DOCS") == "1")
        {
            var proven = matrix.Cells.Count(cell => cell.Verdict == Verdict.Proven);
            var refused = matrix.Cells.Count(cell => cell.Verdict == Verdict.Refused);
            await File.WriteAllTextAsync(
                Page,
                MatrixPage.Text(
                    matrix,
                    pairs,
                    $"The run that wrote this page tried all pairs and all triples of values: {proven} combinations proven, {refused} refused, none broken."
                ),
                TestContext.Current.CancellationToken
            );
        }

        // The figures are those of the long run; the tables are checked here.
        Tables(await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken))
            .Should()
            .Equal(Tables(MatrixPage.Text(matrix, pairs, "")));
    }

    private static string[] Tables(string page) =>
        [.. page.Split('\n').Where(line => line.StartsWith('|') || line.Contains(". The "))];
}
