using System.Text;
using System.Text.Json;
using Tokenwright.Conformance;
using Tokenwright.Models.Tokenizers;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>What stands around a document: free text, fixed text, a budget.</summary>
public sealed class TextConstraintTests
{
    private const string Person =
        """{"type":"object","properties":{"name":{"type":"string"},"tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":3}},"required":["name","tags"],"additionalProperties":false}""";

    private static readonly TinyVocabulary Vocabulary = new(
        "END",
        "END{",
        "END{\"",
        "EN",
        "D{\"name",
        "NDE",
        "}\n",
        "}\n</",
        "]}",
        "]}\n</call>",
        "<call>",
        ">{\"",
        "{\"",
        "\":",
        "\": \"",
        "name",
        "tags",
        "[\"a",
        "\", \"b\"",
        "\"}",
        "some text"
    );

    private static readonly VocabularyTables Tables = new(Vocabulary);

    public static TheoryData<string> Frames() => ["plain", "free", "fixed", "free and fixed", "closing", "free and closing"];

    [Theory]
    [MemberData(nameof(Frames))]
    public void A_mask_holds_exactly_the_tokens_that_may_come_next(string frame)
    {
        var constraint = Make(CompiledSchema.Compile(Person), Frame(frame, budget: 40));
        var random = new Random(5);
        var mask = new ulong[constraint.Words];
        for (int text = 0; text < 30; text++)
        {
            var state = constraint.Start;
            for (int used = 0; used < 40; used++)
            {
                constraint.FillMask(state, used, mask);
                var allowed = Allowed(mask);
                allowed.Should().NotBeEmpty();
                for (int token = 0; token < Vocabulary.Size; token++)
                {
                    constraint
                        .Allows(state, used, token)
                        .Should()
                        .Be(allowed.Contains(token), "token {0} of text {1}", token, text);
                }

                int taken = allowed[random.Next(allowed.Count)];
                if (taken == Vocabulary.EndToken)
                {
                    break;
                }

                constraint.TryNext(state, used, taken, out state).Should().BeTrue();
            }
        }
    }

    [Theory]
    [InlineData("xxEND{", true)]
    [InlineData("EEND", true)]
    [InlineData("ENEND", true)]
    [InlineData("END[", false)]
    [InlineData("ENDx", false)]
    [InlineData("ENDEND", false)]
    public void The_first_marker_counts_wherever_it_ends(string text, bool isAllowed)
    {
        var constraint = Make(CompiledSchema.Compile(Person), new TextOptions { FreeUntil = "END" });
        Reads(constraint, text).Should().Be(isAllowed);
    }

    [Fact]
    public void A_token_that_holds_the_marker_and_more_is_allowed_only_where_the_rest_may_follow()
    {
        var constraint = Make(CompiledSchema.Compile(Person), new TextOptions { FreeUntil = "END" });
        var array = Make(CompiledSchema.Compile("""{"type":"array"}"""), new TextOptions { FreeUntil = "END" });
        int token = Id("END{");

        constraint.Allows(constraint.Start, 0, token).Should().BeTrue();
        array.Allows(array.Start, 0, token).Should().BeFalse();

        // The marker begins in one token and ends in the next, with a key behind it.
        constraint.TryNext(constraint.Start, 0, Id("EN"), out var half).Should().BeTrue();
        constraint.TryNext(half, 1, Id("D{\"name"), out var inside).Should().BeTrue();
        constraint.Allows(inside, 2, Id("some text")).Should().BeFalse();
        array.TryNext(array.Start, 0, Id("EN"), out half).Should().BeTrue();
        array.Allows(half, 1, Id("D{\"name")).Should().BeFalse();
    }

    [Fact]
    public void Free_text_cannot_end_and_may_hold_special_tokens()
    {
        var special = new SmallVocabulary("E", "N", "D", "{", "}");
        var tables = new VocabularyTables(special);
        var constraint = new TextConstraint(
            CompiledSchema.AnyJson(),
            tables,
            [special.EndToken],
            new TextOptions { FreeUntil = "END" }
        );
        constraint.Allows(constraint.Start, 0, special.EndToken).Should().BeFalse();

        // Another special token than the end token adds nothing to the text.
        var unending = new TextConstraint(CompiledSchema.AnyJson(), tables, [], new TextOptions { FreeUntil = "END" });
        unending.TryNext(unending.Start, 0, special.EndToken, out var next).Should().BeTrue();
        next.Should().BeEquivalentTo(unending.Start);
    }

    [Fact]
    public void Fixed_text_may_share_tokens_with_the_document()
    {
        var constraint = Make(CompiledSchema.Compile(Person), Frame("fixed", null));
        Reads(constraint, "<call>{\"name\": \"x\", \"tags\": []}\n</call>").Should().BeTrue();
        Reads(constraint, "<call>{\"name\": \"x\", \"tags\": []}</call>").Should().BeFalse();
        var state = Read(constraint, "<call>{\"name\": \"x\", \"tags\": [")!;
        constraint.Allows(state, 0, Id("]}\n</call>")).Should().BeTrue();
        constraint.TryNext(state, 0, Id("]}\n</call>"), out state).Should().BeTrue();
        constraint.CanEnd(state).Should().BeTrue();
        var mask = new ulong[constraint.Words];
        constraint.FillMask(state, 0, mask);
        Allowed(mask).Should().Equal(Vocabulary.EndToken);
    }

    [Fact]
    public void Fixed_text_that_begins_with_the_marker_does_not_repeat_it()
    {
        var constraint = Make(CompiledSchema.Compile(Person), Frame("fixed", null) with { FreeUntil = "<call>" });
        Reads(constraint, "thinking <call>{\"name\"").Should().BeTrue();
        Reads(constraint, "thinking <call><call>").Should().BeFalse();
    }

    public static TheoryData<string> Closable() =>
        [
            Person,
            "true",
            """{"type":"integer","minimum":100}""",
            """{"type":"string","minLength":7,"pattern":"^[a-c]+$"}""",
            """{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},"next":{"$ref":"#"}},"required":["id"]},"minItems":1}""",
            """{"type":"object","minProperties":2,"additionalProperties":{"type":"boolean"}}""",
            """{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"null"}},"dependentRequired":{"a":["b"]},"required":["a"]}""",
            """{"type":"object","minProperties":2,"propertyNames":{"pattern":"^[A-Z][a-z]+$"},"additionalProperties":{"type":"boolean"}}""",
            """{"type":"object","patternProperties":{"^a":{"type":"integer"},"z$":{"type":"string","maxLength":3}},"minProperties":1}""",
            """{"type":"object","properties":{"a":{"type":"string","maxLength":5}},"required":["a"],"additionalProperties":{"pattern":"^[\\n\\\\]{2}$"}}""",
            """{"type":"array","items":{"type":"string"},"uniqueItems":true,"minItems":2}""",
            """{"type":"array","items":{"type":"string","minLength":1,"maxLength":16},"uniqueItems":true,"minItems":3,"maxItems":3}""",
            """{"type":"array","items":{"type":"object","properties":{"k":{"enum":[0,1]}},"required":["k"],"additionalProperties":false},"uniqueItems":true,"minItems":2}""",
            """{"type":"array","prefixItems":[{"enum":[1,2,3]},{"enum":[1,2]},{"const":1}],"minItems":3,"uniqueItems":true}""",
            """{"type":"string","format":"email","pattern":"@[a-z0-9]+\\.[a-z]{2,6}$","maxLength":32}""",
            """{"type":"array","contains":{"const":"needle"},"minItems":2}""",
            """{"anyOf":[{"type":"object","properties":{"kind":{"const":"x"},"v":{"type":"number"}},"required":["kind","v"]},{"type":"object","properties":{"kind":{"const":"y"}},"required":["kind"],"additionalProperties":false}]}""",
        ];

    [Theory]
    [MemberData(nameof(Closable))]
    public void A_text_that_is_closed_is_valid_and_within_its_budget(string schema)
    {
        var compiled = CompiledSchema.Compile(schema);
        var random = new Random(3);
        for (int text = 0; text < 60; text++)
        {
            // From the least budget there is.
            int budget = Least(compiled) + (text % 20);
            var constraint = Make(compiled, new TextOptions { Budget = budget });
            var mask = new ulong[constraint.Words];
            var state = constraint.Start;
            var bytes = new List<byte>();
            bool hasEnded = false;
            for (int used = 0; used < budget && !hasEnded; used++)
            {
                constraint.FillMask(state, used, mask);
                var allowed = Allowed(mask);
                allowed.Should().NotBeEmpty("{0} in text {1}", Encoding.UTF8.GetString([.. bytes]), text);

                // A writer that rather goes on than ends.
                int taken =
                    allowed.Count > 1 && allowed[^1] == Vocabulary.EndToken
                        ? allowed[random.Next(allowed.Count - 1)]
                        : allowed[random.Next(allowed.Count)];
                hasEnded = taken == Vocabulary.EndToken;
                if (!hasEnded)
                {
                    bytes.AddRange(Vocabulary.Bytes(taken));
                    constraint.TryNext(state, used, taken, out state).Should().BeTrue();
                }
            }

            hasEnded.Should().BeTrue();
            compiled.IsMatch([.. bytes]).Should().BeTrue(Encoding.UTF8.GetString([.. bytes]));
            using var document = JsonDocument.Parse(bytes.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Closable))]
    public void A_mask_near_the_end_holds_exactly_the_tokens_whose_ending_fits(string schema)
    {
        var vocabulary = Tokenizer.Load(Repository.ReferenceModel("target"));
        var tables = new VocabularyTables(vocabulary);
        int end = vocabulary.Encode("<|endoftext|>")[0];
        var compiled = CompiledSchema.Compile(schema);
        var random = new Random(7);
        foreach (int budget in new[] { 24, 40, 500 })
        {
            var constraint = new TextConstraint(compiled, tables, [end], new TextOptions { Budget = budget });
            var mask = new ulong[constraint.Words];
            var state = constraint.Start;
            for (int used = 0; used < 20; used++)
            {
                constraint.FillMask(state, used, mask);
                var allowed = Enumerable.Range(0, tables.Size).Where(token => TokenMask.Contains(mask, token)).ToArray();
                allowed
                    .Should()
                    .Equal(Enumerable.Range(0, tables.Size).Where(token => constraint.Allows(state, used, token)), schema);

                int taken = allowed[random.Next(allowed.Length)];
                if (taken == end)
                {
                    break;
                }

                constraint.TryNext(state, used, taken, out state).Should().BeTrue();
            }
        }
    }

    [Theory]
    [InlineData("""{"type":"string"}""", "\"a\\u")]
    [InlineData("""{"type":"string"}""", "\"a\\ud83d\\")]
    [InlineData("""{"type":"string","pattern":"^\\n+$"}""", "\"\\")]
    [InlineData("true", "{\"\\u")]
    [InlineData("true", "{\"a\\u00")]
    [InlineData("true", "{\"\": 1, \"t")]
    [InlineData("true", "{\"\": 1, \"0\": 1, \"0")]
    [InlineData("""{"type":"array","items":{"type":"string"},"uniqueItems":true}""", "[\"ab\", \"ab")]
    [InlineData("""{"type":"array","items":{"maxLength":4},"uniqueItems":true}""", "[\"ab\", \"ab0\", \"a\\u0062")]
    public void What_is_half_typed_can_be_closed(string schema, string text)
    {
        const int budget = 1000;
        var compiled = CompiledSchema.Compile(schema);
        var constraint = Make(compiled, new TextOptions { Budget = budget });
        var state = Read(constraint, text)!;
        state.Should().NotBeNull("with so much left it can still be closed");
        var bytes = new List<byte>(Encoding.UTF8.GetBytes(text));
        var mask = new ulong[constraint.Words];
        for (int used = budget - 20; used < budget && !constraint.CanEnd(state); used++)
        {
            constraint.FillMask(state, used, mask);
            int taken = Allowed(mask)[0];
            bytes.AddRange(Vocabulary.Bytes(taken));
            constraint.TryNext(state, used, taken, out state).Should().BeTrue();
        }

        compiled.IsMatch([.. bytes]).Should().BeTrue(Encoding.UTF8.GetString([.. bytes]));
        using var document = JsonDocument.Parse(bytes.ToArray());
    }

    [Fact]
    public void A_budget_that_holds_no_document_is_refused_with_the_least_that_does()
    {
        var compiled = CompiledSchema.Compile(Person);
        int least = Least(compiled);
        var act = () => Make(compiled, new TextOptions { Budget = least - 1 });
        act.Should()
            .Throw<ArgumentException>()
            .WithMessage($"The shortest text has {least - 1} tokens and an end token, and at most {least - 1} may be generated*");
        var empty = () => Make(compiled, new TextOptions { FreeUntil = "" });
        empty.Should().Throw<ArgumentException>().WithMessage("The marker*empty*");
    }

    [Theory]
    [InlineData("", """{"name": "|""")]
    [InlineData("{", "\"name\": \"|")]
    [InlineData("""{"name":"x",""", "\"tags\":[|")]
    [InlineData("""{"name": "x", "ta""", "gs\": [|")]
    [InlineData("""{"name": "x", "tags": ["a", "a", "a" """, "]}$")]
    [InlineData("{\n  \"name\": \"x\"", ",\n  \"tags\": [|")]
    [InlineData("{\n  \"name\": \"x\", \"tags\": [\n    \"a\"", "|")]
    [InlineData("""{"tags": []""", ", \"name\": \"|")]
    [InlineData("""{"tags": [], "name": "x" """, "}$")]
    public void What_must_come_next_is_spelled_as_the_text_is_laid_out(string text, string expected)
    {
        var constraint = Make(CompiledSchema.Compile(Person), new TextOptions());
        Forced(constraint, Read(constraint, text)!).Should().Be(expected.TrimEnd('|'));
    }

    [Fact]
    public void What_is_forced_is_always_allowed()
    {
        foreach (string schema in Closable().Select(row => row.Data))
        {
            var constraint = Make(CompiledSchema.Compile(schema), new TextOptions());
            var random = new Random(9);
            var tokens = new int[64];
            for (int text = 0; text < 20; text++)
            {
                var state = constraint.Start;
                for (int used = 0; used < 30; used++)
                {
                    var at = state;
                    foreach (int token in tokens.AsSpan(0, constraint.Forced(state, null, tokens)))
                    {
                        constraint.Allows(at, used, token).Should().BeTrue("{0}", schema);
                        if (token != Vocabulary.EndToken)
                        {
                            constraint.TryNext(at, used, token, out at).Should().BeTrue();
                        }
                    }

                    var mask = new ulong[constraint.Words];
                    constraint.FillMask(state, used, mask);
                    int taken = Allowed(mask) is var allowed ? allowed[random.Next(allowed.Count)] : 0;
                    if (taken == Vocabulary.EndToken)
                    {
                        break;
                    }

                    constraint.TryNext(state, used, taken, out state);
                }
            }
        }
    }

    private static TextOptions Frame(string name, int? budget) =>
        new()
        {
            FreeUntil = name.StartsWith("free", StringComparison.Ordinal) ? "END" : null,
            Before = name.Contains("fixed", StringComparison.Ordinal) ? "<call>" : "",
            After = name.Contains("fixed", StringComparison.Ordinal) ? "\n</call>" : "",
            Budget = name.Contains("closing", StringComparison.Ordinal) ? budget : null,
        };

    private static TextConstraint Make(CompiledSchema schema, TextOptions options) =>
        new(schema, Tables, [Vocabulary.EndToken], options);

    // The least budget that is not refused.
    private static int Least(CompiledSchema schema)
    {
        for (int budget = 1; ; budget++)
        {
            try
            {
                Make(schema, new TextOptions { Budget = budget });
                return budget;
            }
            catch (ArgumentException) when (budget < 200) { }
        }
    }

    private static List<int> Allowed(ulong[] mask) =>
        [.. Enumerable.Range(0, Vocabulary.Size).Where(token => TokenMask.Contains(mask, token))];

    private static int Id(string token) => Enumerable.Range(256, Vocabulary.Size - 257).First(id => Text(id) == token);

    private static string Text(int id) => Encoding.UTF8.GetString(Vocabulary.Bytes(id));

    private static bool Reads(TextConstraint constraint, string text) => Read(constraint, text) is not null;

    private static TextState? Read(TextConstraint constraint, string text)
    {
        var state = constraint.Start;
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            if (!constraint.TryNext(state, 0, value, out state))
            {
                return null;
            }
        }

        return state;
    }

    private static string Forced(TextConstraint constraint, TextState state)
    {
        var tokens = new int[64];
        int count = constraint.Forced(state, null, tokens);
        return string.Concat(tokens.Take(count).Select(token => token == Vocabulary.EndToken ? "$" : Text(token)));
    }
}
