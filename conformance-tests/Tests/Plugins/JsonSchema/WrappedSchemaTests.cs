using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>A real schema inside keywords that change nothing says the same: of documents, and in every mask along them.</summary>
public sealed class WrappedSchemaTests(ITestOutputHelper output)
{
    private const int MostBytes = 300;

    private const string Heading = """
        ## Real schemas inside keywords that change nothing

        | inside | schemas | refused, though plainly not | verdicts | masks compared | masks left out for too much work |
        |---|---|---|---|---|---|
        """;

    // Before the schema, behind it, and where it stands then.
    public static TheoryData<string, string, string> Wraps() =>
        new()
        {
            { """{"allOf":[""", "]}", "/allOf/0" },
            { """{"anyOf":[""", "]}", "/anyOf/0" },
            { """{"oneOf":[""", "]}", "/oneOf/0" },
            { """{"not":{"not":""", "}}", "/not/not" },
            { """{"$ref":"#/$defs/x","$defs":{"x":""", "}}", "/$defs/x" },
            { """{"if":true,"then":""", "}", "/then" },
        };

    [Theory]
    [MemberData(nameof(Wraps))]
    public void A_schema_inside_keywords_that_change_nothing_says_the_same(string before, string behind, string place)
    {
        var tables = new VocabularyTables(new TinyVocabulary("{\"", "\":", "\": \"", "\"}", "true", "]}", "name", "12"));
        var refusals = new List<string>();
        int schemas = 0;
        int verdicts = 0;
        int masks = 0;
        int tooMuch = 0;
        foreach (string line in SharedData.MaskBench(LongTier.IsOn ? 12 : 250, 3))
        {
            var row = JsonNode.Parse(line)!;
            if (row["schema"] is not JsonObject schema || !Moved(schema, place))
            {
                continue;
            }

            string draft = (string?)schema["$schema"] is { } named ? $"\"$schema\":\"{named}\"," : "";
            // Drafts 4 and 6 do not know if.
            if (
                place == "/then"
                && (draft.Contains("draft-04", StringComparison.Ordinal) || draft.Contains("draft-06", StringComparison.Ordinal))
            )
            {
                continue;
            }

            // As it was, but for what its references point to.
            using var plainly = JsonDocument.Parse(line);
            if (Compiled(plainly.RootElement.GetProperty("schema").GetRawText()) is not { Schema: { } plain })
            {
                continue;
            }

            schemas++;
            var (wrapped, refusal) = Compiled($"{{{draft}{before[1..]}{schema.ToJsonString()}{behind}");
            if (wrapped is null)
            {
                refusals.Add($"{row["id"]}: {refusal}");
                continue;
            }

            var one = new SchemaConstraint(plain, tables, []);
            var other = new SchemaConstraint(wrapped, tables, []);
            foreach (var test in row["tests"]!.AsArray())
            {
                byte[] document = Encoding.UTF8.GetBytes(test!["data"]?.ToJsonString() ?? "null");
                plain.IsMatch(document).Should().Be(wrapped.IsMatch(document), "{0} in {1}", row["id"], place);
                verdicts++;
                try
                {
                    masks += Compare(one, other, document, $"{row["id"]} in {place}");
                }
                catch (SchemaException)
                {
                    tooMuch++;
                }
            }
        }

        LongTier.Report(
            output,
            Heading,
            $"| `{before}…{behind}` | {schemas} | {refusals.Count} | {verdicts} | {masks} | {tooMuch} |"
        );
        refusals.ForEach(output.WriteLine);
        schemas.Should().BePositive();
        refusals.Should().BeEmpty();
    }

    private static int Compare(SchemaConstraint one, SchemaConstraint other, byte[] document, string where)
    {
        var (mask, same) = (new ulong[one.Words], new ulong[one.Words]);
        var (here, there) = (one.Start, other.Start);
        int count = 0;
        foreach (byte value in document.Take(MostBytes))
        {
            one.FillMask(here, mask);
            other.FillMask(there, same);
            same.Should().Equal(mask, "{0} at byte {1} of {2}", where, count, Encoding.UTF8.GetString(document));
            count++;
            if (!one.TryNext(here, value, out here) || !other.TryNext(there, value, out there))
            {
                break;
            }
        }

        return count;
    }

    private static (CompiledSchema? Schema, string? Refusal) Compiled(string schema)
    {
        try
        {
            return (CompiledSchema.Compile(schema), null);
        }
        catch (SchemaException error)
        {
            return (null, error.Message);
        }
    }

    /// <summary>Lets references within the schema point to where it will stand; false where they could mean something else.</summary>
    private static bool Moved(JsonNode? node, string place)
    {
        switch (node)
        {
            case JsonArray items:
                return items.All(item => Moved(item, place));
            case JsonObject members:
                if (members["$id"] is JsonValue || members["id"] is JsonValue || members["$recursiveRef"] is not null)
                {
                    return false;
                }

                if (members["$ref"] is JsonValue reference)
                {
                    string text = reference.ToString();
                    if (!text.StartsWith('#') || (text.Length > 1 && text[1] != '/'))
                    {
                        return false;
                    }

                    members["$ref"] = $"#{place}{text[1..]}";
                }

                return members.All(member => Moved(member.Value, place));
            default:
                return true;
        }
    }
}
