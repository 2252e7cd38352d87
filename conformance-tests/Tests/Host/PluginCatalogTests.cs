using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

public sealed class PluginCatalogTests : IDisposable
{
    private const string Verifier = """
        using Tokenwright;
        [Verifier("mine", "Mine.")]
        public sealed class Mine : IVerifier
        {
            public ProposalModes Accepts => ProposalModes.Any;
            public void Verify(Verification verification) => verification.Finish(verification.Pick(0));
        }
        """;

    private readonly PluginWorkshop _workshop = new();

    public void Dispose() => _workshop.Dispose();

    [Fact]
    public void A_sampler_built_against_the_contracts_alone_is_listed_with_its_options()
    {
        string source = PluginWorkshop.Fixture("TopA");
        source.Split('\n').Length.Should().BeLessThan(150);
        string dll = _workshop.Add("TopA", source);
        using var catalog = _workshop.Catalog();

        catalog.Diagnostics.Should().BeEmpty();
        var part = catalog.Plugins.Should().ContainSingle().Subject.Parts.Should().ContainSingle().Subject;
        part.Should()
            .BeEquivalentTo(
                new
                {
                    Seam = Seam.Processor,
                    Id = "top-a",
                    Plugin = "TopA",
                    File = dll,
                    Lossless = (Lossless?)null,
                }
            );
        part.Options.Should()
            .Equal(
                new OptionInfo(
                    "top-a",
                    "Keeps tokens of probability at least this times the square of the greatest; 0 keeps all.",
                    "a number",
                    "from 0 to 1"
                )
            );
        part.ToString().Should().Be("processor 'top-a'");
    }

    [Fact]
    public void A_recipe_is_a_plugin_and_a_loose_dll_is_one_too()
    {
        PluginWorkshop.Compile(Path.Combine(_workshop.Folder, "Recipe.dll"), PluginWorkshop.Fixture("Recipe"));
        using var catalog = _workshop.Catalog();

        catalog.Diagnostics.Should().BeEmpty();
        catalog.Plugins.Should().ContainSingle(plugin => plugin.Name == "Recipe");
        catalog.Find(Seam.Method, "plain")!.Lossless.Should().Be(Lossless.Seed);
    }

    [Fact]
    public void A_part_is_made_anew_each_time_and_disposed_with_its_export()
    {
        _workshop.Add(
            "P",
            """
            using Tokenwright;
            [DecodingMethod("m", "M.")]
            public sealed class M : IDecodingMethod, System.IDisposable
            {
                public Recipe Recipe { get; private set; } = new();
                public void Dispose() => Recipe = new() { Loop = "disposed" };
            }
            """
        );
        using var catalog = _workshop.Catalog();
        var info = catalog.Find(Seam.Method, "m")!;
        var first = catalog.Create(info);
        var second = catalog.Create(info);

        first.Part.Should().NotBeSameAs(second.Part);
        first.Dispose();
        ((IDecodingMethod)first.Part).Recipe.Loop.Should().Be("disposed");
        ((IDecodingMethod)second.Part).Recipe.Loop.Should().Be("draft-then-verify");
    }

    [Fact]
    public void A_constructor_that_throws_is_reported_when_the_part_is_made_and_not_before()
    {
        string dll = _workshop.Add(
            "Angry",
            Verifier.Replace(
                "{\n    public ProposalModes",
                "{\n    public Mine() => throw new InvalidOperationException(\"no mood\");\n    public ProposalModes"
            )
        );
        using var catalog = _workshop.Catalog();

        catalog.Diagnostics.Should().BeEmpty();
        var make = () => catalog.Create(catalog.Find(Seam.Verifier, "mine")!);
        make.Should()
            .Throw<HostException>()
            .WithMessage(
                $"PLG007 plugin 'Angry' ({dll}), making its verifier 'mine': InvalidOperationException: no mood. Ask the plugin's author; a part needs a constructor without parameters that does not throw."
            );
    }

    [Fact]
    public void A_type_whose_base_is_missing_is_reported_and_the_other_types_work()
    {
        string library = PluginWorkshop.Compile(Path.Combine(_workshop.Root, "Lib.dll"), "public class Base { }");
        string dll = _workshop.Add("Half", Verifier + "public sealed class Broken : Base { }", library);
        using var catalog = _workshop.Catalog();

        catalog.Find(Seam.Verifier, "mine").Should().NotBeNull();
        catalog
            .Diagnostics.Should()
            .ContainSingle()
            .Which.ToString()
            .Should()
            .Be(
                $"PLG004 plugin 'Half' ({dll}), reading its types: A type cannot be loaded: the assembly Lib, Version=0.0.0.0 that it needs is missing. Put Lib.dll beside Half.dll (EnableDynamicLoading in the project copies dependencies)."
            );
    }

    [Fact]
    public void A_part_whose_property_is_of_a_missing_type_is_left_out_alone()
    {
        string library = PluginWorkshop.Compile(Path.Combine(_workshop.Root, "Lib.dll"), "public class Base { }");
        _workshop.Add(
            "Half",
            Verifier
                + """
                [DecodingMethod("broken", "B.")]
                public sealed class Broken : IDecodingMethod { public Base? Base { get; set; } public Recipe Recipe => new(); }
                """,
            library
        );
        using var catalog = _workshop.Catalog();

        catalog.Parts.Select(part => part.Id).Should().Equal("mine");
        catalog.Diagnostics.Should().ContainSingle().Which.Cause.Should().Contain("Broken").And.Contain("Lib, Version=0.0.0.0");
    }

    [Fact]
    public void A_dependency_that_is_missing_when_the_part_is_made_is_named()
    {
        string library = PluginWorkshop.Compile(Path.Combine(_workshop.Root, "Lib.dll"), "public class Base { }");
        _workshop.Add(
            "Late",
            Verifier.Replace(
                "{\n    public ProposalModes",
                "{\n    public Mine() => System.GC.KeepAlive(new Base());\n    public ProposalModes"
            ),
            library
        );
        using var catalog = _workshop.Catalog();
        var make = () => catalog.Create(catalog.Find(Seam.Verifier, "mine")!);

        make.Should()
            .Throw<HostException>()
            .WithMessage("PLG007*verifier 'mine'*Lib, Version=0.0.0.0*Put the missing assembly beside*");
    }

    [Fact]
    public void A_dependency_beside_the_plugin_is_found_and_two_plugins_may_have_different_ones()
    {
        foreach (int number in new[] { 1, 2 })
        {
            string library = PluginWorkshop.Compile(
                Path.Combine(_workshop.Folder, $"P{number}", "Lib.dll"),
                $"public static class Lib {{ public static string Name => \"loop-{number}\"; }}"
            );
            _workshop.Add(
                $"P{number}",
                $$"""
                using Tokenwright;
                [DecodingMethod("m{{number}}", "M.")]
                public sealed class M : IDecodingMethod { public Recipe Recipe => new() { Loop = Lib.Name }; }
                """,
                library
            );
        }

        using var catalog = _workshop.Catalog();
        catalog.Diagnostics.Should().BeEmpty();
        foreach (int number in new[] { 1, 2 })
        {
            using var part = catalog.Create(catalog.Find(Seam.Method, $"m{number}")!);
            ((IDecodingMethod)part.Part).Recipe.Loop.Should().Be($"loop-{number}");
        }
    }

    [Fact]
    public void Of_two_parts_with_one_id_the_first_is_used_and_both_are_named()
    {
        string first = _workshop.Add("A", Verifier);
        string second = _workshop.Add("B", Verifier);
        using var catalog = _workshop.Catalog();

        catalog.Parts.Should().ContainSingle().Which.File.Should().Be(first);
        catalog
            .Diagnostics.Should()
            .ContainSingle()
            .Which.ToString()
            .Should()
            .Be(
                $"PLG005 plugin 'B' ({second}), listing its parts: Its verifier 'mine' has the id of another one, of plugin 'A' ({first}); the other one is used, this one is left out. Rename one of the two, or disable one of the two plugins in plugins.json."
            );
    }

    [Fact]
    public void A_private_copy_of_the_contracts_is_reported_and_ignored()
    {
        _workshop.Add("Copy", Verifier);
        string contracts = typeof(IPart).Assembly.Location;
        File.Copy(contracts, Path.Combine(_workshop.Folder, "Copy", Path.GetFileName(contracts)));
        using var catalog = _workshop.Catalog();

        catalog.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("PLG003");
        using var part = catalog.Create(catalog.Find(Seam.Verifier, "mine")!);
        part.Part.Should().BeAssignableTo<IVerifier>();
    }

    [Fact]
    public void A_dll_without_parts_is_told_from_a_library()
    {
        _workshop.Add(
            "NoParts",
            "public sealed class M : Tokenwright.IDecodingMethod { public Tokenwright.Recipe Recipe => new(); }"
        );
        _workshop.Add("Library", "public class Base { }");
        using var catalog = _workshop.Catalog();

        catalog.Plugins.Should().BeEmpty();
        catalog
            .Diagnostics.Select(d => $"{d.Id} {d.Plugin} {d.Cause}")
            .Should()
            .Equal(
                "PLG006 Library It exports no part and does not refer to Tokenwright.Abstractions.",
                "PLG003 NoParts It refers to Tokenwright.Abstractions and yet exports no part."
            );
    }

    [Fact]
    public void A_file_that_is_no_assembly_and_an_empty_folder_are_reported_and_the_others_work()
    {
        Directory.CreateDirectory(Path.Combine(_workshop.Folder, "Empty"));
        File.WriteAllText(Path.Combine(_workshop.Folder, "Text.dll"), "not a DLL");
        _workshop.Add("Z", Verifier);
        using var catalog = _workshop.Catalog();

        catalog.Plugins.Should().ContainSingle(plugin => plugin.Name == "Z");
        catalog
            .Diagnostics.Select(d => $"{d.Id} {d.Plugin}: {d.Cause}")
            .Should()
            .Equal("PLG004 Empty: The folder holds no DLL.", "PLG004 Text: It is not a .NET assembly.");
    }

    [Fact]
    public void A_plugin_with_another_hash_than_allowed_is_not_loaded()
    {
        string dll = _workshop.Add("Mine", Verifier);
        string hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(dll)));
        using var allowed = _workshop.Catalog(Entry(Pin(hash)));
        using var refused = _workshop.Catalog(Entry(Pin(new string('0', 64))));

        allowed.Plugins.Should().ContainSingle();
        refused.Plugins.Should().BeEmpty();
        refused
            .Diagnostics.Should()
            .ContainSingle()
            .Which.ToString()
            .Should()
            .StartWith($"PLG001 plugin 'Mine' ({dll})")
            .And.Contain(hash);
    }

    [Fact]
    public void A_disabled_plugin_is_not_loaded()
    {
        _workshop.Add("Mine", Verifier);
        using var catalog = _workshop.Catalog(Entry(new PluginSettings { Enabled = false }));
        catalog.Plugins.Should().BeEmpty();
        catalog.Diagnostics.Should().BeEmpty();
    }

    [Fact]
    public void A_plugin_for_another_major_version_of_the_contracts_is_not_loaded()
    {
        string other = PluginWorkshop.Compile(
            Path.Combine(_workshop.Root, "Tokenwright.Abstractions.dll"),
            "[assembly: System.Reflection.AssemblyVersion(\"7.0.0.0\")] namespace Tokenwright { public interface IPart { } }"
        );
        _workshop.Add("Future", "public class M : Tokenwright.IPart { }", other);
        using var catalog = _workshop.Catalog();

        catalog.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("PLG002");
    }

    [Fact]
    public void A_link_out_of_the_folder_is_not_followed()
    {
        string outside = PluginWorkshop.Compile(Path.Combine(_workshop.Root, "elsewhere", "Out", "Out.dll"), Verifier);
        Directory.CreateSymbolicLink(Path.Combine(_workshop.Folder, "Out"), Path.GetDirectoryName(outside)!);
        using var catalog = _workshop.Catalog();

        catalog.Plugins.Should().BeEmpty();
        catalog.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("PLG009");
    }

    [Fact]
    public void A_link_that_leads_to_nothing_is_reported_and_the_others_work()
    {
        File.CreateSymbolicLink(Path.Combine(_workshop.Folder, "Gone.dll"), Path.Combine(_workshop.Folder, "nothing.dll"));
        _workshop.Add("Mine", Verifier);
        using var catalog = _workshop.Catalog();

        catalog.Plugins.Should().ContainSingle(plugin => plugin.Name == "Mine");
        catalog.Diagnostics.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Id = "PLG004", Plugin = "Gone" });
    }

    [Theory]
    [InlineData("[System.Composition.Shared] ", "", "it is [Shared], and parts are made anew for every generation.")]
    [InlineData("", "[Option(\"when\", \"W.\")] public DateTime When { get; set; }", "the option 'when' is of type DateTime.")]
    [InlineData("", "[Option(\"when\", \"W.\")] public int When { get; }", "the option 'when' has no public setter.")]
    [InlineData("", "[Option(\"When\", \"W.\")] public int When { get; set; }", "the option name 'When' is not a name.")]
    [InlineData(
        "",
        "[Option(\"a\", \"W.\")] public int A { get; set; } [Option(\"a\", \"W.\")] public int B { get; set; }",
        "it declares the option 'a' twice."
    )]
    public void What_a_part_says_wrongly_about_itself_leaves_it_out(string attribute, string member, string cause)
    {
        _workshop.Add(
            "Wrong",
            $$"""
            using Tokenwright;
            {{attribute}}[DecodingMethod("wrong", "W.")]
            public sealed class W : IDecodingMethod { public Recipe Recipe => new(); {{member}} }
            [DecodingMethod("right", "R.")]
            public sealed class R : IDecodingMethod { public Recipe Recipe => new(); }
            """
        );
        using var catalog = _workshop.Catalog();

        catalog.Parts.Select(part => part.Id).Should().Equal("right");
        catalog.Diagnostics.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Id = "PLG006", Cause = "W: " + cause });
    }

    [Fact]
    public void A_raw_export_without_an_id_is_left_out()
    {
        _workshop.Add(
            "Raw",
            """
            [System.Composition.Export(typeof(Tokenwright.IDecodingMethod))]
            public sealed class W : Tokenwright.IDecodingMethod { public Tokenwright.Recipe Recipe => new(); }
            """
        );
        using var catalog = _workshop.Catalog();
        catalog
            .Diagnostics.Should()
            .ContainSingle()
            .Which.Should()
            .BeEquivalentTo(new { Id = "PLG006", Cause = "It exports an IDecodingMethod without an id." });
    }

    [Fact]
    public void An_entry_for_nothing_is_reported_with_the_nearest_name()
    {
        _workshop.Add("TopA", PluginWorkshop.Fixture("TopA"));
        var options = new Dictionary<string, string> { ["top-b"] = "1" };
        var settings = _workshop.Settings with
        {
            Folders = [_workshop.Folder, "/nowhere"],
            Plugins = new Dictionary<string, PluginSettings>
            {
                ["TopB"] = new(),
                ["TopA"] = new() { Options = options },
            },
        };
        using var catalog = _workshop.Catalog(settings);

        catalog.Diagnostics.Should().OnlyContain(d => d.Id == "PLG010");
        catalog
            .Diagnostics.Select(d => $"{d.Cause} {d.Fix}")
            .Should()
            .Equal(
                "There is no folder /nowhere. Create it, or correct \"folders\" in plugins.json.",
                "plugins.json has an entry for it, and no folder holds such a plugin. Did you mean 'TopA'? Correct the name, or take the entry out.",
                "plugins.json sets its option 'top-b', which none of its parts declares. Did you mean 'top-a'? Its options are top-a."
            );
    }

    [Fact]
    public void The_main_dll_of_a_folder_is_the_one_that_refers_to_the_contracts()
    {
        string folder = Path.Combine(_workshop.Folder, "Folder");
        PluginWorkshop.Compile(Path.Combine(folder, "Lib.dll"), "public class Base { }");
        PluginWorkshop.Compile(Path.Combine(folder, "Other.dll"), Verifier);
        using var catalog = _workshop.Catalog();

        catalog
            .Plugins.Should()
            .ContainSingle()
            .Which.Should()
            .BeEquivalentTo(new { Name = "Folder", File = Path.Combine(folder, "Other.dll") });
    }

    [Fact]
    public void An_unloaded_plugin_is_gone_from_memory()
    {
        _workshop.Add("Mine", Verifier);
        var catalog = LoadAndUse();
        catalog.Unload(TimeSpan.FromSeconds(20)).Should().BeEmpty();

        [MethodImpl(MethodImplOptions.NoInlining)]
        PluginCatalog LoadAndUse()
        {
            var loaded = _workshop.Catalog();
            using var part = loaded.Create(loaded.Find(Seam.Verifier, "mine")!);
            part.Part.Should().NotBeNull();
            return loaded;
        }
    }

    [Fact]
    public void A_plugin_that_something_holds_on_to_is_reported_when_unloaded()
    {
        _workshop.Add("Mine", Verifier);
        var catalog = _workshop.Catalog();
        var part = catalog.Create(catalog.Find(Seam.Verifier, "mine")!);

        catalog.Unload(TimeSpan.Zero).Should().ContainSingle().Which.Id.Should().Be("PLG008");
        GC.KeepAlive(part);
    }

    private static PluginSettings Pin(string hash) => new() { Files = new Dictionary<string, string> { ["Mine.dll"] = hash } };

    private HostSettings Entry(PluginSettings entry) =>
        _workshop.Settings with
        {
            Plugins = new Dictionary<string, PluginSettings> { ["Mine"] = entry },
        };
}
