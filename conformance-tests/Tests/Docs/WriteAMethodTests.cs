using System.Reflection;
using System.Text.RegularExpressions;
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
    public void The_tests_of_the_page_pass()
    {
        using var workshop = new PluginWorkshop();
        string[] references =
        [
            typeof(Conformance.Run).Assembly.Location,
            typeof(Tokenwright.Plugins.Standard.Agree).Assembly.Location,
            typeof(FactAttribute).Assembly.Location,
            typeof(Assert).Assembly.Location,
        ];
        string both = Regex.Replace(Code[0] + Code[1], "(?m)^(using [^;]*;|namespace [^;]*;)\r?$", "");
        string usings = string.Concat(
            Regex
                .Matches(Code[0] + Code[1], "(?m)^using [^;]*;\r?$")
                .Select(line => line.Value)
                .Distinct()
                .Select(line => line + "\n")
        );
        string dll = PluginWorkshop.Compile(Path.Combine(workshop.Root, "SuccessorTests.dll"), usings + both, references);
        var assembly = Assembly.LoadFile(dll);
        var type = assembly.GetType("SuccessorTests")!;
        var facts = type.GetMethods().Where(method => method.GetCustomAttribute<FactAttribute>() is not null).ToArray();
        facts.Should().HaveCount(2);
        foreach (var fact in facts)
        {
            fact.Invoke(Activator.CreateInstance(type), null);
        }
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
