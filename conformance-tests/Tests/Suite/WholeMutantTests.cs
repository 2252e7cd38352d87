using Tokenwright.Conformance;
using Tokenwright.Tests.Host;

namespace Tokenwright.Tests.Suite;

/// <summary>Plugins that are wrong as a whole, each compiled from its file and loaded from its folder.</summary>
public sealed class WholeMutantTests
{
    [Theory]
    [InlineData("ExportsNothing", "PLG-001")]
    [InlineData("ThrowsWhenMade", "PLG-002")]
    [InlineData("SaysNothing", "PLG-003")]
    [InlineData("RefusesItsDefault", "PLG-004")]
    [InlineData("CannotBeDisposedTwice", "PLG-005")]
    [InlineData("CannotBeUnloaded", "PLG-006")]
    public async Task A_plugin_that_is_wrong_as_a_whole_breaks_the_clause(string name, string clause)
    {
        using var workshop = new PluginWorkshop();
        using var plugin = PluginUnderTest.Load(Build(workshop, name));

        var findings = await ClauseRunner.RunAsync(
            plugin,
            new Selection { Clauses = [clause] },
            TestContext.Current.CancellationToken
        );

        findings.Should().ContainSingle().Which.Outcome.Should().Be(Outcome.Failed);
    }

    /// <summary>Compiles a plugin of Mutants/Whole.</summary>
    internal static string Build(PluginWorkshop workshop, string name) =>
        workshop.Add(
            name,
            File.ReadAllText(Path.Combine(Repository.Root, "conformance-tests", "Mutants", "Whole", name + ".cs"))
        );
}
