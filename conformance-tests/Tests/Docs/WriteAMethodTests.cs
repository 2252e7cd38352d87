using System.Reflection;
using System.Text.RegularExpressions;
using Tokenwright.Conformance;
using Tokenwright.Conformance.Specs;
using Tokenwright.Host;
using Tokenwright.Tests.Cli;
using Tokenwright.Tests.Host;

namespace Tokenwright.Tests.Docs;

/// <summary>The code of docs/write-a-method.md, compiled and run as a reader would.</summary>
public sealed partial class WriteAMethodTests
{
    private static readonly string[] Code =
    [
        .. Block()
            .Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "write-a-method.md")))
            .Select(block => block.Groups[1].Value),
    ];

    [Fact]
    public async Task The_drafter_is_short_and_works()
    {
        Code.Should().HaveCount(2);
        Code[0].TrimEnd().Split('\n').Should().HaveCountLessThanOrEqualTo(60);

        using var workshop = new PluginWorkshop();
        workshop.Add("Successor", Code[0]);
        var installed = HostSettings.Load(Path.Combine(CommandLine.Installed, HostSettings.FileName));
        await using var host = workshop.Load(installed with { Folders = [.. installed.Folders, workshop.Folder] });
        host.Plugins.Diagnostics.Should().BeEmpty();
        using var model = host.Use(new ScriptedModel("abcabcabcabcabcabcabcabcabcabc").Loaded());
        var request = new GenerationRequest { Method = "successor", Options = { ["successor-length"] = "6" } };
        var result = await model.Generate(" ", request).CompleteAsync(TestContext.Current.CancellationToken);

        result.Text.Should().Be("abcabcabcabcabcabcabcabcabcabc");
        result.Statistics.Accepted.Should().BeGreaterThan(15);
        result.Statistics.Steps.Should().BeLessThan(12);
    }

    [Fact]
    public async Task The_tests_of_the_page_pass()
    {
        using var workshop = new PluginWorkshop();
        string plugin = workshop.Add("Successor", Code[0]);
        string[] references =
        [
            typeof(Conformance.Run).Assembly.Location,
            typeof(DrafterSpecs).Assembly.Location,
            typeof(PluginCatalog).Assembly.Location,
            typeof(FactAttribute).Assembly.Location,
            typeof(Assert).Assembly.Location,
        ];
        string dll = PluginWorkshop.Compile(
            Path.Combine(workshop.Root, "Successor.Tests.dll"),
            Code[1].Replace("namespace ", $"[assembly: AssemblyMetadata(\"PluginDll\", @\"{plugin}\")]\nnamespace "),
            references
        );
        int passed = 0;
        foreach (var type in Assembly.LoadFile(dll).GetExportedTypes())
        {
            foreach (var fact in type.GetMethods().Where(method => method.GetCustomAttribute<FactAttribute>() is not null))
            {
                try
                {
                    await ((fact.Invoke(Activator.CreateInstance(type), null) as Task) ?? Task.CompletedTask);
                    passed++;
                }
                catch (Exception error) when (error.Message.StartsWith("$XunitDynamicSkip$", StringComparison.Ordinal))
                {
                    // A clause that does not concern it.
                }
            }
        }

        passed.Should().BeGreaterThan(15);
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
