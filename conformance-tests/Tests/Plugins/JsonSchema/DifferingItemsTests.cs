using System.Text;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>
/// Where items must differ, nothing is begun that could only end in a repeat. The bar in each text stands where reading must stop; without
/// one the text is a whole document.
/// </summary>
public sealed class DifferingItemsTests
{
    private const string Named =
        """{"type":"array","uniqueItems":true,"items":{"type":"object","properties":{"id":{"type":"string"},"kind":{"enum":["a","b"]}},"required":["id","kind"],"additionalProperties":false}}""";
    private const string Open =
        """{"type":"array","uniqueItems":true,"items":{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]}}""";
    private const string Switches =
        """{"type":"array","uniqueItems":true,"items":{"type":"array","items":{"type":"boolean"},"maxItems":1}}""";
    private const string Lists =
        """{"type":"array","uniqueItems":true,"items":{"type":"array","items":{"type":"object","properties":{"a":{"const":1}},"required":["a"],"additionalProperties":false}}}""";
    private const string Optional =
        """{"type":"array","uniqueItems":true,"items":{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"additionalProperties":false}}""";
    private const string ByPattern =
        """{"type":"array","uniqueItems":true,"items":{"type":"object","patternProperties":{"^[xy]$":{"const":1}},"additionalProperties":false,"minProperties":1,"maxProperties":1}}""";

    [Theory]
    // The only other value may be needed by a later place.
    [InlineData("""{"prefixItems":[{"enum":[1,2]},{"const":1}],"minItems":2,"uniqueItems":true}""", "[|1")]
    [InlineData("""{"prefixItems":[{"enum":[1,2]},{"const":1}],"minItems":2,"uniqueItems":true}""", "[2,1]")]
    // The second place can do with 1 until the third needs it.
    [InlineData("""{"prefixItems":[{"enum":[1,2,3]},{"enum":[1,2]},{"const":1}],"minItems":3,"uniqueItems":true}""", "[|2")]
    [InlineData("""{"prefixItems":[{"enum":[1,2,3]},{"enum":[1,2]},{"const":1}],"minItems":3,"uniqueItems":true}""", "[3,|1")]
    [InlineData("""{"prefixItems":[{"enum":[1,2,3]},{"enum":[1,2]},{"const":1}],"minItems":3,"uniqueItems":true}""", "[3,2,1]")]
    // Without the third item the first may be any.
    [InlineData("""{"prefixItems":[{"enum":[1,2,3]},{"enum":[1,2]},{"const":1}],"minItems":2,"uniqueItems":true}""", "[1,2]")]
    // What must be contained must still fit in.
    [InlineData("""{"items":{"enum":[1,2,3]},"contains":{"const":3},"maxItems":2,"uniqueItems":true,"type":"array"}""", "[1,|2")]
    [InlineData("""{"items":{"enum":[1,2,3]},"contains":{"const":3},"maxItems":2,"uniqueItems":true,"type":"array"}""", "[1,3]")]
    [InlineData("""{"items":{"enum":[1,2,3]},"contains":{"const":3},"maxItems":2,"uniqueItems":true,"type":"array"}""", "[3,2]")]
    [InlineData(
        """{"items":{"enum":["a","b","c"]},"contains":{"enum":["a","b"]},"minContains":2,"uniqueItems":true,"type":"array"}""",
        """["a",|]"""
    )]
    // Strings of which there are few run out, whatever their pattern.
    [InlineData("""{"type":"array","items":{"type":"string","pattern":"^x{1,2}$"},"uniqueItems":true}""", """["x","x|"]""")]
    [InlineData("""{"type":"array","items":{"type":"string","pattern":"^x{1,2}$"},"uniqueItems":true}""", """["xx","x|x""")]
    [InlineData("""{"type":"array","items":{"type":"string","pattern":"^x{1,2}$"},"uniqueItems":true}""", """["xx","x"|,""")]
    // The last member that could tell an object from another must do so, whichever comes last.
    [InlineData(Named, """[{"id":"x","kind":"a"},{"id":"x","kind":"|a""")]
    [InlineData(Named, """[{"id":"x","kind":"a"},{"kind":"a","id":"x|"}""")]
    [InlineData(Named, """[{"id":"x","kind":"a"},{"kind":"a","id":"xy"}]""")]
    [InlineData(Named, """[{"id":"x","kind":"a"},{"id":"x","kind":"b"},{"id":"x|",""")]
    [InlineData(Named, """[{"id":"x","kind":"a"},{"kind":"b","id":"x"},{"kind":"b","id":"\u0078|"}""")]
    [InlineData(Open, """[{"id":"x"},{"id":"x"|}""")]
    [InlineData(Open, """[{"id":"x"},{"id":"x","more":1}]""")]
    [InlineData(Open, """[{"id":"x","more":1},{"more":1.0,"id":"x"|}""")]
    [InlineData(Switches, "[[],[true],[|]")]
    [InlineData(Switches, "[[],[true],[|t")]
    [InlineData(Switches, "[[true],[false],[]|,")]
    [InlineData(Lists, """[[{"a":1}],[{"a":1}|]""")]
    [InlineData(Lists, """[[{"a":1}],[{"a":1},{"a":1}]]""")]
    [InlineData(Optional, """[{},{"a":1},{"a":1|}""")]
    [InlineData(Optional, """[{},{"a":1},{"a":1,"b":2},{"|a""")]
    [InlineData(Optional, """[{},{"a":1},{"a":1,"b":2},{"b":2}]""")]
    [InlineData(Optional, """[{},{"a":1},{"a":1,"b":2},{"b":2}|,""")]
    [InlineData(ByPattern, """[{"x":1},{"|x""")]
    [InlineData(ByPattern, """[{"x":1},{"y":1}]""")]
    [InlineData(ByPattern, """[{"x":1},{"y":1}|,""")]
    public void Nothing_begins_that_could_only_repeat(string schema, string text)
    {
        var compiled = CompiledSchema.Compile(schema);
        var stop = text.IndexOf('|', StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(text.Replace("|", "", StringComparison.Ordinal));
        var matched = compiled.Matched(bytes, out var complete);
        matched.Should().Be(stop < 0 ? bytes.Length : stop);
        complete.Should().Be(stop < 0);
    }

    [Theory]
    [InlineData("""{"type":"array","prefixItems":[{"const":1},{"const":1}],"minItems":2,"uniqueItems":true}""")]
    [InlineData(
        """{"type":"array","prefixItems":[{"enum":[1,2]},{"enum":[1,2]},{"enum":[1,2]}],"minItems":3,"uniqueItems":true}"""
    )]
    [InlineData("""{"type":"array","items":{"type":"boolean"},"minItems":3,"uniqueItems":true}""")]
    [InlineData("""{"type":"array","contains":{"const":"a"},"minContains":2,"uniqueItems":true}""")]
    public void What_needs_a_repeat_is_refused(string schema)
    {
        var compile = () => CompiledSchema.Compile(schema);
        compile.Should().Throw<SchemaException>().WithMessage("*no document satisfies*");
    }

    [Fact]
    public void A_contained_value_that_cannot_be_negated_is_refused_at_once()
    {
        var compile = () =>
            CompiledSchema.Compile("""{"type":"array","contains":{"type":"array","uniqueItems":true},"maxContains":1}""");
        compile.Should().Throw<SchemaException>().WithMessage("*uniqueItems*cannot be negated*");
    }
}
