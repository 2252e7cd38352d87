using Tokenwright.Conformance;

namespace Tokenwright.Tests.Suite;

public sealed class ClausePageTests
{
    private static readonly string File = Path.Combine(Repository.Root, "docs", "conformance.md");

    [Fact]
    public void The_page_of_clauses_says_what_the_code_says()
    {
        if (Environment.GetEnvironmentVariable("TOKENWRIGHT_WRITE_DOCS") == "1")
        {
            System.IO.File.WriteAllText(File, ClausePage.Text());
        }

        System.IO.File.ReadAllText(File).Should().Be(ClausePage.Text(), "TOKENWRIGHT_WRITE_DOCS=1 writes it anew");
    }
}
