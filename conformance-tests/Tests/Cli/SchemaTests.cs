using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Tokenwright.Tests.Cli;

/// <summary>The schema commands, and constrained runs, as a user meets them.</summary>
[Collection("Command line")]
public sealed class SchemaTests(CommandLine cli)
{
    private const string Person =
        """{"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":120}},"required":["name","age"],"additionalProperties":false}""";

    private const string Unsupported =
        """{"properties":{"a":{"type":"string","pattern":"(x)\\1"},"b":{"type":"string","format":"idn-email"}}}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Check_names_every_keyword_that_cannot_be_enforced()
    {
        string good = await Write("good.json", Person);
        string bad = await Write("bad.json", Unsupported);

        var supported = await cli.RunAsync("schema", "check", good);
        supported.ExitCode.Should().Be(0);
        supported.Out.Trim().Should().Be($"{good}: supported");

        var refused = await cli.RunAsync("schema", "check", bad, "--format", "json");
        refused.ExitCode.Should().Be(1);
        refused.Json.GetProperty("compiles").GetBoolean().Should().BeFalse();
        refused
            .Json.GetProperty("findings")
            .EnumerateArray()
            .Select(f => $"{f.GetProperty("pointer")} {f.GetProperty("keyword")}")
            .Should()
            .Equal("/properties/a pattern", "/properties/b format");
    }

    [Fact]
    public async Task Validate_says_where_a_document_stops_being_acceptable()
    {
        string schema = await Write("person.json", Person);
        string good = await Write("ada.json", "{\"name\": \"Ada\", \"age\": 36}\n");
        string bad = await Write("old.json", "{\n  \"name\": \"Zoë\",\n  \"age\": 1200\n}");
        string cut = await Write("cut.json", "{\"name\": \"Ada\"");

        var outcome = await cli.RunAsync("schema", "validate", schema, good, bad, cut, "--tokenizer", "target");

        outcome.ExitCode.Should().Be(1);
        string[] lines = outcome.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines[0].Should().Be($"{good}: valid");
        lines[1].Should().Match($"{bad}: byte 32 (line 3, column 13, token *): '0⏎}}' cannot follow '*\"age\": 120'");
        lines[2].Should().Match($"{cut}: byte 14 (line 1, column 15, token *): the document ends too early");
        (await cli.RunAsync("schema", "validate", schema, good)).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task Bench_reports_by_the_mask_bench_protocol()
    {
        string lines = string.Join(
            '\n',
            Row("one", Person, ("""{"name":"a","age":3}""", true), ("""{"name":"a"}""", false)),
            Row("Synthesized---two", """{"type":"integer"}""", ("3", true)),
            Row("three", Unsupported)
        );
        string file = cli.File("bench.jsonl.gz");
        await using (var zipped = new GZipStream(File.Create(file), CompressionLevel.Fastest))
        {
            await zipped.WriteAsync(Encoding.UTF8.GetBytes(lines), Cancellation);
        }

        var report = await cli.JsonAsync("schema", "bench", "--tokenizer", "target", "--data", file);

        int Number(string name) => report.GetProperty(name).GetInt32();
        Number("schemas").Should().Be(3);
        Number("real").Should().Be(2);
        Number("passed").Should().Be(2);
        Number("passed_real").Should().Be(1);
        Number("refused_at_compile").Should().Be(1);
        Number("valid_refused").Should().Be(0);
        Number("invalid_accepted").Should().Be(0);
        Number("masks").Should().BeGreaterThan(8);
        foreach (string spread in new[] { "mask_us", "compile_ms" })
        {
            report
                .GetProperty(spread)
                .EnumerateObject()
                .Select(member => member.Name)
                .Should()
                .Equal("mean", "p50", "p90", "p99", "p999", "max");
        }

        var failure = report.GetProperty("failures").EnumerateArray().Should().ContainSingle().Subject;
        failure.GetProperty("id").GetString().Should().Be("three");
        failure.GetProperty("kind").GetString().Should().Be("refused");
        failure.GetProperty("detail").GetString().Should().Contain("pattern");
    }

    [Fact]
    public async Task A_constrained_run_drafts_what_is_forced_and_says_when_it_was_cut()
    {
        string[] run = ["run", "Ada. Her record as JSON:", "--json-schema", Person];
        var plain = await cli.JsonAsync([.. run, "--drafter", "none"]);
        var drafted = await cli.JsonAsync(run);

        Text(drafted).Should().Be(Text(plain));
        using var document = JsonDocument.Parse(Text(drafted));
        document.RootElement.GetProperty("age").GetInt32().Should().BeInRange(0, 120);
        Passes(plain).Should().Be(plain.GetProperty("token_ids").GetArrayLength());
        Passes(drafted).Should().BeLessThan(Passes(plain) * 9 / 10);

        var cut = await cli.RunAsync([.. run, "--max-tokens", "9"]);
        cut.Error.Should().StartWith("warning: The budget of tokens ended the text").And.Contain("--close");
        var closed = await cli.JsonAsync([.. run, "--max-tokens", "12", "--close"]);
        closed.GetProperty("finish_reason").GetString().Should().Be("stop");
        closed.GetProperty("token_ids").GetArrayLength().Should().BeLessThanOrEqualTo(12);
        using var whole = JsonDocument.Parse(Text(closed));
    }

    [Fact]
    public async Task A_run_may_be_free_up_to_a_marker_and_then_call_a_function()
    {
        const string tools =
            """[{"name":"now"},{"name":"add","parameters":{"type":"object","properties":{"n":{"type":"integer","minimum":0,"maximum":9}},"required":["n"],"additionalProperties":false}}]""";
        var outcome = await cli.JsonAsync(
            "run",
            "What is the time?",
            "--tools",
            tools,
            "--tool-format",
            "tagged",
            "--free-until",
            "\n",
            "--max-tokens",
            "80",
            "--close"
        );

        string text = Text(outcome);
        outcome.GetProperty("finish_reason").GetString().Should().Be("stop");
        string call = text[(text.IndexOf("\n<tool_call>\n", StringComparison.Ordinal) + 13)..];
        call.Should().EndWith("\n</tool_call>");
        using var document = JsonDocument.Parse(call[..^"\n</tool_call>".Length]);
        document.RootElement.GetProperty("name").GetString().Should().BeOneOf("now", "add");
    }

    [Fact]
    public async Task What_is_wrong_is_said_before_the_first_token()
    {
        string bad = await Write("unsupported.json", Unsupported);
        string data = await Write("data.jsonl", "{\"id\":\"x\"}\n");
        string tools = await Write("tools.json", """[{"name":""}]""");
        string[] run = ["run", "x", "--model", "draft"];
        (string[] Arguments, string Message)[] cases =
        [
            ([.. run, "--json", "--regex", "a"], "Only one constraint can hold at a time*json*regex*"),
            ([.. run, "--close"], "Option 'close' belongs to constraint *, and no option calls for one of them.*"),
            ([.. run, "--json", "--free-until", ""], "*The marker that ends the free text (free-until) is empty.*"),
            ([.. run, "--json", "--key-order", "schema"], "Option 'key-order' belongs to constraint 'json-schema', and no*"),
            ([.. run, "--json", "--close", "--max-tokens", "1"], "*The shortest text has 1 tokens and an end token*"),
            ([.. run, "--json-schema", bad], "*#/properties/a/pattern: *"),
            ([.. run, "--json-schema", "nowhere.json"], "*there is no file *nowhere.json."),
            ([.. run, "--tools", tools], "*#/0/name: a function needs a name*"),
            ([.. run, "--tools", "nowhere.json"], "*tools: there is no file *nowhere.json."),
            ([.. run, "--tools", "[]", "--tool-format", "xml"], "Option 'tool-format' of constraint 'tools' takes *'xml'*"),
            (["schema", "check", "nowhere.json"], "There is no schema file 'nowhere.json'."),
            (["schema", "validate", bad, bad], "*unsupported.json cannot be enforced: #/properties/a/pattern*schema check*"),
            (["schema", "bench", "--tokenizer", "target", "--data", "nowhere"], "There is no data file 'nowhere'."),
            (["schema", "bench", "--tokenizer", "target", "--data", data], "*data.jsonl, line 1: is no schema with tests*"),
            (["schema", "bench", "--tokenizer", "tarjet", "--data", data], "There is no model 'tarjet'*"),
            (["schema"], "Say what to do: check, validate, bench.*"),
        ];
        foreach (var (arguments, message) in cases)
        {
            (await cli.RunAsync(arguments)).ShouldRefuse(message);
        }
    }

    [Fact]
    public async Task Without_the_plugin_the_commands_say_what_is_missing()
    {
        string settings = await Write("none.json", """{"folders":[]}""");
        string schema = await Write("any.json", "true");
        (await cli.RunAsync("schema", "check", schema, "--plugins", settings)).ShouldRefuse(
            "The plugin JsonSchema is missing or disabled*"
        );
    }

    private async Task<string> Write(string name, string text)
    {
        string file = cli.File(name);
        await File.WriteAllTextAsync(file, text, Cancellation);
        return file;
    }

    private static string Row(string id, string schema, params (string Data, bool Valid)[] tests) =>
        $$"""{"id":"{{id}}","schema":{{schema}},"tests":[{{string.Join(',', tests.Select(t => $$"""{"valid":{{(t.Valid ? "true" : "false")}},"data":{{t.Data}}}"""))}}]}""";

    private static string Text(JsonElement outcome) => outcome.GetProperty("text").GetString()!;

    private static int Passes(JsonElement outcome) => outcome.GetProperty("statistics").GetProperty("forward_passes").GetInt32();
}
