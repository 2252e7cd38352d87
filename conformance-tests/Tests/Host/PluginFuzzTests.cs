using System.Text;
using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

/// <summary>Damaged settings, manifests and DLLs: each is read, or refused with a message; nothing else is thrown.</summary>
public sealed class PluginFuzzTests(ITestOutputHelper output)
{
    private const string Hash = "ABCDEF0000000000000000000000000000000000000000000000000000000000";

    private const string Settings = $$"""
        {
          "$schema": "docs/plugins.schema.json",
          "folders": ["plugins", "../more"],
          "hashes": "warn",
          "hangSeconds": 1.5e1,
          "plugins": {
            "TopA": {
              "enabled": false,
              "contract": "[0.1,1.0)",
              "files": { "TopA.dll": "{{Hash}}", "runtimes/x.so": "{{Hash}}" },
              "options": { "top-a": 0.95, "words": ["a,b", 2, true], "name": "é\n\u00e9", "flag": false }
            },
            "B": {}
          },
          "defaults": { "method": "a", "samplingMethod": "b", "constrainedDrafter": "none", "model": "c" }
        }
        """;

    private const string Manifest = $$"""
        { "$schema": "x", "name": "TopA", "version": "1.0", "contract": "[0.1,1.0)", "files": { "a/TopA.dll": "{{Hash}}" } }
        """;

    private static readonly string[] Pieces =
    [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "null",
        "-1",
        "1e999",
        "\"..\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "//",
        "/*",
        "\uFEFF",
        "\"files\":{}",
        "\"plugins\":{\"x\":{}},",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ];

    private static int Count => LongTier.IsOn ? 5000 : 2500;

    [Fact]
    public void Settings_and_manifests()
    {
        var random = new Random(8);
        string file = Path.Combine(Path.GetTempPath(), "plugins.json");
        int read = 0;
        int refused = 0;
        for (int i = 0; i < Count; i++)
        {
            byte[] settings = Damage(Encoding.UTF8.GetBytes(Settings), random);
            byte[] manifest = Damage(Encoding.UTF8.GetBytes(Manifest), random);
            Try(i, () => SettingsFile.Read(file, settings));
            Try(i, () => SettingsFile.ReadManifest("plugin.json", manifest));
        }

        output.WriteLine($"{read} read, {refused} refused");
        read.Should().BeGreaterThan(Count / 50, "some damage is none");
        refused.Should().BeGreaterThan(Count);

        void Try(int number, Action work)
        {
            try
            {
                work();
                read++;
            }
            catch (SettingsException error)
            {
                error.Message.Should().Match("*plugin*.json*: *");
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed 8, number {number}: {error}");
            }
        }
    }

    [Fact]
    public void Settings_that_are_applied()
    {
        using var workshop = PluginWorkshop.With("TopA");
        string file = Path.Combine(workshop.Root, "plugins.json");
        var random = new Random(88);
        int loaded = 0;
        for (int i = 0; i < Count / 50; i++)
        {
            File.WriteAllBytes(file, Damage(Encoding.UTF8.GetBytes(Settings.Replace("\"enabled\": false,", "")), random));
            try
            {
                using var catalog = PluginCatalog.Load(HostSettings.Load(file));
                catalog.Diagnostics.Should().OnlyContain(diagnostic => diagnostic.Id.Length == 6 && diagnostic.Fix.Length > 0);
                loaded++;
            }
            catch (SettingsException)
            {
                // Refused as a whole, with its place.
            }
        }

        loaded.Should().BePositive();
    }

    [Fact]
    public void Dlls_that_are_only_read()
    {
        byte[] dll = File.ReadAllBytes(typeof(PluginFuzzTests).Assembly.Location);
        dll = dll.Length > 1 << 16 ? File.ReadAllBytes(typeof(IPart).Assembly.Location) : dll;
        string file = Path.GetTempFileName();
        var random = new Random(888);
        int read = 0;
        for (int i = 0; i < Count / 5; i++)
        {
            byte[] copy = [.. dll];
            for (int change = random.Next(1, 40); change > 0; change--)
            {
                // The first kilobytes hold the headers and the tables' sizes.
                copy[random.Next(random.Next(2) == 0 ? 1024 : copy.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(file, copy[..random.Next(copy.Length / 2, copy.Length)]);
            read += AssemblyFacts.Read(file) is null ? 0 : 1;
        }

        File.Delete(file);
        read.Should().BePositive();
    }

    // One to four changes: a byte, a piece put in, a stretch taken out or doubled, the end cut off.
    private static byte[] Damage(byte[] text, Random random)
    {
        var bytes = text.ToList();
        for (int change = random.Next(1, 5); change > 0 && bytes.Count > 0; change--)
        {
            int at = random.Next(bytes.Count);
            int length = Math.Min(random.Next(1, 30), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(32, 127);
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]));
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                default:
                    bytes.RemoveRange(at, random.Next(8) == 0 ? bytes.Count - at : 1);
                    break;
            }
        }

        return [.. bytes];
    }
}
