using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tokenwright.Conformance;
using Tokenwright.Host;
using Tokenwright.Tests.Cli;

namespace Tokenwright.Tests.Host;

public sealed class UnloadTests(ITestOutputHelper output)
{
    private const int Cycles = 50;

    // The runtime's own heaps stop growing only after about ninety cycles (measured over 250); until then the process grows a little.
    private static int WarmUp => LongTier.IsOn ? 100 : 10;

    private static double MostGrowth => LongTier.IsOn ? 1.05 : 1.15;

    [Fact]
    public async Task Fifty_times_loaded_used_and_unloaded_leaves_nothing_behind()
    {
        using var workshop = PluginWorkshop.With("TopA");
        var installed = HostSettings.Load(Path.Combine(CommandLine.Installed, HostSettings.FileName));
        var settings = installed with { Folders = [.. installed.Folders, workshop.Folder] };
        var managed = new List<long>();
        var resident = new List<long>();
        for (int cycle = 0; cycle < WarmUp + Cycles; cycle++)
        {
            var catalog = await Use(settings);
            catalog.Unload(TimeSpan.FromSeconds(20)).Should().BeEmpty();
            if (cycle >= WarmUp)
            {
                managed.Add(GC.GetTotalMemory(forceFullCollection: true));
                using var process = Process.GetCurrentProcess();
                resident.Add(process.WorkingSet64);
            }
        }

        double heap = Last(managed) / First(managed);
        double all = Last(resident) / First(resident);
        LongTier.Report(
            output,
            "## Load and unload",
            $"- {Cycles} cycles of {settings.Folders.Count} folders: managed heap {First(managed) / 1e6:F2} → {Last(managed) / 1e6:F2} MB ({heap:P1}), resident {First(resident) / 1e6:F0} → {Last(resident) / 1e6:F0} MB ({all:P1})."
        );
        // It may shrink where earlier tests of the same process left something to be freed.
        heap.Should().BeLessThan(1.05);
        all.Should().BeLessThan(MostGrowth);

        static double First(List<long> sizes) => sizes.Take(10).Average();

        static double Last(List<long> sizes) => sizes.TakeLast(10).Average();
    }

    // Async methods keep their locals in a box that lives on, so nothing of the plugins may be left in one here.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<PluginCatalog> Use(HostSettings settings)
    {
        var host = TokenwrightHost.Load(new TokenwrightOptions { Settings = settings });
        host.Plugins.Diagnostics.Should().BeEmpty();
        using var model = host.Use(new ScriptedModel("once upon a time").Loaded());
        foreach (string method in new[] { "greedy", "prompt-lookup", "suffix" })
        {
            var result = await model
                .Generate(" ", new() { Method = method })
                .CompleteAsync(TestContext.Current.CancellationToken);
            result.Text.Should().Be("once upon a time");
        }

        return host.Plugins;
    }
}
