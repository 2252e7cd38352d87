using System.Text;
using System.Text.Json;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>Masks against an oracle that knows every document: the schemas here allow finitely many, all within a small universe.</summary>
public sealed class MaskOracleTests
{
    private static readonly string[] Scalars = ["\"x\"", "\"xy\"", "true", "null"];
    private static readonly string[] Keys = ["a", "ab", "b"];
    private static readonly Lazy<List<string>> Universe = new(FindUniverse);

    private const string Value = """{"enum":["x","xy",true,null]}""";

    [Theory]
    [InlineData("""{"enum":["x","xy",null]}""")]
    [InlineData("""{"type":"object","properties":{"a":V,"b":V},"additionalProperties":false}""")]
    [InlineData("""{"type":"object","properties":{"a":V,"ab":V},"required":["ab"],"additionalProperties":false}""")]
    [InlineData(
        """{"type":"object","properties":{"a":V,"ab":V,"b":V},"minProperties":2,"maxProperties":2,"additionalProperties":false}"""
    )]
    [InlineData(
        """{"type":"object","patternProperties":{"^(a|ab)$":V},"properties":{"b":{"const":"x"}},"additionalProperties":false}"""
    )]
    [InlineData("""{"type":"object","additionalProperties":V,"propertyNames":{"enum":["a","b"]},"required":["b"]}""")]
    [InlineData("""{"type":"object","properties":{"a":V,"b":V},"additionalProperties":false,"dependentRequired":{"a":["b"]}}""")]
    [InlineData("""{"type":"object","properties":{"a":V,"b":V},"additionalProperties":false,"not":{"required":["a","b"]}}""")]
    [InlineData(
        """{"type":"object","properties":{"a":V,"b":V},"additionalProperties":false,"oneOf":[{"required":["a"]},{"required":["b"]}]}"""
    )]
    [InlineData(
        """{"type":"object","properties":{"a":V,"b":V},"additionalProperties":false,"oneOf":[{"properties":{"a":{"const":"x"}}},{"properties":{"b":{"const":"x"}}}]}"""
    )]
    [InlineData(
        """{"type":"object","properties":{"a":V,"b":V},"additionalProperties":false,"if":{"properties":{"a":{"const":"x"}},"required":["a"]},"then":{"required":["b"]},"else":{"properties":{"b":false}}}"""
    )]
    [InlineData(
        """{"anyOf":[{"type":"object","properties":{"a":{"const":"x"},"b":{"const":"x"}},"required":["a"],"additionalProperties":false},{"type":"object","properties":{"a":{"const":"xy"},"b":{"const":null}},"required":["a"],"additionalProperties":false}]}"""
    )]
    [InlineData("""{"type":"array","items":V,"maxItems":2}""")]
    [InlineData("""{"type":"array","items":V,"maxItems":3,"uniqueItems":true}""")]
    [InlineData("""{"type":"array","items":{"enum":["x","xy"]},"maxItems":3,"minItems":2,"uniqueItems":true}""")]
    [InlineData("""{"type":"array","items":V,"maxItems":3,"contains":{"const":"x"}}""")]
    [InlineData("""{"type":"array","items":V,"maxItems":3,"contains":{"type":"string"},"minContains":1,"maxContains":1}""")]
    [InlineData("""{"type":"array","prefixItems":[{"const":"x"},{"type":"boolean","const":true}],"items":false}""")]
    [InlineData("""{"type":"array","items":V,"maxItems":2,"not":{"prefixItems":[{"const":"x"}],"minItems":1}}""")]
    [InlineData("""{"allOf":[{"enum":["x",true,null]},{"not":{"const":true}}]}""")]
    public void Masks_allow_exactly_the_tokens_that_some_document_goes_on_with(string schema)
    {
        schema = schema.Replace("V", Value, StringComparison.Ordinal);
        using var parsed = JsonDocument.Parse(schema);
        var documents = Universe.Value.Where(d => IsValid(parsed.RootElement, d)).Select(Encoding.UTF8.GetBytes).ToList();
        documents.Should().NotBeEmpty();
        var vocabulary = new TinyVocabulary(
            "\"x",
            "x\"",
            "\",\"",
            "{\"",
            "\":\"",
            "\"a\":",
            "ab",
            "\"}",
            "true,",
            "null}",
            "],",
            "[\"x",
            "b\":",
            "xy\",\""
        );
        var tables = new VocabularyTables(vocabulary);
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile(schema, new SchemaOptions { MaxWhitespace = 0 }),
            tables,
            [vocabulary.EndToken]
        );
        var mask = new ulong[constraint.Words];
        var seen = new HashSet<string>();
        foreach (var document in documents)
        {
            var state = constraint.Start;
            for (var length = 0; length <= document.Length; length++)
            {
                if (length > 0)
                    constraint.TryNext(state, document[length - 1], out state).Should().BeTrue();
                var prefix = document.AsSpan(0, length).ToArray();
                if (!seen.Add(Encoding.Latin1.GetString(prefix)))
                    continue;
                constraint.FillMask(state, mask);
                var alive = documents.Where(d => d.AsSpan().StartsWith(prefix)).ToList();
                for (var id = 0; id < vocabulary.Size; id++)
                {
                    // An escaped spelling of a character is another way to write the same document, which the oracle does not know.
                    if (vocabulary.Bytes(id).Contains((byte)'\\'))
                        continue;
                    byte[] extended = [.. prefix, .. vocabulary.Bytes(id)];
                    var expected =
                        id == vocabulary.EndToken
                            ? alive.Exists(d => d.Length == length)
                            : alive.Exists(d => d.AsSpan().StartsWith(extended));
                    ((mask[id >> 6] >> id & 1) != 0)
                        .Should()
                        .Be(
                            expected,
                            "after {0} token {1} of {2}",
                            Encoding.UTF8.GetString(prefix),
                            Encoding.UTF8.GetString(vocabulary.Bytes(id)),
                            schema
                        );
                }
            }
        }
    }

    private static bool IsValid(JsonElement schema, string document)
    {
        using var value = JsonDocument.Parse(document);
        return ReferenceValidator.IsValid(schema, value.RootElement);
    }

    private static List<string> FindUniverse()
    {
        var result = new List<string>(Scalars);
        var objects = new List<string> { "{" };
        var arrays = new List<string> { "[" };
        result.AddRange(["{}", "[]"]);
        for (var length = 1; length <= 3; length++)
        {
            arrays = [.. arrays.SelectMany(a => Scalars.Select(s => (length == 1 ? a : a + ",") + s))];
            objects =
            [
                .. objects.SelectMany(o =>
                    Keys.Where(k => !o.Contains($"\"{k}\":", StringComparison.Ordinal))
                        .SelectMany(k => Scalars.Select(s => $"{(length == 1 ? o : o + ",")}\"{k}\":{s}"))
                ),
            ];
            result.AddRange(arrays.Select(a => a + "]"));
            result.AddRange(objects.Select(o => o + "}"));
        }
        return result;
    }
}
