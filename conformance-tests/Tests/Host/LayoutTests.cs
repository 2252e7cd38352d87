using Tokenwright.Conformance;
using Tokenwright.Host;
using Tokenwright.Tests.Cli;

namespace Tokenwright.Tests.Host;

public sealed class LayoutTests
{
    private static readonly string Executable = CommandLine.Installed;

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

    [Fact]
    public async Task A_sampler_dropped_into_a_folder_decodes_with_the_standard_parts()
    {
        using var workshop = PluginWorkshop.With("TopA", "Recipe");
        var settings = HostSettings.Load(Path.Combine(Executable, HostSettings.FileName));
        await using var tokenwright = workshop.Load(settings with { Folders = [.. settings.Folders, workshop.Folder] });
        using var model = tokenwright.Use(new ScriptedModel("once upon a time").Loaded());
        tokenwright.Plugins.Diagnostics.Should().BeEmpty();

        foreach (string? method in new[] { null, "greedy", "plain" })
        {
            var greedy = await model
                .Generate(" ", new() { Method = method })
                .CompleteAsync(TestContext.Current.CancellationToken);
            greedy.Text.Should().Be("once upon a time");
        }

        // At this temperature plain sampling strays from the script at once; top-a leaves only the likeliest.
        var options = new Dictionary<string, string> { ["temperature"] = "3" };
        var strays = await Sample(options);
        options["top-a"] = "1";
        var stays = await Sample(options);

        strays.Text.Should().NotStartWith("once");
        stays.Should().BeEquivalentTo(new { Method = "sampling", Text = "once upon a time" });

        async Task<GenerationResult> Sample(Dictionary<string, string> options) =>
            await model
                .Generate(
                    " ",
                    new()
                    {
                        Options = options,
                        Seed = 7,
                        MaxTokens = 50,
                    }
                )
                .CompleteAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_standard_parts_refuse_options_in_their_own_words()
    {
        using var host = TokenwrightHost.Load(Path.Combine(Executable, HostSettings.FileName));
        var plan = async (string option, string value) =>
        {
            using var model = host.Use(new ScriptedModel("x").Loaded());
            await model.Generate(" ", new() { Method = "greedy", Options = { [option] = value } }).CompleteAsync();
        };

        foreach (var (option, value) in new[] { ("temperature", "0.8"), ("top-p", "1.5"), ("max-nodes", "5000"), ("min-p", "1") })
        {
            var refused = () => plan(option, value);
            await refused.Should().ThrowAsync<PlanException>().WithMessage($"Option '{option}' of * cannot be {value}: *");
        }
    }
}
