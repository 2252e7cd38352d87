using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

public sealed class LayoutTests
{
    // The executable is built with the tests, in the same configuration.
    private static readonly string Executable = Path.Combine(
        PluginWorkshop.RepositoryRoot,
        "Host",
        "Cli",
        Path.GetRelativePath(Path.Combine(PluginWorkshop.RepositoryRoot, "conformance-tests", "Tests"), AppContext.BaseDirectory)
    );

    [Fact]
    public void Building_the_host_lays_every_plugin_beside_it_without_the_contracts()
    {
        foreach (
            string project in Directory.GetFiles(
                Path.Combine(PluginWorkshop.RepositoryRoot, "Plugins"),
                "*.csproj",
                SearchOption.AllDirectories
            )
        )
        {
            string plugin = Path.Combine(Executable, "plugins", Path.GetFileName(Path.GetDirectoryName(project)!));
            File.Exists(Path.Combine(plugin, Path.GetFileNameWithoutExtension(project) + ".dll")).Should().BeTrue();
            File.Exists(Path.Combine(plugin, "Tokenwright.Abstractions.dll")).Should().BeFalse();
        }
    }

    [Fact]
    public void The_plugins_that_come_with_the_host_load_without_a_complaint()
    {
        using var host = TokenwrightHost.Load(Path.Combine(Executable, HostSettings.FileName));
        host.Plugins.Diagnostics.Should().BeEmpty();
        host.Plugins.Find(Seam.Loop, new Recipe().Loop).Should().NotBeNull();
        host.Plugins.Find(Seam.Verifier, new Recipe().Verifier).Should().NotBeNull();
    }
}
