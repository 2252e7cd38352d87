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
