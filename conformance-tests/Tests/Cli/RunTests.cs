using System.Diagnostics;
using System.Text.Json;
using Tokenwright.Tests.Host;
using Tokenwright.Tests.Models;

namespace Tokenwright.Tests.Cli;

[Collection("Command line")]
public sealed class RunTests(CommandLine cli)
{
    private const string Once = "Once upon a time";

    /// <summary>Slows a text down and says when it has begun, so that a test can interrupt it.</summary>
    internal const string Slow = """
        using Tokenwright;
        [LogitsProcessor("slow", "Waits before every token.")]
        public sealed class Slow : ILogitsProcessor
        {
            private bool _hasBegun;
            [Option("slow", "Milliseconds; 0 is off.")] public int Milliseconds { get; set; }
            public ShapeStage Stage => ShapeStage.Penalty;
            public bool IsActive => Milliseconds > 0;
            public bool ChangesArgMax => true;
            public void Apply(in TokenPath path, in ShapeState state, Distribution row)
            {
                if (!_hasBegun) { Console.Error.WriteLine("begun"); }
                _hasBegun = true;
                Thread.Sleep(Milliseconds);
            }
        }
        """;

    private static JsonElement Golden(string id) =>
        ModelFiles
            .Json(Repository.Golden("reference", "target", "golden.json"))
            .GetProperty("rows")
            .EnumerateArray()
            .Single(row => row.GetProperty("id").GetString() == id);

    [Fact]
    public async Task The_text_is_all_that_stdout_gets()
    {
        var row = Golden("story-00");
        var outcome = await cli.RunAsync("run", row.GetProperty("prompt").GetString()!, "--max-tokens", "64", "--ignore-end");

        outcome.Error.Should().BeEmpty();
        outcome.Out.Should().Be(row.GetProperty("greedy_text").GetString() + Environment.NewLine);
        outcome.ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task A_trace_tells_how_the_text_came_about()
    {
        string file = cli.File("trace.jsonl");
        var json = await cli.JsonAsync("run", Once, "--method", "token-recycling", "--max-tokens", "48", "--trace", file);

        JsonElement[] steps = [.. File.ReadLines(file).Select(line => JsonElement.Parse(line))];
        steps
            .SelectMany(step => ModelFiles.Ids(step.GetProperty("emitted")))
            .Should()
            .Equal(ModelFiles.Ids(json.GetProperty("token_ids")));
        int position = steps[0].GetProperty("position").GetInt32();
        for (int i = 0; i < steps.Length; i++)
        {
            var step = steps[i];
            int[] tokens = ModelFiles.Ids(step.GetProperty("tokens"));
            int[] parents = ModelFiles.Ids(step.GetProperty("parents"));
            int[] kept = ModelFiles.Ids(step.GetProperty("kept"));
            int[] emitted = ModelFiles.Ids(step.GetProperty("emitted"));
            step.GetProperty("step").GetInt32().Should().Be(i);
            step.GetProperty("position").GetInt32().Should().Be(position);
            step.GetProperty("scores").GetArrayLength().Should().Be(tokens.Length);
            kept.Select(node => parents[node]).Should().Equal([-1, .. kept[..^1]]);
            kept[1..].Select(node => tokens[node]).Should().Equal(emitted[..(kept.Length - 1)]);
            step.GetProperty("ms").GetProperty("model").GetDouble().Should().BePositive();
            position += emitted.Length;
        }

        steps.Should().Contain(step => step.GetProperty("kept").GetArrayLength() > 1, "something was drafted and kept");
    }

    [Fact]
    public async Task The_json_object_has_every_field_and_its_sums_agree()
    {
        var row = Golden("code-02");
        string prompt = cli.File("prompt.txt");
        await File.WriteAllTextAsync(prompt, row.GetProperty("prompt").GetString(), TestContext.Current.CancellationToken);
        var json = await cli.JsonAsync("run", "--prompt-file", prompt, "--max-tokens", "64", "--ignore-end");

        ModelFiles.Ids(json.GetProperty("token_ids")).Should().Equal(ModelFiles.Ids(row.GetProperty("greedy")));
        json.GetProperty("text").GetString().Should().Be(row.GetProperty("greedy_text").GetString());
        json.GetProperty("finish_reason").GetString().Should().Be("length");
        json.GetProperty("method").GetString().Should().Be("greedy");
        json.GetProperty("model").GetString().Should().Be("target");
        json.GetProperty("prompt_tokens").GetInt32().Should().Be(128);
        var statistics = json.GetProperty("statistics");
        Names(statistics).Should().Equal("steps", "forward_passes", "rows", "drafted", "accepted", "tokens_per_pass", "ms");
        statistics.GetProperty("steps").GetInt32().Should().Be(64);
        statistics.GetProperty("forward_passes").GetInt32().Should().Be(64);
        statistics.GetProperty("rows").GetInt32().Should().Be(128 + 63);
        statistics.GetProperty("drafted").GetInt32().Should().Be(0);
        statistics.GetProperty("accepted").GetInt32().Should().Be(0);
        statistics.GetProperty("tokens_per_pass").GetDouble().Should().Be(1);
        var ms = statistics.GetProperty("ms");
        string[] parts = ["prefill", "model", "draft", "shape", "verify", "own"];
        Names(ms).Should().Equal(["total", .. parts]);
        parts.Sum(part => ms.GetProperty(part).GetDouble()).Should().BeApproximately(ms.GetProperty("total").GetDouble(), 0.01);
        parts.Should().OnlyContain(part => ms.GetProperty(part).GetDouble() >= 0);

        static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(property => property.Name);
    }

    [Fact]
    public async Task A_seed_gives_its_text_again_and_another_seed_another_text()
    {
        string[] texts = await Task.WhenAll(new[] { "7", "7", "8" }.Select(Text));
        texts[1].Should().Be(texts[0]);
        texts[2].Should().NotBe(texts[0]);

        async Task<string> Text(string seed) =>
            (await cli.RunAsync("run", Once, "--threads", "1", "--temperature", "1", "--seed", seed, "--max-tokens", "20")).Out;
    }

    [Fact]
    public async Task A_stop_text_may_span_tokens_and_is_cut()
    {
        var json = await cli.JsonAsync("run", Once, "--stop", "never this", "--stop", "girl na", "--max-tokens", "40");
        json.GetProperty("text").GetString().Should().Be(", there was a little ");
        json.GetProperty("finish_reason").GetString().Should().Be("stop");

        var outcome = await cli.RunAsync("run", Once, "--stop", "girl na", "--max-tokens", "40");
        outcome.Out.Should().Be(", there was a little " + Environment.NewLine);
    }

    [Fact]
    public async Task A_model_without_a_tokenizer_goes_from_ids_to_ids()
    {
        string folder = cli.Copy("target", "no-tokenizer");
        File.Delete(Path.Combine(folder, "tokenizer.json"));
        File.Delete(Path.Combine(folder, "tokenizer_config.json"));
        var row = Golden("story-00");
        string prompt = string.Join(',', ModelFiles.Ids(row.GetProperty("prompt_ids")));
        var expected = ModelFiles.Ids(row.GetProperty("greedy"))[..8];

        var outcome = await cli.RunAsync("run", "--model", folder, "--prompt-ids", prompt, "--max-tokens", "8");
        outcome.ExitCode.Should().Be(0);
        outcome.Out.Should().Be(string.Join(',', expected) + Environment.NewLine);

        var json = await cli.JsonAsync("run", "--prompt-ids", prompt, "--max-tokens", "8");
        ModelFiles.Ids(json.GetProperty("token_ids")).Should().Equal(expected);

        (await cli.RunAsync("run", "--model", folder, Once)).ShouldRefuse(
            "*runs without a tokenizer. Give the prompt as token ids."
        );
        (await cli.RunAsync("run", "--model", folder, "--prompt-ids", "5", "--stop", "x")).ShouldRefuse(
            "Stop texts need a tokenizer*"
        );
    }

    [Fact]
    public async Task Log_probabilities_statistics_and_set_options_come_as_asked()
    {
        var outcome = await cli.RunAsync([
            "run",
            Once,
            "--max-tokens",
            "6",
            "--temperature",
            "0.7",
            "--seed",
            "3",
            "--set",
            "top-k=5",
            "--logprobs",
            "3",
            "--stats",
            "--format",
            "json",
        ]);
        outcome.ExitCode.Should().Be(0);
        outcome.Error.Should().Contain("tokens per pass").And.Contain("sampling").And.Contain("seed");
        var entries = outcome.Json.GetProperty("log_probabilities").EnumerateArray().ToArray();
        entries
            .Select(e => e.GetProperty("token").GetInt32())
            .Should()
            .Equal(ModelFiles.Ids(outcome.Json.GetProperty("token_ids")));
        foreach (var entry in entries)
        {
            entry.GetProperty("raw").GetDouble().Should().BeLessThan(0);
            entry.GetProperty("shaped").GetDouble().Should().BeLessThanOrEqualTo(0, "a drawn token was not cut");
            double[] top = [.. entry.GetProperty("top").EnumerateArray().Select(a => a.GetProperty("raw").GetDouble())];
            top.Should().HaveCount(3).And.BeInDescendingOrder();
        }
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task An_interrupt_ends_with_what_was_generated(string format)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no signals on Windows.");
        using var workshop = new PluginWorkshop();
        workshop.Add("Slow", Slow);
        string settings = PluginsTests.Settings(cli.File($"slow-{format}.json"), workshop.Folder);

        // A test runner in the background may hand down a SIGINT that is ignored.
        using var process = CommandLine.Start(
            cli.Cache,
            "env",
            [
                "--default-signal=INT",
                "dotnet",
                "exec",
                CommandLine.Dll,
                "run",
                Once,
                "--plugins",
                settings,
                "--set",
                "slow=20",
                "--ignore-end",
                "--max-tokens",
                "1000",
                "--format",
                format,
            ]
        );
        (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken)).Should().Be("begun");
        await Task.Delay(100, TestContext.Current.CancellationToken);
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        var outcome = await CommandLine.EndAsync(process);

        outcome.ExitCode.Should().Be(130);
        outcome.Error.Should().BeEmpty();
        string text = outcome.Out;
        if (format == "json")
        {
            outcome.Json.GetProperty("finish_reason").GetString().Should().Be("cancelled");
            ModelFiles.Ids(outcome.Json.GetProperty("token_ids")).Length.Should().BeInRange(1, 999);
            text = outcome.Json.GetProperty("text").GetString()!;
        }

        text.Should().StartWith(",");
    }

    [Fact]
    public async Task A_reader_that_leaves_ends_the_text_quietly()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The test needs a shell.");
        string run = $"dotnet exec '{CommandLine.Dll}' run '{Once}' --ignore-end --max-tokens 1000";
        using var process = CommandLine.Start(
            cli.Cache,
            "bash",
            ["-c", $"{run} | head -c 7; echo \" ${{PIPESTATUS[0]}}\"; {run} --format json | true; echo ${{PIPESTATUS[0]}}"]
        );
        (await CommandLine.EndAsync(process)).Should().Be(new Outcome(0, ", there 0\n0\n", ""));
    }
}
