using System.Text.Json;
using Tokenwright.Models.Chat;

namespace Tokenwright.Tests.Models.Chat;

public class ChatTemplateTests(ITestOutputHelper output)
{
    private static string Render(string template, string variables = "{}") =>
        ChatTemplate.Parse(template).Render(JsonElement.Parse(variables));

    [Fact]
    public void Every_template_of_well_known_models_gives_its_golden_text_or_error()
    {
        string folder = Repository.Shared("data", "chat-templates");
        int same = 0;
        foreach (JsonElement row in ModelFiles.Json(Path.Combine(folder, "golden.json")).EnumerateArray())
        {
            string name = row.GetProperty("template").GetString()!;
            string what = $"{name} {row.GetProperty("case")}";
            var template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(folder, name)), name);
            Func<string> render = () => template.Render(row.GetProperty("variables"));
            if (row.TryGetProperty("expected", out JsonElement expected))
            {
                render().Should().Be(expected.GetString(), what);
            }
            else
            {
                ChatTemplateException error = render.Should().Throw<ChatTemplateException>(what).Which;
                $"TemplateError: {error.Fault}".Should().Be(row.GetProperty("error").GetString());
                error.IsRaised.Should().BeTrue();
            }

            same++;
        }

        output.WriteLine($"{same} golden cases.");
        same.Should().BeGreaterThan(100);
    }

    /// <summary>Expected texts: jinja2 3.1.6 with transformers' settings.</summary>
    [Fact]
    public void The_language_means_what_it_means_in_jinja2()
    {
        JsonElement golden = ModelFiles.Json(Repository.Golden("jinja.json"));
        JsonElement variables = golden.GetProperty("variables");
        List<string> different = [];
        int count = 0;
        foreach (JsonElement row in golden.GetProperty("rows").EnumerateArray())
        {
            string template = row.GetProperty("template").GetString()!;
            string expected = row.TryGetProperty("expected", out JsonElement text) ? text.GetString()! : "an error";
            string actual;
            try
            {
                actual = ChatTemplate.Parse(template).Render(variables);
            }
            catch (ChatTemplateException error)
            {
                actual = text.ValueKind == JsonValueKind.Undefined ? "an error" : error.Message;
            }

            if (actual != expected)
            {
                different.Add($"{template}: {actual} instead of {expected}");
            }

            count++;
        }

        string.Join("\n", different).Should().BeEmpty();
        count.Should().BeGreaterThan(400);
    }

    [Fact]
    public void An_error_names_its_line_and_column()
    {
        Action render = () => Render("ok\n  {{ missing.attribute }}");
        ChatTemplateException error = render.Should().Throw<ChatTemplateException>().Which;
        (error.Line, error.Column).Should().Be((2, 14));
        error.Message.Should().Be("chat template, line 2, column 14: 'missing' is undefined");

        Action parse = () => Render("\n{% for x y %}");
        parse.Should().Throw<ChatTemplateException>().WithMessage("*line 2, column 10: expected in, got 'y'");
        Action unknown = () => Render("{% include 'x' %}");
        unknown.Should().Throw<ChatTemplateException>().WithMessage("*'include' is not supported*");
    }

    [Fact]
    public void The_clock_can_be_set() =>
        ChatTemplate.Parse("{{ strftime_now('%d %b %Y') }}", clock: new FixedClock()).Render([]).Should().Be("26 Jul 2024");

    [Theory]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% set ns = namespace(a='x') %}{% for i in range(99) %}{% set ns.a = ns.a + ns.a %}{% endfor %}{{ ns.a }}")]
    [InlineData("{% set ns = namespace(a=[1]) %}{% for i in range(99) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a }}")]
    [InlineData("{% set ns = namespace(a=[1]) %}{% for i in range(99999) %}{% set ns.a = [ns.a] %}{% endfor %}{{ ns.a|tojson }}")]
    [InlineData("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{{ 'x' * 10000000000 }}")]
    [InlineData("{{ 'x'.center(2000000000) }}")]
    [InlineData("{{ [1] * 9223372036854775807 }}")]
    [InlineData("{{ 7 ** 9223372036854775807 }}")]
    [InlineData("{{ ('x' * 10000000) ~ ('x' * 10000000) }}")]
    public void A_template_that_would_not_end_is_stopped(string template)
    {
        Action render = () => Render(template);
        render.Should().Throw<ChatTemplateException>();
    }

    [Theory]
    [InlineData('(', ')')]
    [InlineData('[', ']')]
    [InlineData('-', ' ')]
    public void Deep_nesting_is_an_error_and_no_stack_overflow(char open, char close)
    {
        Action parse = () => Render("{{ " + new string(open, 100_000) + "1" + new string(close, 100_000) + " }}");
        parse.Should().Throw<ChatTemplateException>().WithMessage("*nests*");
        Action blocks = () => Render(string.Concat(Enumerable.Repeat("{% if 1 %}", 50_000)));
        blocks.Should().Throw<ChatTemplateException>().WithMessage("*nests*");
        Action chain = () => Render("{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 50_000)) + " }}");
        chain.Should().Throw<ChatTemplateException>().WithMessage("*nests*");
    }

    [Fact]
    public void A_thousand_mutated_templates_give_a_text_or_an_error_and_nothing_else()
    {
        string folder = Repository.Shared("data", "chat-templates");
        string[] sources = [.. Directory.GetFiles(folder, "*.jinja").Order(StringComparer.Ordinal).Select(File.ReadAllText)];
        JsonElement[] variables =
        [
            .. ModelFiles.Json(Path.Combine(folder, "golden.json")).EnumerateArray().Select(row => row.GetProperty("variables")),
        ];
        Random random = new(20261124);
        int rounds = LongTier.IsOn ? 10_000 : 1_000;
        int texts = 0;
        for (int round = 0; round < rounds; round++)
        {
            string mutated = Mutate(sources, random);
            try
            {
                ChatTemplate.Parse(mutated).Render(variables[random.Next(variables.Length)]);
                texts++;
            }
            catch (ChatTemplateException error)
            {
                error.Line.Should().BePositive();
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"Round {round}: {error.Message}\n{mutated}", error);
            }
        }

        output.WriteLine($"{texts} of {rounds} give a text.");
        texts.Should().BePositive().And.BeLessThan(rounds);
    }

    private static string Mutate(string[] sources, Random random)
    {
        string[] bits =
        [
            "{%",
            "%}",
            "{{",
            "}}",
            "-",
            "'",
            "|",
            "[",
            "]",
            "(",
            ")",
            "not ",
            "loop",
            "if ",
            "[::-1]",
            "*9",
            "|list",
            "|tojson",
            "=",
            "messages",
            "\uD83D",
            "\n",
        ];
        string text = sources[random.Next(sources.Length)];
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            int at = random.Next(text.Length);
            int end = Math.Min(text.Length, at + random.Next(1, 40));
            text = random.Next(4) switch
            {
                0 => text[..at] + text[end..],
                1 => text.Insert(at, bits[random.Next(bits.Length)]),
                2 => text.Insert(random.Next(text.Length), text[at..end]),
                _ => text[..at] + (char)random.Next(32, 127) + text[(at + 1)..],
            };
        }

        return text;
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2024, 7, 26, 12, 0, 0, TimeSpan.Zero);

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    }
}
