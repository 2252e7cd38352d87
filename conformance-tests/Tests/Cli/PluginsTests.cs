using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Tokenwright.Tests.Host;

namespace Tokenwright.Tests.Cli;

[Collection("Command line")]
public sealed class PluginsTests(CommandLine cli)
{
    private const string Once = "Once upon a time";

    private static readonly string InstalledPlugins = Path.Combine(CommandLine.Installed, "plugins");

    /// <summary>Writes a plugins.json that loads what is installed, then what another folder holds.</summary>
    internal static string Settings(string file, string folder)
    {
        File.WriteAllText(file, $$"""{ "folders": {{JsonSerializer.Serialize(new[] { InstalledPlugins, folder })}} }""");
        return file;
    }

    [Fact]
    public async Task The_parts_of_all_plugins_are_listed()
    {
        var json = await cli.JsonAsync("plugins", "list");
        json.GetProperty("diagnostics").EnumerateArray().Should().BeEmpty();
        var standard = json.GetProperty("plugins").EnumerateArray().Single(p => p.GetProperty("name").GetString() == "Standard");
        var parts = standard
            .GetProperty("parts")
            .EnumerateArray()
            .Select(part => $"{part.GetProperty("seam")} {part.GetProperty("id")}")
            .ToArray();
        parts
            .Should()
            .Contain(["method greedy", "method sampling", "verifier agree", "loop draft-then-verify", "processor top-p"]);

        var outcome = await cli.RunAsync("plugins", "list");
        outcome.Error.Should().BeEmpty();
        outcome.Out.Should().Contain("greedy").And.Contain("draft-then-verify").And.Contain("same text by seed");
    }

    [Fact]
    public async Task A_plugin_of_a_stranger_is_listed_and_decodes()
    {
        using var workshop = PluginWorkshop.With("TopA");
        CopyFolder(InstalledPlugins, workshop.Folder);
        string settings = cli.File("stranger.json");
        await File.WriteAllTextAsync(
            settings,
            $$"""{ "folders": [{{JsonSerializer.Serialize(workshop.Folder)}}] }""",
            TestContext.Current.CancellationToken
        );

        var list = await cli.RunAsync("plugins", "list", "--plugins", settings);
        list.Error.Should().BeEmpty();
        list.Out.Should().Contain("top-a").And.Contain("TopA").And.Contain("greedy");

        var with = await Sample("1");
        var without = await Sample("0");
        with.ExitCode.Should().Be(0);
        with.Error.Should().BeEmpty();
        with.Out.Should().NotBe(without.Out);
        (await Sample("2")).ShouldRefuse("Option 'top-a' of processor 'top-a' *");

        Task<Outcome> Sample(string a) =>
            cli.RunAsync([
                "run",
                Once,
                "--plugins",
                settings,
                "--temperature",
                "2",
                "--seed",
                "5",
                "--max-tokens",
                "12",
                "--set",
                $"top-a={a}",
            ]);
    }

    [Fact]
    public async Task The_doctor_finds_nothing_wrong_with_what_is_installed_and_names_what_is_wrong_elsewhere()
    {
        var well = await cli.RunAsync("plugins", "doctor");
        well.ExitCode.Should().Be(0);
        well.Error.Should().Contain("nothing is wrong");

        using var workshop = PluginWorkshop.With("TopA");
        workshop.Add(
            "Angry",
            """
            using Tokenwright;
            [DecodingMethod("angry", "Throws.")]
            public sealed class Angry : IDecodingMethod
            {
                public Angry() => throw new InvalidOperationException("no mood");
                public Recipe Recipe => new();
            }
            """
        );
        await File.WriteAllTextAsync(Path.Combine(workshop.Folder, "Junk.dll"), "junk", TestContext.Current.CancellationToken);
        string settings = Settings(cli.File("ill.json"), workshop.Folder);
        var ill = await cli.RunAsync("plugins", "doctor", "--json", "--plugins", settings);
        ill.ExitCode.Should().Be(1);
        ill.Json.GetProperty("diagnostics")
            .EnumerateArray()
            .Select(diagnostic => $"{diagnostic.GetProperty("code")} {diagnostic.GetProperty("plugin")}")
            .Should()
            .Equal("PLG004 Junk", "PLG007 Angry");
        (await cli.RunAsync("plugins", "doctor", "--plugins", settings))
            .Out.Should()
            .Contain("PLG007")
            .And.Contain("no mood")
            .And.Contain("Ask the plugin's author");
    }

    [Fact]
    public async Task Hashes_pin_what_is_installed()
    {
        var text = await cli.RunAsync("plugins", "hash", "Standard");
        text.ExitCode.Should().Be(0);
        string dll = Path.Combine(InstalledPlugins, "Standard", "Tokenwright.Plugins.Standard.dll");
        text.Out.Should().Contain($"{Sha256(dll)}  Standard/Tokenwright.Plugins.Standard.dll\n");
        (await cli.RunAsync("plugins", "hash", "Standart")).ShouldRefuse("No*plugin 'Standart'. Did you mean 'Standard'?*");

        var pins = await cli.RunAsync("plugins", "hash", "--json");
        string settings = cli.File("pinned.json");
        await File.WriteAllTextAsync(
            settings,
            $$"""{ "folders": [{{JsonSerializer.Serialize(InstalledPlugins)}}], "hashes": "strict", {{pins.Out.Trim()[1..]}}""",
            TestContext.Current.CancellationToken
        );
        var list = await cli.RunAsync("plugins", "list", "--plugins", settings);
        list.Error.Should().BeEmpty();
        list.Out.Should().Contain("greedy");
    }

    [Fact]
    public async Task A_plugin_that_was_packed_loads_where_everything_must_be_pinned()
    {
        using var workshop = PluginWorkshop.With("TopA");
        string archive = cli.File("top-a.zip");
        var packed = await cli.RunAsync("plugins", "pack", Path.Combine(workshop.Folder, "TopA"), "--out", archive, "--json");
        packed.ExitCode.Should().Be(0);
        packed.Error.Should().StartWith(archive);

        string folder = Directory.CreateDirectory(cli.File("unpacked")).FullName;
        await ZipFile.ExtractToDirectoryAsync(archive, folder, TestContext.Current.CancellationToken);
        Directory
            .GetFiles(Path.Combine(folder, "TopA"))
            .Select(Path.GetFileName)
            .Should()
            .BeEquivalentTo("TopA.dll", "plugin.json");
        string settings = cli.File("packed.json");
        await File.WriteAllTextAsync(
            settings,
            $$"""{ "folders": [{{JsonSerializer.Serialize(folder)}}], "hashes": "strict", {{packed.Out.Trim()[1..]}}""",
            TestContext.Current.CancellationToken
        );
        var list = await cli.RunAsync("plugins", "list", "--plugins", settings);
        list.Error.Should().BeEmpty();
        list.Out.Should().Contain("top-a");

        await File.AppendAllTextAsync(Path.Combine(folder, "TopA", "TopA.dll"), " ", TestContext.Current.CancellationToken);
        (await cli.RunAsync("plugins", "list", "--plugins", settings)).Error.Should().Contain("PLG001 plugin 'TopA'");

        (await cli.RunAsync("plugins", "pack", workshop.Root)).ShouldRefuse("PLG004*The folder holds no DLL.*");
        (await cli.RunAsync("plugins", "pack", cli.File("nowhere"))).ShouldRefuse(
            "*neither the folder of a built plugin nor its DLL*"
        );
        string twin = Path.Combine(workshop.Folder, "TopA", "Tokenwright.Abstractions.dll");
        File.Copy(typeof(IPart).Assembly.Location, twin);
        (await cli.RunAsync("plugins", "pack", Path.Combine(workshop.Folder, "TopA", "TopA.dll"), "--out", archive)).ShouldRefuse(
            "It is not packed: PLG003*"
        );
    }

    [Fact]
    public async Task Broken_plugins_are_warned_of_and_harm_only_those_who_ask_for_them()
    {
        using var workshop = new PluginWorkshop();
        string library = PluginWorkshop.Compile(Path.Combine(workshop.Root, "Lib.dll"), "public class Base { }");
        workshop.Add(
            "Angry",
            """
            using Tokenwright;
            [DecodingMethod("angry", "Throws.")]
            public sealed class Angry : IDecodingMethod
            {
                public Angry() => throw new InvalidOperationException("no mood\ntoday");
                public Recipe Recipe => new();
            }
            [LogitsProcessor("furious", "Throws.")]
            public sealed class Furious : ILogitsProcessor
            {
                public Furious() => throw new InvalidOperationException("no");
                [Option("fury", "Never seen.")] public int Fury { get; set; }
                public ShapeStage Stage => ShapeStage.Penalty;
                public bool IsActive => Fury > 0;
                public bool ChangesArgMax => true;
                public void Apply(in TokenPath path, in ShapeState state, Distribution row) { }
            }
            """
        );
        workshop.Add(
            "Double",
            """
            using Tokenwright;
            [DecodingMethod("greedy", "Another.")]
            public sealed class Another : IDecodingMethod { public Recipe Recipe => new() { Loop = "nowhere" }; }
            """
        );
        workshop.Add(
            "Needy",
            """
            using Tokenwright;
            [DecodingMethod("needy", "Needs a library.")]
            public sealed class Needy : Base, IDecodingMethod { public Recipe Recipe => new(); }
            """,
            library
        );
        await File.WriteAllTextAsync(
            Path.Combine(workshop.Folder, "Junk.dll"),
            "not a DLL",
            TestContext.Current.CancellationToken
        );
        string settings = Settings(cli.File("broken.json"), workshop.Folder);

        var list = await cli.RunAsync("plugins", "list", "--plugins", settings);
        list.ExitCode.Should().Be(0);
        list.Complaints.Should().BeEmpty();
        list.Error.Should()
            .Match("*PLG005 plugin 'Double'*method 'greedy'*PLG004 plugin 'Junk'*")
            .And.Match("*PLG004 plugin 'Needy'*Lib, Version=0.0.0.0*Put Lib.dll beside Needy.dll*");

        var plain = await cli.RunAsync("run", Once, "--plugins", settings, "--max-tokens", "5");
        plain.ExitCode.Should().Be(0);
        plain.Out.Should().Be(", there was a little" + Environment.NewLine);
        plain.Complaints.Should().BeEmpty();
        plain.Error.Should().Contain("PLG004").And.Contain("PLG005").And.Contain("PLG007").And.Contain("processor 'furious'");

        (await Ask("--method", "angry")).ShouldRefuse(
            "PLG007 plugin 'Angry'*method 'angry'*no mood today*Ask the plugin's author*"
        );
        (await Ask("--set", "fury=1")).ShouldRefuse("PLG007 plugin 'Angry'*processor 'furious'*");
        (await Ask("--method", "needy")).ShouldRefuse("Unknown method 'needy'*");

        Task<Outcome> Ask(string option, string value) => cli.RunAsync("run", Once, "--plugins", settings, option, value);
    }

    private static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    private static void CopyFolder(string source, string target)
    {
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
