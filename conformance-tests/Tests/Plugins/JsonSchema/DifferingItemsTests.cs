using System.Text;
using Tokenwright.Plugins.JsonSchema;
using Tokenwright.Tests.Plugins.JsonSchema.Oracle;

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
    [InlineData("""{"type":"array","items":{"type":"string","pattern":"^(y|x[a-z]{9})$"},"uniqueItems":true}""", """["y","|y""")]
    [InlineData(
        """{"type":"array","items":{"type":"string","pattern":"^(y|x[a-z]{2})$"},"uniqueItems":true}""",
        """["xaa","xab","xa|a"""
    )]
    // Of others there are more than a text can hold, until the last character is due.
    [InlineData("""{"type":"array","items":{"type":"string","maxLength":3},"uniqueItems":true}""", """["ab","ab|"]""")]
    [InlineData("""{"type":"array","items":{"type":"string","maxLength":3},"uniqueItems":true}""", """["ab","abc","ab|c""")]
    [InlineData("""{"type":"array","items":{"type":"string","maxLength":3},"uniqueItems":true}""", """["ab","abc","abd"]""")]
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
    [InlineData("""{"type":"array","items":{"type":"string"},"uniqueItems":true}""")]
    [InlineData("""{"type":"array","items":{"type":"string","maxLength":5},"uniqueItems":true}""")]
    [InlineData("""{"type":"array","items":{"type":"string","pattern":"^[a-z]{0,7}$"},"maxItems":3,"uniqueItems":true}""")]
    [InlineData("""{"type":"array","items":{"type":"string","pattern":"^(ab|ba?[a-z]{0,7})$"},"uniqueItems":true}""")]
    [InlineData("""{"type":"array","items":{"type":["string","integer"]},"uniqueItems":true}""")]
    [InlineData(
        """{"type":"array","uniqueItems":true,"items":{"type":"object","properties":{"a":{"maxLength":4}},"additionalProperties":false}}"""
    )]
    public void Masks_allow_what_reading_the_token_allows(string schema)
    {
        var random = new Random(17);
        string[] strings = ["", "a", "b", "ab", "ba", "bab", "abba", "é", "a\\u0062", "\\n"];
        string[] texts =
        [
            $"[{Item(3)},{Item(8)}]",
            $"[{Item(8)},{Item(1)},{Item(3)}]",
            .. Enumerable
                .Range(0, 12)
                .Select(_ => $"[{string.Join(',', Enumerable.Range(0, 3).Select(_ => Item(random.Next(strings.Length))))}]"),
        ];
        var vocabulary = new FragmentVocabulary(new TinyVocabulary("\",\"", "ab\""), texts, 4000, random);
        var compiled = CompiledSchema.Compile(schema);
        var constraint = new SchemaConstraint(compiled, new VocabularyTables(vocabulary), []);
        var mask = new ulong[constraint.Words];
        var compared = 0;
        foreach (string text in texts)
        {
            byte[] document = Encoding.UTF8.GetBytes(text);
            var state = constraint.Start;
            for (int length = 0; length < document.Length; length++)
            {
                constraint.FillMask(state, mask);
                for (int id = random.Next(5); id < vocabulary.Size; id += 5)
                {
                    byte[] extended = [.. document[..length], .. vocabulary.Bytes(id)];
                    bool isAllowed = !vocabulary.IsSpecial(id) && compiled.Matched(extended, out _) == extended.Length;
                    ((mask[id >> 6] >> id & 1) != 0)
                        .Should()
                        .Be(isAllowed, "of {0} in {1}", Encoding.UTF8.GetString(extended), schema);
                    compared++;
                }

                if (!constraint.TryNext(state, document[length], out state))
                {
                    break;
                }
            }
        }

        compared.Should().BeGreaterThan(20_000);

        string Item(int which) =>
            schema.Contains("object", StringComparison.Ordinal) ? $$"""{"a":"{{strings[which]}}"}""" : $"\"{strings[which]}\"";
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
