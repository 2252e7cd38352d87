using System.Text;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>Keys in any order, or as the schema lists them.</summary>
public sealed class KeyOrderTests
{
    private const string Schema =
        """{"type":"object","properties":{"z":{"type":"integer"},"a":{"type":"integer"},"m":{"type":"integer"}},"required":["a"]}""";

    [Theory]
    [InlineData("""{"z":1,"a":2,"m":3}""", true)]
    [InlineData("""{"a":2,"m":3}""", true)]
    [InlineData("""{"a":2,"other":4}""", true)]
    [InlineData("""{"z":1,"m":3}""", false)]
    [InlineData("""{"a":2,"z":1}""", false)]
    [InlineData("""{"m":3,"a":2}""", false)]
    [InlineData("""{"other":4,"a":2}""", false)]
    public void Listed_keys_come_in_their_order_and_the_others_last(string document, bool isInOrder)
    {
        var ordered = CompiledSchema.Compile(Schema, new SchemaOptions { KeyOrder = KeyOrder.Schema });
        var any = CompiledSchema.Compile(Schema);

        ordered.IsMatch(Encoding.UTF8.GetBytes(document)).Should().Be(isInOrder);
        any.IsMatch(Encoding.UTF8.GetBytes(document)).Should().Be(document.Contains("\"a\"", StringComparison.Ordinal));
    }

    [Fact]
    public void A_required_key_is_never_passed_by()
    {
        var ordered = CompiledSchema.Compile(Schema, new SchemaOptions { KeyOrder = KeyOrder.Schema });
        ordered.Matched("""{"m"""u8, out _).Should().Be(2);
        ordered.Matched("""{"o"""u8, out _).Should().Be(2);
    }

    [Theory]
    [InlineData("""{"b":1,"c":2}""", true)]
    [InlineData("""{"c":2}""", false)]
    [InlineData("""{"a":1,"b":1}""", true)]
    [InlineData("""{"b":1}""", true)]
    [InlineData("""{"a":1}""", false)]
    public void What_another_key_needs_comes_in_order_too(string document, bool isValid)
    {
        var ordered = CompiledSchema.Compile(
            """{"type":"object","properties":{"a":true,"b":true,"c":true},"dependentRequired":{"c":["b"],"a":["b"]}}""",
            new SchemaOptions { KeyOrder = KeyOrder.Schema }
        );
        ordered.IsMatch(Encoding.UTF8.GetBytes(document)).Should().Be(isValid);
    }

    [Fact]
    public void No_place_is_entered_that_has_no_end()
    {
        string[] schemas =
        [
            Schema,
            """{"type":"object","properties":{"a":true,"b":true,"c":true},"dependentRequired":{"c":["b"],"a":["c"]},"minProperties":2}""",
            """{"allOf":[{"properties":{"x":{"type":"integer"},"b":{"type":"null"}},"required":["b"]},{"properties":{"b":true,"a":{"const":1}},"required":["a"]}],"maxProperties":3,"type":"object"}""",
            """{"type":"object","patternProperties":{"^p":{"type":"integer"}},"properties":{"q":true},"additionalProperties":false,"minProperties":2}""",
        ];
        var vocabulary = new TinyVocabulary();
        var tables = new VocabularyTables(vocabulary);
        foreach (string schema in schemas)
        {
            var compiled = CompiledSchema.Compile(schema, new SchemaOptions { KeyOrder = KeyOrder.Schema, MaxWhitespace = 0 });
            var constraint = new SchemaConstraint(compiled, tables, [vocabulary.EndToken]);
            var random = new Random(1);
            var mask = new ulong[constraint.Words];
            for (int text = 0; text < 40; text++)
            {
                var state = constraint.Start;
                for (int i = 0; i < 60; i++)
                {
                    constraint.FillMask(state, mask);
                    int[] allowed = [.. Enumerable.Range(0, vocabulary.Size).Where(token => TokenMask.Contains(mask, token))];
                    allowed.Should().NotBeEmpty(schema);
                    foreach (int token in allowed)
                    {
                        (token == vocabulary.EndToken || constraint.TryNext(state, token, out _)).Should().BeTrue();
                    }

                    int taken = allowed[random.Next(allowed.Length)];
                    if (taken == vocabulary.EndToken)
                    {
                        break;
                    }

                    constraint.TryNext(state, taken, out state);
                }
            }
        }
    }
}
