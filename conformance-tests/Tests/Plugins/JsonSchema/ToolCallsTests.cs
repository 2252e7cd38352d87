using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>Lists of functions, and schemas of .NET types.</summary>
public sealed class ToolCallsTests
{
    private const string Tools = """
        [
          {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}, "unit": {"$ref": "#/$defs/unit"}}, "required": ["city"],
            "additionalProperties": false, "$defs": {"unit": {"enum": ["C", "F"]}}}}},
          {"name": "now"}
        ]
        """;

    [Theory]
    [InlineData("""{"name": "weather", "arguments": {"city": "Rome", "unit": "C"}}""", true)]
    [InlineData("""{"name": "weather", "arguments": {"city": "Rome"}}""", true)]
    [InlineData("""{"name": "now", "arguments": {}}""", true)]
    [InlineData("""{"name": "weather", "arguments": {"city": "Rome", "unit": "K"}}""", false)]
    [InlineData("""{"name": "weather", "arguments": {}}""", false)]
    [InlineData("""{"name": "now", "arguments": {"city": "Rome"}}""", false)]
    [InlineData("""{"name": "then", "arguments": {}}""", false)]
    [InlineData("""{"arguments": {}, "name": "now"}""", false)]
    [InlineData("""{"name": "now"}""", false)]
    public void A_call_names_a_function_and_has_valid_arguments(string call, bool isValid) =>
        ToolCalls.Read(Tools).Schema.IsMatch(Encoding.UTF8.GetBytes(call)).Should().Be(isValid);

    [Fact]
    public void A_call_is_written_as_the_model_expects_it()
    {
        var parameters = ToolCalls.Read(Tools, ToolFormat.Parameters);
        parameters.Schema.IsMatch("""{"name": "now", "parameters": {}}"""u8).Should().BeTrue();
        parameters.Text.Should().Be(new TextOptions());

        var tagged = ToolCalls.Read(Tools, ToolFormat.Tagged).Text;
        tagged.Before.Should().Be("<tool_call>\n");
        tagged.After.Should().Be("\n</tool_call>");
    }

    [Theory]
    [InlineData("", "*not JSON*")]
    [InlineData("{}", "*a list of at least one object*")]
    [InlineData("[]", "*a list of at least one object*")]
    [InlineData("[1]", "#/0: a function is an object*")]
    [InlineData("""[{"description": "x"}]""", "#/0/name: a function needs a name*")]
    [InlineData("""[{"function": {"name": ""}}]""", "#/0/function/name: a function needs a name*")]
    [InlineData("""[{"name": "f"}, {"name": "f"}]""", "#/1/name: two functions are called f")]
    [InlineData("""[{"name": "f", "parameters": 3}]""", "#/0/parameters: the parameters*")]
    [InlineData(
        """[{"name": "f", "parameters": {"properties": {"a": {"type": "string", "pattern": "(a)\\1"}}}}]""",
        "#/0/parameters/properties/a/pattern: function f: *"
    )]
    public void A_list_that_is_wrong_is_refused_with_the_place(string tools, string message)
    {
        var read = () => ToolCalls.Read(tools);
        read.Should().Throw<SchemaException>().WithMessage(message);
    }

    [Fact]
    public void A_type_is_a_schema()
    {
        var schema = CompiledSchema.From<Book>(
            new JsonSerializerOptions(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.Strict }
        );
        schema.IsMatch("""{"title":"x","year":1999,"tags":["a"],"sequel":{"title":"y","tags":[]}}"""u8).Should().BeTrue();
        schema.IsMatch("""{"year":1999}"""u8).Should().BeFalse();
        schema.IsMatch("""{"title":"x","tags":[],"year":"1999"}"""u8).Should().BeFalse();
        schema.IsMatch("""{"title":"x","tags":[1]}"""u8).Should().BeFalse();
    }

    [Fact]
    public void A_type_may_forbid_what_it_does_not_have_and_fix_the_order()
    {
        var strict = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            TypeInfoResolver = JsonSerializerOptions.Default.TypeInfoResolver,
        };
        var schema = CompiledSchema.From<Book>(strict, new SchemaOptions { KeyOrder = KeyOrder.Schema });
        schema.IsMatch("""{"title":"x","year":1999,"tags":[]}"""u8).Should().BeTrue();
        schema.IsMatch("""{"year":1999,"title":"x","tags":[]}"""u8).Should().BeFalse();
        schema.IsMatch("""{"title":"x","tags":[],"other":1}"""u8).Should().BeFalse();
    }

    private sealed record Book
    {
        public required string Title { get; init; }
        public int Year { get; init; }
        public required IReadOnlyList<string> Tags { get; init; }
        public Book? Sequel { get; init; }
    }
}
