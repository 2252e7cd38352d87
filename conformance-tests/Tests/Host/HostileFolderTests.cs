using System.Diagnostics;
using System.Security.Cryptography;
using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

/// <summary>Folders made to do harm: each is refused with a code and a cure, and the plugins beside it work.</summary>
public sealed class HostileFolderTests : IDisposable
{
    private const string Verifier = """
        using Tokenwright;
        [Verifier("NAME", "Mine.")]
        public sealed class Mine : IVerifier
        {
            public ProposalModes Accepts => ProposalModes.Any;
            public void Verify(Verification verification) => verification.Finish(verification.Pick(0));
        }
        """;

    private readonly PluginWorkshop _workshop = new();

    public HostileFolderTests() => _workshop.Add("Good", Verifier.Replace("NAME", "good"));

    private string Bad => Directory.CreateDirectory(Path.Combine(_workshop.Folder, "Bad")).FullName;

    public void Dispose() => _workshop.Dispose();

    [Fact]
    public void A_linked_folder_in_a_plugin()
    {
        Plugin();
        string outside = Directory.CreateDirectory(Path.Combine(_workshop.Root, "outside")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(Bad, "lib"), outside);
        Refused("PLG009", "lib is a link that leads out of the plugin, or to a folder.");
    }

    [Fact]
    public void A_linked_file_out_of_the_plugin()
    {
        Plugin();
        string secret = Path.Combine(_workshop.Root, "secret");
        File.WriteAllText(secret, "secret");
        File.CreateSymbolicLink(Path.Combine(Bad, "data.bin"), "../../secret");
        Refused("PLG009", "data.bin is a link that leads out of the plugin, or to a folder.");
    }

    [Fact]
    public void A_linked_file_into_the_plugin_beside()
    {
        Plugin();
        File.CreateSymbolicLink(Path.Combine(Bad, "Good.dll"), "../Good/Good.dll");
        Refused("PLG009", "Good.dll is a link that leads out of the plugin, or to a folder.");
    }

    [Fact]
    public void A_linked_file_of_the_plugin_itself_is_no_harm()
    {
        Plugin();
        File.WriteAllText(Path.Combine(Bad, "libx.so.1"), "x");
        File.CreateSymbolicLink(Path.Combine(Bad, "libx.so"), "libx.so.1");
        using var catalog = _workshop.Catalog();
        catalog.Diagnostics.Should().BeEmpty();
        catalog.Find(Seam.Verifier, "bad").Should().NotBeNull();
    }

    [Fact]
    public void A_folder_linked_into_itself()
    {
        Plugin();
        Directory.CreateSymbolicLink(Path.Combine(Bad, "again"), Bad);
        Refused("PLG009", "again is a link*");
    }

    [Fact]
    public void A_link_that_leads_through_itself()
    {
        Plugin();
        File.CreateSymbolicLink(Path.Combine(Bad, "loop"), "loop/loop");
        Refused("PLG004", "It cannot be read: *links.");
    }

    [Fact]
    public void A_plugin_folder_that_a_link_and_a_link_lead_out_of()
    {
        string outside = PluginWorkshop.Compile(
            Path.Combine(_workshop.Root, "outside", "Bad", "Bad.dll"),
            Verifier.Replace("NAME", "bad")
        );
        Directory.CreateSymbolicLink(Path.Combine(_workshop.Folder, ".hidden"), Path.Combine(_workshop.Root, "outside"));
        Directory.CreateSymbolicLink(Path.Combine(_workshop.Folder, "Bad"), Path.Combine(_workshop.Folder, ".hidden", "Bad"));
        File.Exists(outside).Should().BeTrue();
        Refused("PLG009", "A link leads out of the plugin folder *");
    }

    [Fact]
    public void Too_many_bytes()
    {
        Plugin();
        using (var file = File.Create(Path.Combine(Bad, "model.bin")))
        {
            // A hole: it takes no room on the disk.
            file.SetLength(PluginSource.MostBytes + 1);
        }

        Refused("PLG012", "Its files have 512 MiB together; at most 512 MiB may be loaded.");
    }

    [Fact]
    public void Too_many_files()
    {
        Plugin();
        for (int i = 0; i <= PluginSource.MostEntries; i++)
        {
            File.WriteAllBytes(Path.Combine(Bad, $"{i}"), []);
        }

        Refused("PLG012", "It has more than 2000 files and folders.");
    }

    [Fact]
    public void A_pipe_that_nobody_writes_into()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no such pipes on Windows.");
        using var made = Process.Start("mkfifo", [Path.Combine(_workshop.Folder, "Bad.dll")]);
        made.WaitForExit();
        Refused("PLG004", "It is not a .NET assembly.");
    }

    [Fact]
    public void Other_hashes_than_those_pinned()
    {
        Plugin();
        var files = Hashes();
        File.AppendAllText(Path.Combine(Bad, "Bad.dll"), " ");
        var settings = Pinned(files);
        Refused("PLG001", "Bad.dll is not the file that plugins.json names: its SHA-256 is *, allowed is *.", settings);
        Refused("PLG001", "*", settings with { Hashes = HashPolicy.Strict });

        using var warned = _workshop.Catalog(settings with { Hashes = HashPolicy.Warn });
        warned.Diagnostics.Select(diagnostic => $"{diagnostic.Id} {diagnostic.Plugin}").Should().Equal("PLG001 Bad");
        warned.Find(Seam.Verifier, "bad").Should().NotBeNull();
        using var open = _workshop.Catalog(settings with { Hashes = HashPolicy.Off });
        open.Diagnostics.Should().BeEmpty();
    }

    [Fact]
    public void A_file_more_and_a_file_less_than_pinned()
    {
        Plugin();
        var files = Hashes();
        string more = Path.Combine(Bad, "more.dll");
        File.WriteAllText(more, "more");
        Refused("PLG001", "more.dll is there, and plugins.json does not name it.", Pinned(files));
        files["less.so"] = new string('a', 64);
        File.Delete(more);
        Refused("PLG001", "less.so is missing, and plugins.json names it.", Pinned(files));
    }

    [Fact]
    public void Nothing_pinned_where_everything_must_be()
    {
        Plugin();
        var files = Directory
            .GetFiles(Path.Combine(_workshop.Folder, "Good"))
            .ToDictionary(file => Path.GetFileName(file)!, Hash);
        var good = new Dictionary<string, PluginSettings> { ["Good"] = new() { Files = files } };
        Refused(
            "PLG011",
            "plugins.json pins none of its files, and the policy is strict.",
            _workshop.Settings with
            {
                Hashes = HashPolicy.Strict,
                Plugins = good,
            }
        );
    }

    [Theory]
    [InlineData(
        "[assembly: System.Reflection.AssemblyMetadata(\"Tokenwright.Contract\", \"[9.0,10.0)\")]",
        "Its DLL * [9.0,10.0); *"
    )]
    [InlineData(
        "[assembly: System.Reflection.AssemblyMetadata(\"Tokenwright.Contract\", \"soon\")]",
        "Its DLL * 'soon', which is no range*"
    )]
    public void A_contract_that_this_host_has_not(string attribute, string cause)
    {
        _workshop.Add(
            "Bad",
            $"using Tokenwright; {attribute} {Verifier.Replace("using Tokenwright;", "").Replace("NAME", "bad")}"
        );
        Refused("PLG002", cause);
    }

    [Fact]
    public void A_contract_of_this_host_is_loaded()
    {
        const string Attribute = "[assembly: System.Reflection.AssemblyMetadata(\"Tokenwright.Contract\", \"[0.1,1.0)\")]";
        _workshop.Add(
            "Bad",
            $"using Tokenwright; {Attribute} {Verifier.Replace("using Tokenwright;", "").Replace("NAME", "bad")}"
        );
        using var catalog = _workshop.Catalog();
        catalog.Diagnostics.Should().BeEmpty();
    }

    [Fact]
    public void A_manifest_for_another_contract_and_one_of_other_files_and_one_that_is_none()
    {
        Plugin();
        Manifest("""{ "contract": "[2.0,)" }""");
        Refused("PLG002", "Its plugin.json says that it is made for Tokenwright.Abstractions [2.0,); this host has version *.");
        Manifest($$"""{ "files": { "Bad.dll": "{{new string('0', 64)}}" } }""");
        Refused("PLG001", "It is not as its author packed it: Bad.dll is not the file that plugin.json names: *");
        Manifest("""{ "files": { "../../Good/Good.dll": "00" } }""");
        Refused("PLG013", "plugin.json, line 1, position *: '../../Good/Good.dll' in 'files' of the file must be a path in*");
        Manifest("{");
        Refused("PLG013", "plugin.json, line 1, position *: not valid JSON: *");
        Manifest($$"""{ "name": "Bad", "contract": "[0.1,1.0)", "files": { "Bad.dll": "{{Hashes()["Bad.dll"]}}" } }""");
        using var catalog = _workshop.Catalog();
        catalog.Diagnostics.Should().BeEmpty();
    }

    [Fact]
    public void A_native_library_under_the_name_of_a_plugin()
    {
        string native = Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libSystem.Native.so");
        Assert.SkipUnless(File.Exists(native), "The runtime's native library lies elsewhere here.");
        File.Copy(native, Path.Combine(Bad, "Bad.dll"));
        Refused("PLG004", "It is not a .NET assembly.");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(600)]
    public void A_dll_that_was_cut(int length)
    {
        string dll = Plugin();
        byte[] content = File.ReadAllBytes(dll);
        File.WriteAllBytes(dll, content[..length]);
        Refused("PLG004", "It is not a .NET assembly.");
    }

    [Fact]
    public void Two_parts_of_one_id()
    {
        _workshop.Add(
            "Bad",
            Verifier.Replace("NAME", "bad")
                + Verifier.Replace("using Tokenwright;", "").Replace("NAME", "bad").Replace("Mine", "Other")
        );
        using var catalog = _workshop.Catalog();
        catalog.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("PLG005");
        catalog.Find(Seam.Verifier, "bad").Should().NotBeNull();
    }

    [Fact]
    public void No_part_at_all()
    {
        _workshop.Add("Bad", "public class Nothing { public Tokenwright.Recipe? Recipe; }");
        Refused("PLG003", "It refers to Tokenwright.Abstractions and yet exports no part.");
    }

    [Theory]
    [InlineData(
        """{ "targets": { "net": { "Bad/1": { "runtime": { "../Good/Good.dll": {} } } } } }""",
        "PLG009",
        "Bad.deps.json names a file outside the plugin: ../Good/Good.dll."
    )]
    [InlineData(
        """{ "targets": { "net": { "Bad/1": { "native": { "/lib/x.so": {} } } } } }""",
        "PLG009",
        "Bad.deps.json names a file outside the plugin: /lib/x.so."
    )]
    [InlineData("{ nonsense", "PLG004", "Bad.deps.json is not valid JSON: *")]
    [InlineData("[[[", "PLG004", "Bad.deps.json is not valid JSON: *")]
    public void Dependencies_that_lead_elsewhere(string json, string code, string cause)
    {
        Plugin();
        File.WriteAllText(Path.Combine(Bad, "Bad.deps.json"), json);
        Refused(code, cause);
    }

    [Fact]
    public void Dependencies_nested_without_end()
    {
        Plugin();
        File.WriteAllText(Path.Combine(Bad, "Bad.deps.json"), string.Concat(Enumerable.Repeat("{\"a\":", 200_000)));
        Refused("PLG004", "Bad.deps.json is not valid JSON: *");
    }

    [Fact]
    public void A_copy_that_somebody_changed_is_made_anew()
    {
        string dll = Plugin();
        Loaded().Should().BeTrue();
        string copy = ShadowCopy.Of(new PluginSource("Bad", Bad, IsFolder: true)).Folder;
        File.WriteAllText(Path.Combine(copy, "Bad.dll"), "planted");
        Loaded().Should().BeTrue();
        string other = ShadowCopy.Of(new PluginSource("Bad", Bad, IsFolder: true)).Folder;
        other.Should().NotBe(copy);
        File.ReadAllBytes(Path.Combine(other, "Bad.dll")).Should().Equal(File.ReadAllBytes(dll));
        File.WriteAllText(Path.Combine(other, "planted.dll"), "planted");
        Loaded().Should().BeTrue();
        Directory.Delete(copy, recursive: true);
        Directory.Delete(other, recursive: true);

        bool Loaded()
        {
            using var catalog = _workshop.Catalog();
            return catalog.Find(Seam.Verifier, "bad") is not null;
        }
    }

    [Fact]
    public void Copies_that_nobody_holds_go_but_for_the_last()
    {
        string cache = Path.Combine(_workshop.Root, "cache");
        string[] names = ["held", "old", "last", "young"];
        for (int i = 0; i < names.Length; i++)
        {
            string folder = Directory.CreateDirectory(Path.Combine(cache, names[i])).FullName;
            File.WriteAllText(Path.Combine(folder, "x.dll"), "x");
            Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow.AddHours(i == 3 ? 0 : i - 10));
        }

        using (ShadowCopy.Hold(Path.Combine(cache, "held", "x.dll")))
        {
            ShadowCopy.Prune(cache, kept: 2);
            Directory.GetDirectories(cache).Select(Path.GetFileName).Should().BeEquivalentTo("held", "last", "young");
        }

        ShadowCopy.Prune(cache, kept: 0);
        Directory.GetDirectories(cache).Select(Path.GetFileName).Should().BeEquivalentTo("young");
    }

    [Fact]
    public void Files_may_be_replaced_while_the_plugin_is_in_use()
    {
        string dll = Plugin();
        using var catalog = _workshop.Catalog();
        File.WriteAllText(dll, "another build, half written");
        using var part = catalog.Create(catalog.Find(Seam.Verifier, "bad")!);
        ((IVerifier)part.Part).Accepts.Should().Be(ProposalModes.Any);
        part.Part.GetType().Assembly.Location.Should().NotBe(dll).And.EndWith("Bad.dll");
    }

    private string Plugin() => _workshop.Add("Bad", Verifier.Replace("NAME", "bad"));

    private void Manifest(string json) => File.WriteAllText(Path.Combine(Bad, PluginManifest.FileName), json);

    private static string Hash(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    private Dictionary<string, string> Hashes() =>
        Directory
            .GetFiles(Bad)
            .Where(file => Path.GetFileName(file) != PluginManifest.FileName)
            .ToDictionary(file => Path.GetFileName(file)!, Hash);

    private HostSettings Pinned(Dictionary<string, string> files) =>
        _workshop.Settings with
        {
            Plugins = new Dictionary<string, PluginSettings>
            {
                ["Bad"] = new() { Files = files },
                ["Good"] = new()
                {
                    Files = Directory
                        .GetFiles(Path.Combine(_workshop.Folder, "Good"))
                        .ToDictionary(file => Path.GetFileName(file)!, Hash),
                },
            },
        };

    private void Refused(string code, string cause, HostSettings? settings = null)
    {
        using var catalog = _workshop.Catalog(settings);
        var diagnostic = catalog.Diagnostics.Should().ContainSingle().Subject;
        diagnostic.Should().BeEquivalentTo(new { Id = code, Plugin = "Bad" });
        diagnostic.Cause.Should().Match(cause);
        diagnostic.Fix.Should().NotBeEmpty();
        catalog.Find(Seam.Verifier, "bad").Should().BeNull();
        catalog.Find(Seam.Verifier, "good").Should().NotBeNull();
    }
}
