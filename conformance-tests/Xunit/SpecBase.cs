using System.Collections.Concurrent;
using Xunit;

namespace Tokenwright.Conformance.Specs;

/// <summary>What all specs have: the plugin, and a way to hold it to a clause. Derive from the specs of each seam that the plugin fills.</summary>
/// <example>
/// <code>
/// public sealed class Plugin : PluginSpecs { protected override string PluginDll => MyPlugin.Dll; }
/// public sealed class Drafter : DrafterSpecs { protected override string PluginDll => MyPlugin.Dll; }
/// </code>
/// </example>
public abstract class SpecBase
{
    private static readonly ConcurrentDictionary<string, Lazy<PluginUnderTest>> Loaded = new();

    static SpecBase() =>
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            foreach (var plugin in Loaded.Values.Where(plugin => plugin.IsValueCreated))
            {
                plugin.Value.Dispose();
            }
        };

    /// <summary>The plugin's main DLL; the hook.</summary>
    protected abstract string PluginDll { get; }

    /// <summary>Folders of plugins that it is composed with, the standard ones among them; null takes the standard plugin of the suite.</summary>
    protected virtual IReadOnlyList<string>? Companions => null;

    /// <summary>The seed of tables and texts.</summary>
    protected virtual int Seed => 1;

    /// <summary>The plugin, loaded once.</summary>
    protected PluginUnderTest Plugin =>
        Loaded.GetOrAdd(PluginDll, dll => new Lazy<PluginUnderTest>(() => PluginUnderTest.Load(dll, Companions))).Value;

    /// <summary>Holds every part that the clause is about to it.</summary>
    protected async Task HoldsAsync(string clause)
    {
        var findings = await ClauseRunner
            .RunAsync(Plugin, new Selection { Clauses = [clause], Seed = Seed }, TestContext.Current.CancellationToken)
            .ConfigureAwait(false);
        Finding[] broken = [.. findings.Where(finding => finding.IsBroken)];
        if (broken.Length > 0)
        {
            Assert.Fail(
                string.Join('\n', broken.Select(one => $"{one.Clause} {one.Part}: {one.Message}\n  {one.Counterexample}"))
            );
        }

        Assert.SkipWhen(findings.Count == 0, "The plugin has no part of this seam.");
        Assert.SkipWhen(
            findings.All(finding => finding.Outcome == Outcome.NotApplicable),
            string.Join(' ', findings.Select(finding => finding.Message).Distinct())
        );
    }
}
