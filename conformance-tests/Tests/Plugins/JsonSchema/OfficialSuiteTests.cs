using System.Text;
using System.Text.Json;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

public sealed class OfficialSuiteTests
{
    private static readonly string Folder = Path.Combine(
        SharedData.Root,
        "conformance-tests",
        "Tests",
        "Golden",
        "json-schema-test-suite"
    );

    // "format" is only an annotation in the core of the suite.
    private static readonly SchemaOptions Options = new() { AssertFormats = false, Documents = Remotes() };

    [Theory]
    [InlineData("draft4", Draft.Four, 0.98)]
    [InlineData("draft6", Draft.Six, 0.98)]
    [InlineData("draft7", Draft.Seven, 0.98)]
    [InlineData("draft2019-09", Draft.V201909, 0.95)]
    [InlineData("draft2020-12", Draft.V202012, 0.95)]
    public void Every_group_of_the_official_suite_is_right_or_refused(string folder, Draft draft, double leastRight)
    {
        int total = 0,
            right = 0;
        var wrong = new List<string>();
        foreach (var file in Directory.GetFiles(Path.Combine(Folder, "tests", folder), "*.json").Order())
        {
            using var groups = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var group in groups.RootElement.EnumerateArray())
            {
                var tests = group.GetProperty("tests");
                total += tests.GetArrayLength();
                CompiledSchema? schema = null;
                try
                {
                    schema = CompiledSchema.Compile(group.GetProperty("schema"), Options with { DefaultDraft = draft });
                }
                catch (SchemaException error)
                {
                    // A schema that nothing satisfies refuses every document, as it should.
                    if (!error.Reason.StartsWith("no document", StringComparison.Ordinal))
                        continue;
                }
                foreach (var test in tests.EnumerateArray())
                {
                    var text = PlainJson.Write(test.GetProperty("data"));
                    if (schema?.IsMatch(Encoding.UTF8.GetBytes(text)) is true == test.GetProperty("valid").GetBoolean())
                        right++;
                    else
                        wrong.Add(
                            $"{Path.GetFileName(file)}: {group.GetProperty("description")} / {test.GetProperty("description")}"
                        );
                }
            }
        }
        wrong.Should().BeEmpty();
        ((double)right / total).Should().BeGreaterThanOrEqualTo(leastRight);
    }

    private static Dictionary<string, string> Remotes()
    {
        var remotes = Path.Combine(Folder, "remotes");
        return Directory
            .GetFiles(remotes, "*.json", SearchOption.AllDirectories)
            .ToDictionary(f => "http://localhost:1234/" + Path.GetRelativePath(remotes, f).Replace('\\', '/'), File.ReadAllText);
    }
}
