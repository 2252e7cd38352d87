using System.Text.Json;
using System.Xml.Linq;
using Tokenwright.Tests.Host;
using Tokenwright.Tests.Suite;

namespace Tokenwright.Tests.Cli;

[Collection("Command line")]
public sealed class ConformTests(CommandLine cli)
{
    [Fact]
    public async Task A_bare_dll_is_held_to_the_clauses_and_reports_are_written()
    {
        using var workshop = PluginWorkshop.With("TopA");
        string dll = Path.Combine(workshop.Folder, "TopA", "TopA.dll");
        string reports = cli.File("reports");

        var outcome = await cli.RunAsync("conform", dll, "--set", "top-a=0.2", "--level", "greedy-lossless", "--out", reports);

        outcome.Error.Should().BeEmpty();
        outcome.ExitCode.Should().Be(0);
        outcome.Out.Should().Contain("PRO-010").And.Contain("TopA: conforms.").And.NotContain("PRO-020");
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(reports, "TopA.json"), Cancellation));
        json.RootElement.GetProperty("conforms").GetBoolean().Should().BeTrue();
        json.RootElement.GetProperty("seed").GetInt32().Should().Be(1);
        json.RootElement.GetProperty("sha256").GetString().Should().HaveLength(64);
        var junit = XDocument.Load(Path.Combine(reports, "TopA.junit.xml")).Root!.Element("testsuite")!;
        junit.Attribute("failures")!.Value.Should().Be("0");
        int.Parse(junit.Attribute("tests")!.Value).Should().Be(json.RootElement.GetProperty("findings").GetArrayLength());
        (await File.ReadAllTextAsync(Path.Combine(reports, "TopA.md"), Cancellation)).Should().StartWith("# TopA: conforms");
    }

    [Fact]
    public async Task A_broken_law_shows_the_smallest_case_and_comes_again()
    {
        string[] again =
        [
            "conform",
            MutantTests.Dll,
            "--part",
            "token-residual-missing",
            "--clause",
            "VER-020",
            "--seed",
            "3",
            "--format",
            "json",
        ];

        var first = await cli.RunAsync(again);
        var second = await cli.RunAsync(again);

        first.ExitCode.Should().Be(1);
        var broken = Finding(first, "token-residual-missing");
        broken.GetProperty("outcome").GetString().Should().Be("failed");
        var example = broken.GetProperty("counterexample");
        example.GetProperty("seed").GetInt32().Should().Be(3);
        example.GetProperty("prefix").GetArrayLength().Should().BeLessThan(3);
        example.GetProperty("expected").GetString().Should().StartWith("{0: 0.");
        example
            .GetProperty("observed")
            .GetString()
            .Should()
            .StartWith("{0: 0.")
            .And.NotBe(example.GetProperty("expected").GetString());
        Finding(second, "token-residual-missing").GetProperty("counterexample").ToString().Should().Be(example.ToString());

        // What people read ends in a command that does the same.
        string line = (await cli.RunAsync(again[..^2])).Out.Split('\n').Single(line => line.Contains("again: tokenwright"));
        string[] printed = line[(line.IndexOf("tokenwright", StringComparison.Ordinal) + "tokenwright ".Length)..]
            .Trim()
            .Split(' ');
        var third = await cli.RunAsync([.. printed, "--format", "json"]);
        Finding(third, "token-residual-missing").GetProperty("counterexample").ToString().Should().Be(example.ToString());
    }

    [Theory]
    [InlineData("Hangs", "2", "timed_out", "2 seconds")]
    [InlineData("TakesTheProcessDown", "30", "crashed", "in the middle")]
    // Touching so much memory takes seconds on a busy machine.
    [InlineData("TakesAllMemory", "30", "", "emory")]
    public async Task A_clause_that_does_not_come_back_costs_itself_and_the_others_run(
        string name,
        string seconds,
        string outcome,
        string message
    )
    {
        using var workshop = new PluginWorkshop();
        string dll = WholeMutantTests.Build(workshop, name);

        var run = await cli.RunAsync(
            "conform",
            dll,
            "--clause",
            "PLG-003",
            "--clause",
            "PRO-001",
            "--clause",
            "PRO-050",
            "--timeout",
            seconds,
            "--memory",
            "600",
            "--format",
            "json"
        );

        run.ExitCode.Should().Be(1);
        var findings = run.Json[0].GetProperty("findings").EnumerateArray().ToArray();
        findings.Should().HaveCount(3);
        findings[0].GetProperty("outcome").GetString().Should().Be("passed");
        foreach (var finding in findings[1..])
        {
            finding.GetProperty("message").GetString().Should().Contain(message);
            finding.GetProperty("outcome").GetString().Should().BeOneOf(outcome.Length > 0 ? [outcome] : ["failed", "crashed"]);
        }
    }

    [Fact]
    public async Task A_clause_is_explained()
    {
        var outcome = await cli.RunAsync("conform", "--explain", "ver-023");

        outcome.ExitCode.Should().Be(0);
        outcome
            .Out.Should()
            .Contain("VER-023 (verifier, level lossless-in-law)")
            .And.Contain("Why: ")
            .And.Contain("total variation");
    }

    [Fact]
    public async Task Bad_input_is_refused_with_a_hint()
    {
        (await cli.RunAsync("conform", "--explain", "VER-02")).ShouldRefuse("There is no clause 'VER-02'.*");
        (await cli.RunAsync("conform", "sufix")).ShouldRefuse("There is no plugin or part 'sufix'*suffix*");
        (await cli.RunAsync("conform", "missing.dll")).ShouldRefuse("There is no plugin missing.dll*");
        (await cli.RunAsync("conform")).ShouldRefuse("Name one plugin*");
        (await cli.RunAsync("conform", "suffix", "--level", "best")).ShouldRefuse("There is no level 'best'*");
        (await cli.RunAsync("conform", "suffix", "--set", "nodes")).ShouldRefuse("--set takes KEY=VALUE*");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static JsonElement Finding(Outcome outcome, string part) =>
        outcome
            .Json[0]
            .GetProperty("findings")
            .EnumerateArray()
            .Single(one => one.GetProperty("part").GetString()!.Contains($"'{part}'"));
}
