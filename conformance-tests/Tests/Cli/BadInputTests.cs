using System.Text.Json.Nodes;

namespace Tokenwright.Tests.Cli;

/// <summary>Whatever is wrong is said in one line on stderr; stdout stays empty and the exit code tells.</summary>
[Collection("Command line")]
public sealed class BadInputTests(CommandLine cli)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task Words_that_make_no_sense_are_refused() =>
        Refuse(
            ([], "Say what to do: run, chat, models, plugins, drafts, schema, conform. See 'tokenwright --help'."),
            (["rum"], "Unknown command 'rum'. Did you mean 'run'?*"),
            (["models", "lst"], "Unknown command 'lst'. Did you mean 'list'?*See 'tokenwright models --help'."),
            (["run", "x", "--temprature", "1"], "Unknown option '--temprature'. Did you mean '--temperature'?*"),
            (["run", "--greedy"], "Unknown option '--greedy'.*"),
            (["run", "a", "b"], "Unexpected argument 'b'.*quotes.*"),
            (["run", "x", "--threads", "0"], "--threads takes a whole number from 1 to 1024; '0' is not that.*"),
            (["run", "x", "--threads", "two"], "--threads takes a whole number*'two'*"),
            (["run", "x", "--max-tokens", "0"], "--max-tokens takes a whole number from 1 to *; '0' is not that.*"),
            (["run", "x", "--seed", "-1"], "--seed takes a whole number*"),
            (["run", "x", "--provider", "tpu"], "--provider takes cpu or cuda; 'tpu' is not that.*"),
            (["run", "x", "--format", "1"], "--format takes text or json; '1' is not that.*")
        );

    [Fact]
    public Task Options_and_ids_of_parts_that_cannot_be_are_refused() =>
        Refuse(
            (["run", "x", "--model", "draft", "--top-p", "1.5"], "Option 'top-p' of processor 'top-p' cannot be 1.5: *"),
            (
                ["run", "x", "--model", "draft", "--top-k", "many"],
                "Option 'top-k' of processor 'top-k' takes a whole number; 'many' is not that."
            ),
            (
                ["run", "x", "--model", "draft", "--set", "temprature=1"],
                "Unknown option 'temprature'. Did you mean 'temperature'?*"
            ),
            (
                ["run", "x", "--model", "draft", "--set", "temperature"],
                "--set temperature is no assignment; write --set KEY=VALUE."
            ),
            (["run", "x", "--model", "draft", "--top-k", "1", "--set", "top-k=2"], "The option top-k is given twice."),
            (["run", "x", "--model", "draft", "--method", "gredy"], "Unknown method 'gredy'. Did you mean 'greedy'? Known: *"),
            (["run", "x", "--model", "draft", "--verifier", "agre"], "Unknown verifier 'agre'. Did you mean 'agree'? Known: *"),
            (
                ["run", "x", "--model", "draft", "--loop", "draft-then-verfy"],
                "Unknown loop 'draft-then-verfy'. Did you mean 'draft-then-verify'? *"
            ),
            (["run", "x", "--model", "draft", "--drafter", "oracle"], "Unknown drafter 'oracle'*"),
            (
                ["run", "x", "--model", "draft", "--method", "greedy", "--temperature", "0.5"],
                "*temperature must be 0 with --method greedy*--method sampling*"
            ),
            (["run", "x", "--model", "draft", "--stop", ""], "A stop text is empty*Leave it out."),
            (["run", "x", "--model", "draft", "--logprobs", "3"], "--logprobs*add --format json.")
        );

    [Fact]
    public async Task Prompts_that_cannot_be_continued_are_refused()
    {
        string binary = cli.File("binary.txt");
        await File.WriteAllBytesAsync(binary, [0x41, 0xFF, 0xFE], Cancellation);
        await Refuse(
            (["run"], "Give one prompt: a text, --prompt-file or --prompt-ids."),
            (["run", "x", "--prompt-ids", "1"], "Give one prompt: *"),
            (["run", "", "--model", "draft"], "The prompt is empty: *"),
            (
                ["run", "--model", "draft", "--prompt-ids", "1,99999"],
                "Prompt token 1 is 99999; the vocabulary of draft has ids 0 to 4095."
            ),
            (["run", "--prompt-ids", "1,x"], "--prompt-ids: 'x' is no token id; *"),
            (
                ["run", string.Join(' ', Enumerable.Repeat("word", 1200)), "--model", "draft"],
                "The prompt has 12* tokens and the context of draft holds 1024*Shorten the prompt."
            ),
            (["run", "--prompt-file", cli.File("nowhere.txt")], "--prompt-file: there is no file '*nowhere.txt'."),
            (["run", "--prompt-file", cli.Folder], "--prompt-file: there is no file *"),
            (["run", "--prompt-file", binary], "--prompt-file *binary.txt: is not UTF-8 text.*")
        );
    }

    [Fact]
    public async Task Models_that_cannot_run_are_refused()
    {
        string missing = cli.Copy("draft", "missing");
        File.Delete(Path.Combine(missing, "model.safetensors"));
        string corrupt = cli.Copy("draft", "corrupt");
        await File.WriteAllTextAsync(Path.Combine(corrupt, "model.safetensors"), "this is no tensor", Cancellation);
        string truncated = cli.Copy("draft", "truncated");
        using (var weights = File.OpenWrite(Path.Combine(truncated, "model.safetensors")))
        {
            weights.SetLength(weights.Length / 2);
        }

        string larger = cli.Copy("draft", "larger");
        string tokenizer = Path.Combine(larger, "tokenizer.json");
        var json = JsonNode.Parse(await File.ReadAllTextAsync(tokenizer, Cancellation))!;
        var extra = json["added_tokens"]![0]!.DeepClone();
        extra["id"] = 4096;
        extra["content"] = "<|extra|>";
        json["added_tokens"]!.AsArray().Add(extra);
        await File.WriteAllTextAsync(tokenizer, json.ToJsonString(), Cancellation);

        await Refuse(
            (["run", "x", "--model", missing], "*model.safetensors: does not exist.*"),
            (["run", "x", "--model", corrupt], "*model.safetensors: the header claims *download it again."),
            (["run", "x", "--model", truncated], "*model.safetensors: tensor '*' lies at bytes *download it again."),
            (["run", "x", "--model", larger], "*the tokenizer has 4097 tokens and the model 4096.*"),
            (
                ["run", "x", "--model", "moe"],
                "*architecture 'MixtralForCausalLM' is not supported; supported are LlamaForCausalLM, *"
            ),
            (["run", "x", "--model", "tarjet"], "There is no model 'tarjet'*Did you mean 'target'?"),
            (["models", "inspect", "nowhere"], "There is no model 'nowhere'*names draft, moe, target.*"),
            (["run", "x", "--provider", "cuda"], "*cuda is not in this build*-p:OnnxRuntimeFlavor=Gpu*--provider cpu.")
        );
    }

    [Fact]
    public async Task Files_of_logits_that_cannot_be_written_are_refused_and_leave_nothing()
    {
        string file = cli.File("refused.npy");
        await Refuse(
            (["models", "logits", "--ids", "1", "--out", cli.File("no/folder/x.npy")], "--out *: there is no folder *Create it*"),
            (["models", "logits", "--ids", "1", "--out", cli.Folder], "--out '*' names no file*"),
            (["models", "logits", "--ids", "1", "--text", "x", "--out", file], "Give either --ids or --text."),
            (
                ["models", "logits", "--ids", "1,4096", "--out", file],
                "Token 4096 is not in the vocabulary of target, which has ids 0 to 4095."
            ),
            (["models", "logits", "--text", "", "--out", file], "The text is empty: *"),
            (["models", "logits", "--ids", "1"], "Option '--out' is required.*")
        );
        File.Exists(file).Should().BeFalse();
        Directory.GetFiles(cli.Folder, "*.part").Should().BeEmpty();
    }

    [Fact]
    public async Task Settings_of_plugins_that_cannot_be_read_are_refused()
    {
        string settings = cli.File("malformed.json");
        await File.WriteAllTextAsync(settings, "{\n  \"folders\": [\"plugins\"", Cancellation);
        string unknown = cli.File("unknown.json");
        await File.WriteAllTextAsync(unknown, """{ "folder": ["plugins"] }""", Cancellation);
        await Refuse(
            (["run", "x", "--plugins", settings], "*malformed.json, line 2, position *: not valid JSON: *"),
            (["plugins", "list", "--plugins", settings], "*malformed.json, line 2*"),
            (["plugins", "list", "--plugins", unknown], "*unknown.json, line 1*unknown key 'folder'*Did you mean 'folders'?*"),
            (["plugins", "list", "--plugins", cli.File("nowhere.json")], "*nowhere.json cannot be read: *")
        );
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_is_named()
    {
        string blocked = cli.File("regular");
        await File.WriteAllTextAsync(blocked, "a file where a folder should be", Cancellation);
        var outcome = await CommandLine.RunAsync(Path.Combine(blocked, "cache"), ["run", "x", "--model", "draft"]);
        outcome.ShouldRefuse("The graph cache '*regular?cache' cannot be written: *set TOKENWRIGHT_CACHE to another folder.");
    }

    [Fact]
    public async Task A_graph_that_could_not_be_written_whole_is_never_used()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no limit on the size of a process's files.");
        string cache = cli.File("limited");
        using var process = CommandLine.Start(
            cache,
            "bash",
            [
                "-c",
                $"export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f 2000 || exit 99; exec dotnet exec '{CommandLine.Dll}' run x --model draft --max-tokens 2",
            ]
        );
        var outcome = await CommandLine.EndAsync(process);
        Assert.SkipWhen(outcome.ExitCode == 99, "The shell cannot limit the size of files.");

        outcome.ShouldRefuse("The graph cache '*limited' cannot be written: *Free some space*");
        Directory.EnumerateFileSystemEntries(Path.Combine(cache, "graphs")).Should().BeEmpty();

        var again = await CommandLine.RunAsync(cache, ["run", "x", "--model", "draft", "--max-tokens", "2"]);
        again.ExitCode.Should().Be(0);
        again.Error.Should().BeEmpty();
        again.Out.Should().NotBeEmpty();
        Directory.EnumerateFileSystemEntries(Path.Combine(cache, "graphs")).Should().ContainSingle();
    }

    private Task Refuse(params (string[] Arguments, string Message)[] cases) =>
        Parallel.ForEachAsync(
            cases,
            new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = Cancellation },
            async (one, _) =>
            {
                var outcome = await cli.RunAsync(one.Arguments);
                outcome.ShouldRefuse(one.Message);
            }
        );
}
