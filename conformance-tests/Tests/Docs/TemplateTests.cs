using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using Tokenwright.Host;
using Tokenwright.Tests.Cli;

namespace Tokenwright.Tests.Docs;

/// <summary>What a stranger gets: the packages, packed into a folder, and a plugin made by the template against nothing but them.</summary>
[Collection("Command line")]
public sealed class TemplateTests(CommandLine cli, ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_template_takes_the_packages_of_this_version()
    {
        var props = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props"));
        string version = props.Descendants("Version").Single().Value;
        using var template = JsonDocument.Parse(
            File.ReadAllText(
                Path.Combine(Repository.Root, "templates", "tokenwright-method", ".template.config", "template.json")
            )
        );
        template
            .RootElement.GetProperty("symbols")
            .GetProperty("tokenwright")
            .GetProperty("defaultValue")
            .GetString()
            .Should()
            .Be(version);
        File.ReadAllText(Path.Combine(Repository.Root, "docs", "write-a-method.md")).Should().Contain($"Version=\"{version}\"");
    }

    [Fact]
    public async Task A_plugin_of_the_template_builds_packs_and_decodes_and_a_private_contract_copy_stops_the_build()
    {
        string made = await Make("Abstractions", "templates");
        Directory.GetFiles(made, "*", SearchOption.AllDirectories).Should().OnlyContain(file => !file.Contains("MyMethod"));
        await Dotnet(made, "build", "TextEcho", "-c", "Release");
        await Decodes(made);

        string project = Path.Combine(made, "TextEcho", "TextEcho.csproj");
        string text = await File.ReadAllTextAsync(project, Cancellation);
        await File.WriteAllTextAsync(project, text.Replace(" ExcludeAssets=\"runtime\"", ""), Cancellation);
        string refused = await Dotnet(made, 1, "build", "TextEcho", "-c", "Release");
        refused.Should().Contain("TWK001").And.Contain("private copy of Tokenwright.Abstractions");
    }

    [Fact]
    public async Task A_plugin_of_the_template_passes_its_tests_on_the_packed_suite()
    {
        LongTier.Only();
        string made = await Make(
            "Abstractions",
            "Models",
            "Host/Library",
            "Plugins/Standard",
            "conformance-tests/Suite",
            "conformance-tests/Xunit",
            "templates"
        );
        string tests = await Dotnet(made, "test", "-c", "Release");
        tests.Should().Contain("failed: 0").And.NotContain("succeeded: 0");
        output.WriteLine(tests);
        await Decodes(made);
    }

    // The packages in a folder of their own, and a solution made by the template against nothing but them.
    private async Task<string> Make(params string[] projects)
    {
        string home = Directory.CreateDirectory(Path.Combine(cli.Folder, Path.GetRandomFileName())).FullName;
        string feed = Directory.CreateDirectory(Path.Combine(home, "feed")).FullName;
        foreach (string project in projects)
        {
            await Dotnet(Repository.Root, "pack", project, "-c", Configuration, "--no-build", "--no-restore", "-o", feed);
        }

        // Third-party packages come from where this build restored them: nothing is fetched.
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        await File.WriteAllTextAsync(
            Path.Combine(home, "nuget.config"),
            $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{Path.Combine(home, "packages")}" /></config>
              <packageSources><clear /><add key="feed" value="{feed}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="cache" value="{packages}" /></fallbackPackageFolders>
            </configuration>
            """,
            Cancellation
        );
        string hive = Path.Combine(home, "hive");
        string archive = Directory.GetFiles(feed, "Tokenwright.Templates.*.nupkg").Single();
        await Dotnet(home, "new", "install", archive, "--debug:custom-hive", hive);
        await Dotnet(home, "new", "tokenwright-method", "-n", "TextEcho", "--debug:custom-hive", hive);
        return Path.Combine(home, "TextEcho");
    }

    // What was built is one DLL that knows its contracts; packed, unpacked into a plugin folder, it writes the text of plain decoding.
    private async Task Decodes(string made)
    {
        string built = Path.Combine(made, "TextEcho", "bin", "Release", "net10.0");
        Directory.GetFiles(built, "*.dll").Select(Path.GetFileName).Should().Equal("TextEcho.dll");
        AssemblyFacts.Read(Path.Combine(built, "TextEcho.dll"))!.ContractRange.Should().Be("[0.1.0,1.0.0)");

        string zip = Path.Combine(made, "plugin.zip");
        var pack = await cli.RunAsync("plugins", "pack", Path.Combine(built, "TextEcho.dll"), "--out", zip);
        pack.ExitCode.Should().Be(0, pack.Error);
        string folder = Path.Combine(made, "plugins");
        await ZipFile.ExtractToDirectoryAsync(zip, folder, Cancellation);
        string settings = PluginsTests.Settings(Path.Combine(made, "plugins.json"), folder);
        string[] request = ["run", "Once upon a time", "--plugins", settings, "--max-tokens", "5", "--method", "text-echo"];
        var run = await cli.RunAsync([.. request, "--set", "text-echo-length=6"]);
        run.Error.Should().BeEmpty();
        run.Out.Should().Be(", there was a little" + Environment.NewLine);
        (await cli.RunAsync([.. request, "--set", "text-echo-length=0"])).ShouldRefuse("Option 'text-echo-length' of *");
    }

    private static string Configuration =>
        Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))!;

    private static Task<string> Dotnet(string folder, params string[] arguments) => Dotnet(folder, 0, arguments);

    private static async Task<string> Dotnet(string folder, int exitCode, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The runner of these tests is itself a dotnet command: its settings are not the child's.
        foreach (
            string name in start
                .Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase))
                .ToArray()
        )
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        // No compiler or build server outlives the test.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var error = process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        string all = await output + await error;
        process.ExitCode.Should().Be(exitCode, "dotnet {0} said: {1}", string.Join(' ', arguments), all);
        return all;
    }
}
