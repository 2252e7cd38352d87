using Tokenwright.Conformance;
using Tokenwright.Host;

namespace Tokenwright.Tests.Suite;

/// <summary>Every plugin that ships keeps every clause.</summary>
public sealed class ShippedPluginTests(ShippedPlugins plugins, ITestOutputHelper output) : IClassFixture<ShippedPlugins>
{
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        using var catalog = PluginCatalog.Load(new HostSettings { Folders = [ShippedPlugins.Folder] });
        foreach (string name in ShippedPlugins.Names)
        {
            var seams = catalog.Parts.Where(part => part.File == ShippedPlugins.Dll(name)).Select(part => part.Seam).ToHashSet();
            foreach (var clause in Clause.All.Where(clause => clause.Seam is not { } seam || seams.Contains(seam)))
            {
                cases.Add(name, clause.Id);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_shipped_plugin_keeps_the_clause(string name, string clause)
    {
        var findings = await ClauseRunner.RunAsync(
            plugins.Get(name),
            new Selection { Clauses = [clause] },
            TestContext.Current.CancellationToken
        );

        foreach (var finding in findings)
        {
            output.WriteLine($"{finding.Outcome} {finding.Part} {finding.Seconds:0.00} s {finding.Message}");
        }

        findings.Should().NotBeEmpty();
        findings
            .Where(finding => finding.IsBroken)
            .Select(f => $"{f.Clause} {f.Part}: {f.Message} {f.Counterexample}")
            .Should()
            .BeEmpty();
    }
}
