using System.Text;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

public sealed class HostileSchemaTests
{
    public static TheoryData<string, string> Schemas =>
        new()
        {
            { "a reference to itself", """{"$ref":"#"}""" },
            {
                "a cycle of references",
                """{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"allOf":[{"$ref":"#/$defs/a"}]}}}"""
            },
            { "deep nesting", string.Concat(Enumerable.Repeat("{\"items\":", 5_000)) + "true" + new string('}', 5_000) },
            { "a long chain of references", Chain(20_000) },
            { "a long chain of references that ends in an error", Chain(1_000) },
            { "a long cycle of references", Cycle(1_000) },
            { "a long cycle through dynamic scopes", DynamicCycle(300) },
            { "an error at the end of a chain of negations", Negations(1_000) },
            { "an exponential union", Union(14) },
            {
                "a catastrophic pattern",
                """{"type":"string","pattern":"^(?=(a|b)*a(a|b){30}$)(?=(a|b)*b(a|b){31}$)(?=(a|b)*a(a|b){32}c)"}"""
            },
            {
                "key patterns that overlap in every way",
                "{\"patternProperties\":{"
                    + string.Join(',', "abcdefghij".Select(c => $"\"^.*{c}.*$\":{{\"type\":\"string\"}}"))
                    + "}}"
            },
            { "a recursion that never ends", """{"type":"object","required":["a"],"properties":{"a":{"$ref":"#"}}}""" },
            { "ten million characters", $"{{\"description\":\"{new string('x', 10_000_000)}\"}}" },
            {
                "an enumeration of thousands of objects",
                $"{{\"enum\":[{string.Join(',', Enumerable.Range(0, 3_000).Select(i => $"{{\"a\":{i}}}"))}]}}"
            },
            {
                "an enumeration of hundreds of thousands of values",
                $"{{\"enum\":[{string.Join(',', Enumerable.Range(0, 300_000))}]}}"
            },
            {
                "a union of thousands of shapes",
                $"{{\"anyOf\":[{string.Join(',', Enumerable.Range(0, 5_000).Select(i => $"{{\"required\":[\"k{i}\"]}}"))}]}}"
            },
            { "a pattern of millions of characters", $"{{\"pattern\":\"{new string('x', 4_000_000)}\"}}" },
            {
                "a constant of hundreds of thousands of values",
                $"{{\"const\":[{string.Join(',', Enumerable.Range(0, 500_000))}]}}"
            },
            { "ten million characters of one value", $"{{\"enum\":[\"{new string('y', 10_000_000)}\"]}}" },
            { "patterns whose intersection explodes", Suffixes(14, 24) },
            {
                "thousands of key patterns",
                $"{{\"patternProperties\":{{{string.Join(',', Enumerable.Range(0, 3_000).Select(i => $"\"^a.*{i}\":{{\"type\":\"string\"}}"))}}}}}"
            },
            {
                "keys that two patterns contradict",
                """{"type":"object","minProperties":1,"propertyNames":{"allOf":[{"pattern":"^a"},{"pattern":"^b"}]}}"""
            },
            {
                "more different items than there are",
                """{"type":"array","uniqueItems":true,"minItems":3,"items":{"type":"boolean"}}"""
            },
            { "a number of a million digits", $"{{\"minimum\":{new string('9', 1_000_000)}}}" },
            { "an exponent of a billion", """{"type":"number","minimum":1e999999999}""" },
            { "a divisor of thousands of digits", $"{{\"type\":\"number\",\"multipleOf\":{new string('7', 5_000)}}}" },
            {
                "lengths in the billions on a pattern",
                """{"type":"string","minLength":999999999,"maxLength":1000000000,"pattern":"^(ab|c)*$"}"""
            },
            { "an exclusive choice of a thousand objects that overlap", Overlapping(1_000) },
            { "not JSON", "{" },
            { "nothing fits", """{"type":"string","minLength":3,"maxLength":2}""" },
        };

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Hostile_schemas_end_in_an_error(string what, string schema)
    {
        var act = () => CompiledSchema.Compile(schema);
        act.Should().Throw<SchemaException>(what);
    }

    [Fact]
    public void Thousands_of_definitions_that_refer_to_each_other_compile()
    {
        const int count = 50_000;
        var definitions = Enumerable
            .Range(0, count)
            .Select(i => $"\"d{i}\":{{\"properties\":{{\"n\":{{\"$ref\":\"#/$defs/d{(i + 1) % count}\"}}}}}}");
        var schema = CompiledSchema.Compile($"{{\"$ref\":\"#/$defs/d0\",\"$defs\":{{{string.Join(',', definitions)}}}}}");
        schema.IsMatch("""{"n": {"n": {"n": 1}}}"""u8).Should().BeTrue();
    }

    [Fact]
    public void Nested_repetitions_and_large_counts_stay_cheap()
    {
        var schema = CompiledSchema.Compile(
            """{"type":"object","properties":{"a":{"maxLength":100000},"b":{"pattern":"^(a+)+$"}}}"""
        );
        schema
            .IsMatch(Encoding.UTF8.GetBytes($$"""{"a": "{{new string('x', 5_000)}}", "b": "{{new string('a', 5_000)}}"}"""))
            .Should()
            .BeTrue();
    }

    private static string Cycle(int length)
    {
        var definitions = Enumerable
            .Range(0, length)
            .Select(i => $"\"{i}\":{{\"allOf\":[{{\"$ref\":\"#/$defs/{(i + 1) % length}\"}}]}}");
        return $"{{\"$ref\":\"#/$defs/0\",\"$defs\":{{{string.Join(',', definitions)}}}}}";
    }

    private static string DynamicCycle(int length)
    {
        var definitions = Enumerable
            .Range(0, length)
            .Select(i =>
                $"\"d{i}\":{{\"$id\":\"d{i}\",\"$ref\":\"d{(i + 1) % length}\",\"$defs\":{{\"x\":{{\"$dynamicAnchor\":\"x\",\"anyOf\":[{{\"$dynamicRef\":\"#x\"}},{{\"type\":\"string\"}}]}}}}}}"
            );
        return $"{{\"$ref\":\"d0\",\"$defs\":{{{string.Join(',', definitions)}}}}}";
    }

    private static string Negations(int length)
    {
        var definitions = Enumerable.Range(0, length).Select(i => $"\"{i}\":{{\"not\":{{\"$ref\":\"#/$defs/{i + 1}\"}}}}");
        return $"{{\"$ref\":\"#/$defs/0\",\"$defs\":{{{string.Join(',', definitions)},\"{length}\":{{\"enum\":[{string.Join(',', Enumerable.Range(0, 210_000))}]}}}}}}";
    }

    private static string Suffixes(int from, int to) =>
        $"{{\"allOf\":[{string.Join(',', Enumerable.Range(from, to - from).Select(k => $"{{\"pattern\":\"(a|b)*a(a|b){{{k}}}$\"}}"))}]}}";

    private static string Overlapping(int count)
    {
        var branches = Enumerable
            .Range(0, count)
            .Select(i =>
                $"{{\"type\":\"object\",\"properties\":{{\"k{i}\":{{\"type\":\"integer\"}},\"k{(i + 1) % count}\":{{\"type\":\"string\"}}}}}}"
            );
        return $"{{\"oneOf\":[{string.Join(',', branches)}]}}";
    }

    private static string Chain(int length)
    {
        var definitions = Enumerable.Range(0, length).Select(i => $"\"{i}\":{{\"allOf\":[{{\"$ref\":\"#/$defs/{i + 1}\"}}]}}");
        return $"{{\"$ref\":\"#/$defs/0\",\"$defs\":{{{string.Join(',', definitions)},\"{length}\":{{\"type\":\"nothing\"}}}}}}";
    }

    /// <summary>A conjunction of disjunctions of objects: multiplying out takes 3^n cases.</summary>
    private static string Union(int count)
    {
        var parts = Enumerable
            .Range(0, count)
            .Select(i => "{\"anyOf\":[" + string.Join(',', "abc".Select(c => $"{{\"required\":[\"{c}{i}\"]}}")) + "]}");
        return "{\"type\":\"object\",\"allOf\":[" + string.Join(',', parts) + "]}";
    }
}
