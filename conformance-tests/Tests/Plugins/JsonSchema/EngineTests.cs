using System.Text;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

public sealed class EngineTests
{
    private static bool Accepts(string schema, string document) =>
        CompiledSchema.Compile(schema).IsMatch(Encoding.UTF8.GetBytes(document));

    [Theory]
    [InlineData("""{"minimum":5}""", "5", true)]
    [InlineData("""{"minimum":5}""", "4.999", false)]
    [InlineData("""{"minimum":-1.5,"maximum":2.25}""", "-1.5", true)]
    [InlineData("""{"minimum":-1.5,"maximum":2.25}""", "-1.51", false)]
    [InlineData("""{"minimum":-1.5,"maximum":2.25}""", "2.250", true)]
    [InlineData("""{"exclusiveMaximum":3}""", "3", false)]
    [InlineData("""{"exclusiveMaximum":3}""", "2.9999", true)]
    [InlineData("""{"multipleOf":0.01}""", "19.99", true)]
    [InlineData("""{"multipleOf":0.01}""", "19.995", false)]
    [InlineData("""{"type":"integer"}""", "1.0", true)]
    [InlineData("""{"type":"integer"}""", "1.5", false)]
    [InlineData("""{"type":"integer","multipleOf":7,"minimum":10}""", "14", true)]
    [InlineData("""{"type":"integer","multipleOf":7,"minimum":10}""", "7", false)]
    [InlineData("""{"type":"number"}""", "1e-05", true)]
    [InlineData("""{"minimum":0,"maximum":1}""", "1e-05", true)]
    [InlineData("""{"type":"number"}""", "01", false)]
    [InlineData("""{"type":"number"}""", "-", false)]
    [InlineData("""{"not":{"type":"integer"},"type":"number"}""", "1.0", false)]
    [InlineData("""{"not":{"type":"integer"},"type":"number"}""", "1.25", true)]
    public void Numbers_are_compared_by_value(string schema, string document, bool valid) =>
        Accepts(schema, document).Should().Be(valid);

    [Theory]
    [InlineData("""{"maxLength":2}""", "\"a\\ud83d\\ude00\"", true)]
    [InlineData("""{"maxLength":2}""", "\"ab😀\"", false)]
    [InlineData("""{"pattern":"^\\d+$"}""", "\"12\"", true)]
    [InlineData("""{"pattern":"^\\d+$"}""", "\"1a\"", false)]
    [InlineData("""{"pattern":"b"}""", "\"abc\"", true)]
    [InlineData("""{"pattern":"^(?!foo)[a-z]+$"}""", "\"food\"", false)]
    [InlineData("""{"pattern":"^(?!foo)[a-z]+$"}""", "\"bar\"", true)]
    [InlineData("""{"pattern":"^((?!mode).)*$"}""", "\"a model\"", false)]
    [InlineData("""{"pattern":"\\bcat\\b"}""", "\"a cat.\"", true)]
    [InlineData("""{"pattern":"\\bcat\\b"}""", "\"concat\"", false)]
    [InlineData("""{"const":"a\"b"}""", "\"a\\u0022b\"", true)]
    [InlineData("""{"type":"string"}""", "\"\\ud800\"", false)]
    [InlineData("""{"type":"string"}""", "\"a\tb\"", false)]
    public void Strings_are_measured_and_matched_after_unescaping(string schema, string document, bool valid) =>
        Accepts(schema, document).Should().Be(valid);

    [Theory]
    [InlineData("date", "2024-02-29", true)]
    [InlineData("date", "2023-02-29", false)]
    [InlineData("date-time", "2024-02-29T12:00:00.5+01:00", true)]
    [InlineData("date-time", "2024-02-29 12:00:00Z", false)]
    [InlineData("ipv4", "256.0.0.1", false)]
    [InlineData("ipv6", "::ffff:1.2.3.4", true)]
    [InlineData("uri", "https://example.org/a?b#c", true)]
    [InlineData("uri", "/relative", false)]
    [InlineData("email", "joe@example.org", true)]
    [InlineData("email", "joe", false)]
    [InlineData("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", true)]
    [InlineData("duration", "P1Y2M3DT4H", true)]
    [InlineData("duration", "PT", false)]
    [InlineData("regex", "^a(b|c)*[x-z]$", true)]
    [InlineData("regex", "[z-a]", false)]
    [InlineData("no-such-format", "anything", true)]
    public void Standard_formats_are_asserted_and_others_are_annotations(string format, string text, bool valid) =>
        Accepts($$"""{"format":"{{format}}"}""", $"\"{text}\"").Should().Be(valid);

    [Theory]
    [InlineData("""{"anyOf":[{"enum":[{}]},{"not":{"contains":true},"enum":[["a",1.5]]}]}""", "[")]
    [InlineData("""{"enum":[["a"],{}],"contains":{"type":"string"},"minContains":0,"maxContains":0}""", "[")]
    [InlineData("""{"maxItems":1,"allOf":[{"contains":{"const":1}},{"contains":{"const":2}}]}""", "[")]
    [InlineData("""{"maxItems":2,"allOf":[{"contains":{"const":1}},{"contains":{"const":2}},{"contains":{"const":3}}]}""", "[")]
    [InlineData(
        """{"items":{"enum":[1,2]},"minItems":3,"contains":{"const":1},"maxContains":1,"allOf":[{"contains":{"const":2},"maxContains":1}]}""",
        "["
    )]
    [InlineData(
        """{"prefixItems":[{"const":1},{"const":2}],"minItems":2,"contains":{"const":1},"minContains":2,"maxItems":2}""",
        "["
    )]
    public void An_array_that_what_it_must_contain_makes_impossible_is_not_begun(string schema, string prefix) =>
        CompiledSchema.Compile(schema).Matched(Encoding.UTF8.GetBytes(prefix), out _).Should().Be(0);

    /// <summary>That no address goes on after a letter in upper case or a bracket is seen without a search through all hosts and addresses.</summary>
    [Theory]
    [InlineData("\"a@b.cd\"", 8)]
    [InlineData("\"a@B.cd\"", 3)]
    [InlineData("\"a@[1.2.3.4]\"", 3)]
    [InlineData("\"a@b.cd.e\"", 9)]
    public void A_format_and_a_pattern_are_read_at_once(string document, int matched) =>
        CompiledSchema
            .Compile("""{"type":"string","format":"email","pattern":"@[a-z0-9]+(\\.[a-z]{2,6})+$"}""")
            .Matched(Encoding.UTF8.GetBytes(document), out _)
            .Should()
            .Be(matched);

    [Theory]
    [InlineData("""{"a": 1}""", true)]
    [InlineData("""{"\u0061": 1}""", false)]
    [InlineData("""{"b": 1, "\u0063": 1}""", false)]
    [InlineData("""{"a\/b": 1}""", false)]
    [InlineData("""{"\"\\\n": 1}""", true)]
    [InlineData("""{"\u0022\u005C\u000a\u00e9": 1}""", true)]
    [InlineData("""{"\ud83d\ude00": 1}""", true)]
    [InlineData("""{"b": "\u0063\/"}""", true)]
    public void Keys_spell_printable_characters_as_they_are(string document, bool isAllowed)
    {
        var schema = CompiledSchema.Compile("""{"type":"object","properties":{"a":{"type":"integer"}}}""");
        schema.IsMatch(Encoding.UTF8.GetBytes(document)).Should().Be(isAllowed);
        // No prefix may lead nowhere: what is refused in the end is refused where the spelling shows.
        if (!isAllowed)
            schema.Matched(Encoding.UTF8.GetBytes(document), out _).Should().BeLessThan(document.LastIndexOf(':'));
    }

    [Fact]
    public void A_character_of_a_key_is_not_begun_raw_and_ended_by_an_escape()
    {
        var schema = CompiledSchema.Compile(
            """{"type":"object","properties":{"😀":true},"required":["😀"],"additionalProperties":false}"""
        );
        byte[] half = [.. "{\""u8, 0xF0, 0x9F];
        schema.Matched([.. half, .. "\\"u8], out _).Should().Be(half.Length);
        schema.IsMatch("{\"😀\":1}"u8).Should().BeTrue();
        schema.IsMatch("{\"\\ud83d\\uDE00\":1}"u8).Should().BeTrue();
    }

    [Theory]
    [InlineData("""{"type":"object"}""", "{\"", "a\":1,\"a\":", false)]
    [InlineData("""{"type":"object"}""", "{\"", "a\":1,\"b\":", true)]
    [InlineData("""{"type":"object"}""", "{\"a\":1,\"b", "c\":1,\"a\":", false)]
    [InlineData("""{"type":"object"}""", "{\"a\":1,\"b", "c\":1,\"b\":", true)]
    [InlineData("""{"type":"object","propertyNames":{"enum":["a","b"]}}""", "{\"b\":1,\"", "a\":1,", false)]
    [InlineData("""{"type":"object","propertyNames":{"enum":["a","b","c"]}}""", "{\"b\":1,\"", "a\":1,", true)]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^a*b$"}}""", "{\"", "b\":1,\"b", false)]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^a*b$"}}""", "{\"", "b\":1,\"a", true)]
    public void A_token_with_two_keys_is_judged_by_both(string schema, string prefix, string token, bool isAllowed)
    {
        var vocabulary = new TinyVocabulary(token);
        var constraint = new SchemaConstraint(CompiledSchema.Compile(schema), new VocabularyTables(vocabulary), [257]);
        var state = constraint.Start;
        foreach (var value in Encoding.UTF8.GetBytes(prefix))
            constraint.TryNext(state, value, out state).Should().BeTrue();
        var mask = new ulong[constraint.Words];
        constraint.FillMask(state, mask);
        TokenMask.Contains(mask, 256).Should().Be(isAllowed);
        constraint.TryNext(state, 256, out _).Should().Be(isAllowed);
    }

    [Fact]
    public void A_token_with_two_keys_is_judged_by_the_key_that_was_typed()
    {
        var vocabulary = new TinyVocabulary("\":1,\"b\":", "\":1,\"bc\":", "\":1,\"\\t\":");
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile("""{"type":"object"}"""),
            new VocabularyTables(vocabulary),
            [vocabulary.EndToken]
        );
        var mask = new ulong[constraint.Words];
        foreach (var key in new[] { "b", "bc", "bcd", "c", "\\t", "\\tb", "b" })
        {
            var state = constraint.Start;
            foreach (var value in Encoding.UTF8.GetBytes("{\"" + key))
                constraint.TryNext(state, value, out state).Should().BeTrue();
            constraint.FillMask(state, mask);
            TokenMask.Contains(mask, 256).Should().Be(key != "b", key);
            TokenMask.Contains(mask, 257).Should().Be(key != "bc", key);
            TokenMask.Contains(mask, 258).Should().Be(key != "\\t", key);
        }
    }

    [Fact]
    public void A_token_may_hold_an_object_and_the_key_after_it()
    {
        string[] pieces = [.. "abcdefghijklmnopqrstuvwxyz".Select(c => $"{{\"{c}\":1}},\"{c}")];
        var vocabulary = new TinyVocabulary(pieces);
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile("true"),
            new VocabularyTables(vocabulary),
            [vocabulary.EndToken]
        );
        var state = constraint.Start;
        foreach (var value in "{\"k\":"u8)
            constraint.TryNext(state, value, out state).Should().BeTrue();
        var mask = new ulong[constraint.Words];
        constraint.FillMask(state, mask);
        for (var i = 0; i < pieces.Length; i++)
            TokenMask.Contains(mask, 256 + i).Should().BeTrue(pieces[i]);
    }

    [Fact]
    public void A_key_that_one_way_to_read_an_item_forbids_stays_allowed_by_another()
    {
        string[] tokens = [.. "abcdefghijklmnopqrstuvwxyz".Select(c => $"{{\"{c}\":1")];
        var vocabulary = new TinyVocabulary(tokens);
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile("""{"type":"array","contains":{"type":"object","required":["a"]},"maxContains":1}"""),
            new VocabularyTables(vocabulary),
            [vocabulary.EndToken]
        );
        constraint.TryNext(constraint.Start, '[', out var state).Should().BeTrue();
        var mask = new ulong[constraint.Words];
        constraint.FillMask(state, mask);
        for (var i = 0; i < tokens.Length; i++)
            TokenMask.Contains(mask, 256 + i).Should().BeTrue(tokens[i]);
        // Once one item has it no other may.
        foreach (var value in "{\"a\":1},"u8)
            constraint.TryNext(state, value, out state).Should().BeTrue();
        constraint.FillMask(state, mask);
        for (var i = 0; i < tokens.Length; i++)
            TokenMask.Contains(mask, 256 + i).Should().Be(i > 0, tokens[i]);
    }

    [Theory]
    [InlineData("""{"pattern":"^[ab]{0,3}\\.[ab]{1,2}$","type":"string"}""")]
    [InlineData("""{"pattern":"^[ab]{1,4}(\\.[ab]{1,4}){1,2}$","type":"string"}""")]
    [InlineData("""{"pattern":"^[ab]{1,4}(\\.[ab]{1,4}){1,2}$","type":"string","minLength":7,"maxLength":8}""")]
    [InlineData("""{"pattern":"^[ab]{0,3}(\\.[ab]*)?$","type":"string","minLength":3}""")]
    [InlineData("""{"pattern":"^[ab]{0,3}\\.[ab]*$","type":"string","minLength":4,"maxLength":5}""")]
    [InlineData("""{"pattern":"^[ab]{0,3}a$","type":"string"}""")]
    [InlineData("""{"pattern":"^([ab]{0,2}\\.){2}é{0,2}$","type":"string","maxLength":5}""")]
    [InlineData("""{"type":"string","minLength":2,"maxLength":4}""")]
    public void A_mask_holds_the_tokens_whose_bytes_can_be_read(string schema)
    {
        List<string> words = [""];
        for (var at = 0; words[at].Length < 5; at++)
            words.AddRange([words[at] + "a", words[at] + "b"]);
        // Tokens that begin with a letter hold letters only: such subtrees may be taken whole.
        string[] tokens = [.. words.Skip(3), .. words.Take(20).Select(word => $".{word}"), "é", "éé", "ééé", ".\"", "\""];
        string[] prefixes = [.. words.Take(40), .. words.Take(10).Select(word => $"{word}."), "a.b", "ab.ab", "..", "a..é"];
        var vocabulary = new TinyVocabulary(tokens);
        var compiled = CompiledSchema.Compile(schema, new SchemaOptions { MaxWhitespace = 0 });
        var constraint = new SchemaConstraint(compiled, new VocabularyTables(vocabulary), [vocabulary.EndToken]);
        var mask = new ulong[constraint.Words];
        foreach (var prefix in prefixes.Select(text => Encoding.UTF8.GetBytes('"' + text)))
        {
            var state = constraint.Start;
            if (!Array.TrueForAll(prefix, value => constraint.TryNext(state, value, out state)))
                continue;
            constraint.FillMask(state, mask);
            for (var token = 0; token < vocabulary.EndToken; token++)
            {
                byte[] text = [.. prefix, .. vocabulary.Bytes(token)];
                TokenMask
                    .Contains(mask, token)
                    .Should()
                    .Be(compiled.Matched(text, out _) == text.Length, Encoding.UTF8.GetString(text));
            }
        }
    }

    [Fact]
    public void A_used_key_is_not_spelled_again_by_an_escape_that_closes_a_token()
    {
        string[] tokens = ["\\\"\"", "\\\\\"", .. "abcdefghijklmnopqrstuvwxyz".Select(c => $"{c}\"")];
        var vocabulary = new TinyVocabulary(tokens);
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile("""{"type":"object"}"""),
            new VocabularyTables(vocabulary),
            [vocabulary.EndToken]
        );
        var state = constraint.Start;
        foreach (var value in "{\"\\\"\":1,\""u8)
            constraint.TryNext(state, value, out state).Should().BeTrue();
        var mask = new ulong[constraint.Words];
        constraint.FillMask(state, mask);
        for (var i = 0; i < tokens.Length; i++)
            TokenMask.Contains(mask, 256 + i).Should().Be(i > 0, tokens[i]);
    }

    [Theory]
    [InlineData("""{"type":"object"}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"é":{"type":"string"},"z":{}}}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"string"}}""")]
    [InlineData("""{"type":"object","properties":{"\"":{"type":"string"}},"patternProperties":{"^é":{"type":"integer"}}}""")]
    [InlineData("""{"type":"object","propertyNames":{"maxLength":1},"maxProperties":2}""")]
    public void Tokens_that_end_a_key_and_run_on_are_those_that_can_be_read_byte_by_byte(string schema)
    {
        string[] ends = ["", "a", "é", "z", "\\u00e9", "\\u00E9", "\\\"", "\\u0061", "zé", "z\\u00e9"];
        string[] followers =
        [
            "",
            ":",
            ",\"",
            ":1,\"",
            ": 1, \"a\":",
            ":1,\"é\":\"",
            ":\"\",\"",
            ":\"\",\"\\u00e9\":",
            " :{\"",
            " :1,\"a\":",
            ":{\"a\":\"",
            ":1,\"z",
        ];
        string[] tokens = [.. ends.SelectMany(end => followers.Select(follower => $"{end}\"{follower}"))];
        var vocabulary = new TinyVocabulary(tokens);
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile(schema),
            new VocabularyTables(vocabulary),
            [vocabulary.EndToken]
        );
        var mask = new ulong[constraint.Words];
        var allowed = 0;
        foreach (
            var prefix in new[]
            {
                "{\"",
                "{\"a\":1,\"",
                "{\"é\":\"\",\"",
                "{\"\\u00e9\":1,\"",
                "{\"\\\"\":\"\",\"",
                "{\"z\":1,\"",
                "{\"z\":1,\"z",
            }
        )
        {
            if (Read(constraint.Start, prefix) is not { } state)
                continue;
            constraint.FillMask(state, mask);
            for (var i = 0; i < tokens.Length; i++)
            {
                TokenMask.Contains(mask, 256 + i).Should().Be(Read(state, tokens[i]) is not null, $"{tokens[i]} after {prefix}");
                allowed += TokenMask.Contains(mask, 256 + i) ? 1 : 0;
            }
        }
        allowed.Should().BeGreaterThan(20);

        SchemaState? Read(SchemaState from, string text)
        {
            foreach (var value in Encoding.UTF8.GetBytes(text))
            {
                if (!constraint.TryNext(from, value, out from))
                    return null;
            }
            return from;
        }
    }

    [Fact]
    public void The_pattern_that_a_key_comes_to_match_decides_about_its_value()
    {
        var vocabulary = new TinyVocabulary("\":\"", "\":1");
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile("""{"type":"object","patternProperties":{"^x-":{"type":"integer"}}}"""),
            new VocabularyTables(vocabulary),
            [vocabulary.EndToken]
        );
        var state = constraint.Start;
        var mask = new ulong[constraint.Words];
        var typed = "";
        foreach (var value in "{\"x-y")
        {
            constraint.TryNext(state, value, out state).Should().BeTrue();
            typed += value;
            constraint.FillMask(state, mask);
            if (typed.Length < 3)
                continue;
            TokenMask.Contains(mask, 256).Should().Be(typed == "{\"x", typed);
            TokenMask.Contains(mask, 257).Should().BeTrue(typed);
        }
    }

    [Fact]
    public void Many_tokens_that_end_a_named_key_are_judged_by_its_value()
    {
        string[] tokens = [.. "abcdefghijklmnopqrstuvwxyz".SelectMany(c => new[] { $"a\":\"{c}", $"b\":\"{c}" })];
        var vocabulary = new TinyVocabulary(tokens);
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile(
                """{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"string"}}"""
            ),
            new VocabularyTables(vocabulary),
            [vocabulary.EndToken]
        );
        constraint.TryNext(constraint.Start, '{', out var state).Should().BeTrue();
        constraint.TryNext(state, '"', out state).Should().BeTrue();
        var mask = new ulong[constraint.Words];
        constraint.FillMask(state, mask);
        for (var i = 0; i < tokens.Length; i++)
            TokenMask.Contains(mask, 256 + i).Should().Be(tokens[i][0] == 'b', tokens[i]);
    }

    [Fact]
    public void A_token_that_one_way_to_read_a_key_refuses_and_another_allows_is_allowed()
    {
        string[] tokens = [.. "abcdefghijklmnopqrstuvwxyz".Select(c => $"{{\"{c}\":\"")];
        var vocabulary = new TinyVocabulary(tokens);
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile(
                """{"type":"array","items":{"type":"object"},"contains":{"properties":{"a":{"type":"string"}}},"maxContains":1,"minItems":2}"""
            ),
            new VocabularyTables(vocabulary),
            [vocabulary.EndToken]
        );
        constraint.TryNext(constraint.Start, '[', out var state).Should().BeTrue();
        var mask = new ulong[constraint.Words];
        constraint.FillMask(state, mask);
        for (var i = 0; i < tokens.Length; i++)
        {
            constraint.TryNext(state, 256 + i, out _).Should().BeTrue(tokens[i]);
            TokenMask.Contains(mask, 256 + i).Should().BeTrue(tokens[i]);
        }
    }

    [Fact]
    public void Keys_may_come_in_any_order_but_not_twice()
    {
        const string schema = """{"type":"object","properties":{"a":{},"b":{}},"required":["a","b"]}""";
        Accepts(schema, """{"b": 1, "a": 2}""").Should().BeTrue();
        Accepts(schema, """{"a": 1, "b": 2, "a": 3}""").Should().BeFalse();
        Accepts(schema, """{"a": 1, "b": 2, "c": 3, "c": 4}""").Should().BeFalse();
        Accepts(schema, """{"a": 1, "b": 2, "\u0061": 3}""").Should().BeFalse();
    }

    [Fact]
    public void White_space_is_bounded()
    {
        var schema = CompiledSchema.Compile("""{"type":"array"}""", new SchemaOptions { MaxWhitespace = 3 });
        schema.IsMatch("[   ]"u8).Should().BeTrue();
        schema.IsMatch("[    ]"u8).Should().BeFalse();
        schema.IsMatch("[] "u8).Should().BeFalse();
    }

    [Theory]
    [InlineData("""{"properties":{"a":{"pattern":"(x)\\1"}}}""", "/properties/a", "pattern")]
    [InlineData("""{"items":{"$ref":"other.json"}}""", "/items", "$ref")]
    [InlineData("""{"properties":{"a":{"type":"any"}}}""", "/properties/a", "type")]
    public void What_cannot_be_enforced_is_refused_with_its_place(string schema, string location, string keyword)
    {
        var act = () => CompiledSchema.Compile(schema);
        act.Should().Throw<SchemaException>().Where(e => e.Location == location && e.Keyword == keyword);
        CompiledSchema.Compile(schema, new SchemaOptions { Lenient = true }).Warnings.Should().NotBeEmpty();
    }

    [Fact]
    public void Regular_expressions_and_choices_constrain_plain_text()
    {
        CompiledSchema.FromRegex("[ab]+c?").IsMatch("abac"u8).Should().BeTrue();
        CompiledSchema.FromRegex("[ab]+c?").IsMatch("abacc"u8).Should().BeFalse();
        var choices = CompiledSchema.FromChoices(["yes", "no", "not sure"]);
        choices.IsMatch("no"u8).Should().BeTrue();
        choices.IsMatch("not"u8).Should().BeFalse();
        var vocabulary = new TinyVocabulary("not", "yes", "ye", "no", "o");
        var constraint = new SchemaConstraint(choices, new VocabularyTables(vocabulary), [vocabulary.EndToken]);
        var mask = new ulong[constraint.Words];
        constraint.FillMask(constraint.Start, mask);
        SchemaConstraint.Count(mask).Should().Be(6, "y, n, ye, yes, no and not can begin a choice");
        constraint.TryNext(constraint.Start, 259, out var state).Should().BeTrue();
        constraint.FillMask(state, mask);
        SchemaConstraint.Count(mask).Should().Be(2, "the end, or t");
    }

    [Fact]
    public void A_pattern_of_a_thousand_alternatives_takes_work_for_each_and_not_for_each_pair()
    {
        var sizes = Enumerable.Range(0, 32).SelectMany(i => Enumerable.Range(0, 32), (i, j) => $"{i * 8}x{j * 8}");
        var schema = $$"""{"type":"string","pattern":"^u?fixed({{string.Join('|', sizes)}})(\\[[0-9]*\\])*$"}""";
        Accepts(schema, "\"ufixed16x248[3]\"").Should().BeTrue();
        Accepts(schema, "\"fixed0x0\"").Should().BeTrue();
        Accepts(schema, "\"fixed16x249\"").Should().BeFalse();
    }

    [Fact]
    public void A_state_is_a_snapshot()
    {
        var vocabulary = new TinyVocabulary("\",\"", "{\"", "\":", "true", "ab");
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile("""{"type":"object","additionalProperties":{"type":"array","uniqueItems":true}}"""),
            new VocabularyTables(vocabulary),
            [vocabulary.EndToken]
        );
        var random = new Random(7);
        var path = new List<(SchemaState State, ulong[] Mask)>();
        var state = constraint.Start;
        for (var step = 0; step < 400; step++)
        {
            var mask = new ulong[constraint.Words];
            constraint.FillMask(state, mask);
            path.Add((state, mask));
            if (random.Next(4) == 0)
            {
                // Back to an earlier state: its mask must be what it was.
                var (earlier, before) = path[random.Next(path.Count)];
                var again = new ulong[constraint.Words];
                constraint.FillMask(earlier, again);
                again.Should().Equal(before);
                state = earlier;
                continue;
            }
            var allowed = Enumerable.Range(0, vocabulary.Size - 1).Where(t => (mask[t >> 6] >> t & 1) != 0).ToArray();
            if (allowed.Length == 0)
                state = constraint.Start;
            else
                constraint.TryNext(state, allowed[random.Next(allowed.Length)], out state).Should().BeTrue();
        }
    }
}
