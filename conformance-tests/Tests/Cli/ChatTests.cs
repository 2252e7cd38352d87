using System.Diagnostics;
using System.Globalization;
using Tokenwright.Tests.Host;
using Tokenwright.Tests.Models;

namespace Tokenwright.Tests.Cli;

[Collection("Command line")]
public sealed class ChatTests(CommandLine cli)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_is_answered_by_the_template()
    {
        string model = Tiny("answers", context: 63);
        string messages = await FileAsync(
            "turns.json",
            """[{"role":"system","content":"c"},{"role":"user","content":"ab"},{"role":"assistant","content":"1"},{"role":"user","content":"a"}]"""
        );
        string[] run = ["run", "--model", model, "--max-tokens", "4", "--ignore-end", "--format", "json"];

        var first = await cli.RunAsync([.. run, "--chat", "ab"]);
        first.Error.Should().Match("*imported *answers.gguf: fp32 (exact), *, in *graphs*\n");
        first.Json.GetProperty("prompt_tokens").GetInt32().Should().Be(4);
        await AnswersAsync(["--chat", "ab"], "6,4,0,6");
        await AnswersAsync(["--chat", "ab", "--system", "c"], "6,3,0,6,4,0,6");
        await AnswersAsync(["--chat", "--messages", messages], "6,3,0,6,4,0,6,5,0,6,1,0,6");

        async Task AnswersAsync(string[] message, string ids)
        {
            var answer = await cli.RunAsync([.. run, .. message]);
            answer.Error.Should().BeEmpty();
            var plain = await cli.RunAsync([.. run, "--prompt-ids", ids]);
            answer.Json.GetProperty("token_ids").ToString().Should().Be(plain.Json.GetProperty("token_ids").ToString());
            answer.Json.GetProperty("prompt_tokens").GetInt32().Should().Be(ids.Split(',').Length);
        }
    }

    [Fact]
    public async Task What_cannot_be_answered_is_refused()
    {
        string model = Tiny("refuses", context: 64);
        (await cli.RunAsync("run", "--chat", "--model", model, "ab", "--max-tokens", "1")).ExitCode.Should().Be(0);
        string plain = GgufWriter.Chat().Without("tokenizer.chat_template").Save(cli.File("plain.gguf"));
        (await cli.RunAsync("run", "--model", plain, "ab", "--max-tokens", "1")).ExitCode.Should().Be(0);
        string broken = await FileAsync("broken.json", "[\n {\"role\": }]");
        string none = await FileAsync("none.json", "[]");
        string word = await FileAsync("word.json", """[{"role":"user","content":"a"},"b"]""");
        string roleless = await FileAsync("roleless.json", """[{"role":"user","content":"a"},{"content":"b"}]""");
        string listed = await FileAsync("listed.json", """[{"role":"user","content":["a"]}]""");
        string half = await FileAsync("half.json", """[{"role":"user","content":"\ud800"}]""");
        string tool = await FileAsync("tool.json", """[{"role":"tool","content":"a"}]""");
        string system = await FileAsync("system.json", """[{"role":"system","content":"a"}]""");
        string[] chat = ["run", "--chat", "--model", model];
        foreach (
            (string[] arguments, string message) in new (string[], string)[]
            {
                ([.. chat], "Give one thing to answer: *"),
                ([.. chat, "a", "--messages", none], "Give one thing to answer: *"),
                ([.. chat, "--prompt-ids", "1"], "--prompt-ids is no message.*"),
                (["run", "a", "--model", model, "--system", "b"], "--system and --messages are for chat models: add --chat."),
                ([.. chat, "--messages", cli.File("nowhere.json")], "--messages: there is no file '*nowhere.json'."),
                ([.. chat, "--messages", broken], "--messages *broken.json, line 2, byte 11: is not valid JSON."),
                ([.. chat, "--messages", none], "--messages *none.json: is no array of messages; write *"),
                ([.. chat, "--messages", word], "--messages *word.json: message 2 is no object; write *"),
                ([.. chat, "--messages", roleless], "--messages *roleless.json: message 2 has no \"role\"; write *"),
                ([.. chat, "--messages", listed], "--messages *listed.json: message 1: \"content\" must be a text; write *"),
                ([.. chat, "--messages", half], "--messages *half.json: message 1: \"content\" is not valid Unicode text."),
                ([.. chat, "--messages", system, "--system", "b"], "*system.json begins with a system message already*"),
                ([.. chat, "--messages", tool], "*tokenizer.chat_template, line 1, column *: No tools here"),
                (
                    [.. chat, new string('1', 80)],
                    "The conversation has 83 tokens and the context of *refuses.gguf holds 64: *Shorten *"
                ),
                (["run", "--chat", "--model", plain, "a"], "Model '*plain.gguf' has no chat template.*"),
                (["chat", "--model", plain], "Model '*plain.gguf' has no chat template.*"),
                (["chat", "--model", model, "--top-p", "7"], "Option 'top-p' *"),
            }
        )
        {
            (await cli.RunAsync(arguments)).ShouldRefuse(message);
        }
    }

    [Fact]
    public async Task A_conversation_goes_on_and_forgets_its_oldest_turns_when_the_context_is_full()
    {
        string model = Tiny("talks", context: 62);
        string[] chat = ["chat", "--model", model, "--max-tokens", "8"];
        (await cli.SayAsync(["ab"], chat)).ExitCode.Should().Be(0);

        string[] said =
        [
            .. Enumerable.Repeat("ab ab ab ab 11111", 6),
            "/reset",
            "ab",
            "/system c",
            "/nonsense",
            "/help",
            "/exit",
            "never",
        ];
        var outcome = await cli.SayAsync(said, [.. chat, "--stats"]);
        outcome.ExitCode.Should().Be(0);
        outcome.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.Should().BeLessThanOrEqualTo(7);
        outcome.Error.Should().Contain("the context is full: forgot the oldest turn");
        outcome.Error.Should().Contain("there is no command /nonsense; /help lists them").And.Contain("forgets the conversation");
        outcome.Error.Split("prompt tokens").Should().HaveCount(1 + 7);

        (await cli.SayAsync([new string('1', 80), "ab"], chat)).ShouldRefuse(
            "The message alone makes 83 tokens *holds 62*Shorten it."
        );
    }

    [Fact]
    public async Task An_interrupt_stops_the_answer_and_two_end_the_program()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no signals on Windows.");
        string model = Tiny("slow", context: 1024);
        (await cli.RunAsync("run", "--chat", "--model", model, "ab", "--max-tokens", "1")).ExitCode.Should().Be(0);
        using var workshop = new PluginWorkshop();
        workshop.Add("Slow", RunTests.Slow);
        string settings = PluginsTests.Settings(cli.File("slow-chat.json"), workshop.Folder);
        using var process = CommandLine.Start(
            cli.Cache,
            "env",
            [
                "--default-signal=INT",
                "dotnet",
                "exec",
                CommandLine.Dll,
                "chat",
                "--model",
                model,
                "--plugins",
                settings,
                "--set",
                "slow=300",
                "--logit-bias",
                "0:-100",
            ],
            hasInput: true
        );
        for (int answer = 0; answer < 2; answer++)
        {
            await process.StandardInput.WriteLineAsync("ab");
            (await process.StandardError.ReadLineAsync(Cancellation)).Should().Be("begun");
            await InterruptAsync(process);
        }

        await process.StandardInput.WriteLineAsync("/nonsense");
        (await process.StandardError.ReadLineAsync(Cancellation)).Should().StartWith("there is no command");
        await InterruptAsync(process);
        (await process.StandardError.ReadLineAsync(Cancellation)).Should().Be("Ctrl-C again ends");
        await InterruptAsync(process);
        (await CommandLine.EndAsync(process)).ExitCode.Should().Be(130);
    }

    [Fact]
    public async Task A_template_command_prints_the_text_exactly_or_the_templates_own_error()
    {
        string template = await FileAsync(
            "t.jinja",
            "{% if bad %}{{ raise_exception('Not ' ~ bad) }}{% endif %}é {{ text }}\n\n"
        );
        var plain = await cli.RunAsync(
            "models",
            "template",
            "--file",
            template,
            "--variables",
            await FileAsync("v.json", """{"text":"\n x"}""")
        );
        plain.Should().Be(new Outcome(0, "é \n x\n", ""));
        string bad = await FileAsync("bad.json", """{"bad":"so"}""");
        (await cli.RunAsync("models", "template", "--file", template, "--variables", bad)).ShouldRefuse(
            "*t.jinja, line 1, column *: Not so"
        );
        string list = await FileAsync("list.json", "[]");
        (await cli.RunAsync("models", "template", "--file", template, "--variables", list)).ShouldRefuse(
            "--variables *list.json: must be a JSON object*"
        );
        (await cli.RunAsync("models", "template", "--file", cli.File("nowhere.jinja"), "--variables", list)).ShouldRefuse(
            "--file: there is no file *"
        );
    }

    /// <summary>Every golden text takes a process; all of them run where TOKENWRIGHT_FULL is 1.</summary>
    [Fact]
    public async Task Golden_templates_come_out_of_the_command_byte_for_byte()
    {
        string folder = Repository.Shared("data", "chat-templates");
        var rows = ModelFiles.Json(Path.Combine(folder, "golden.json")).EnumerateArray().ToArray();
        int step = Environment.GetEnvironmentVariable("TOKENWRIGHT_FULL") == "1" ? 1 : 23;
        for (int i = 0; i < rows.Length; i += step)
        {
            string template = Path.Combine(folder, rows[i].GetProperty("template").GetString()!);
            string variables = await FileAsync("golden.json", rows[i].GetProperty("variables").GetRawText());
            var outcome = await cli.RunAsync("models", "template", "--file", template, "--variables", variables);
            if (rows[i].TryGetProperty("expected", out var expected))
            {
                outcome.Should().Be(new Outcome(0, expected.GetString()!, ""));
            }
            else
            {
                outcome.ExitCode.Should().Be(2);
                outcome
                    .Error.Should()
                    .EndWith(": " + rows[i].GetProperty("error").GetString()!["TemplateError: ".Length..] + "\n");
            }
        }
    }

    [Fact]
    public async Task A_real_model_is_imported_and_talks_sense()
    {
        string original = Repository.Shared("models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");
        string source = cli.File("SmolLM2.gguf");
        File.CreateSymbolicLink(source, original);
        var import = await cli.RunAsync("models", "import", source);
        import.ExitCode.Should().Be(0);
        import
            .Error.Should()
            .EndWith($"in {Path.Combine(cli.Cache, "models", "smollm2")}\n")
            .And.Contain("imported smollm2: fp32 (exact)");
        File.Delete(source);

        var facts = await cli.JsonAsync("models", "inspect", "smollm2");
        facts.GetProperty("parameters").GetInt64().Should().Be(134_515_008);
        facts.GetProperty("has_chat_template").GetBoolean().Should().BeTrue();
        facts.GetProperty("tokenizer").GetProperty("size").GetInt32().Should().Be(49_152);
        var outcome = await cli.SayAsync(
            ["What is the capital of France?", "And of Italy?"],
            "chat",
            "--model",
            "smollm2",
            "--max-tokens",
            "24"
        );
        outcome.Error.Should().BeEmpty();
        outcome.Out.Should().Contain("Paris").And.Contain("Rome");
        (await cli.RunAsync("models", "remove", "smollm2")).Should().Be(new Outcome(0, "", ""));
    }

    // A context of its own, so that each model is built where it is used first.
    private string Tiny(string name, uint context) =>
        GgufWriter.Chat().Set("llama.context_length", context).Save(cli.File(name + ".gguf"));

    private static async Task InterruptAsync(Process process)
    {
        await Task.Delay(100, Cancellation);
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Cancellation);
    }

    private async Task<string> FileAsync(string name, string content)
    {
        string file = cli.File(name);
        await File.WriteAllTextAsync(file, content, Cancellation);
        return file;
    }
}
