using Tokenwright.Tests.Models;

namespace Tokenwright.Tests.Cli;

[Collection("Command line")]
public sealed class ModelsTests(CommandLine cli)
{
    [Fact]
    public async Task Models_are_listed_and_inspected()
    {
        var rows = (await cli.JsonAsync("models", "list")).EnumerateArray().ToArray();
        rows.Select(row => row.GetProperty("name").GetString()).Should().Equal("draft", "moe", "target");
        rows[2].GetProperty("architecture").GetString().Should().Be("LlamaForCausalLM");
        rows[2].GetProperty("vocabulary_size").GetInt32().Should().Be(4096);
        rows[2].GetProperty("context_length").GetInt32().Should().Be(1024);
        (await cli.RunAsync("models", "list")).Out.Should().Contain("target (default)").And.Contain("draft");

        var facts = await cli.JsonAsync("models", "inspect", "draft");
        facts.GetProperty("layers").GetInt32().Should().Be(2);
        facts.GetProperty("has_tokenizer").GetBoolean().Should().BeTrue();
        facts.GetProperty("graph").GetString().Should().StartWith(cli.Cache);
        var capabilities = facts
            .GetProperty("capabilities")
            .EnumerateArray()
            .ToDictionary(fact => fact.GetProperty("name").GetString()!, fact => fact.GetProperty("offered").GetBoolean());
        capabilities["tree"].Should().BeTrue();
        capabilities["routing"].Should().BeFalse();
        (await cli.RunAsync("models", "inspect")).Out.Should().Contain("target").And.Contain("hidden states");
    }

    [Theory]
    [InlineData("target")]
    [InlineData("draft")]
    public async Task Logits_are_the_golden_ones(string model)
    {
        string file = cli.File(model + ".npy");
        var ids = ModelFiles.Ids(ModelFiles.Json(Repository.Golden("reference", model, "golden.json")).GetProperty("logits_ids"));
        var outcome = await cli.RunAsync("models", "logits", "--model", model, "--ids", string.Join(',', ids), "--out", file);

        outcome.Should().Be(new Outcome(0, "", ""));
        float[][] expected = ModelFiles.Matrix(Repository.Golden("reference", model, "logits.npy"));
        float[][] actual = ModelFiles.Matrix(file);
        actual.Should().HaveSameCount(expected);
        actual.Zip(expected, (row, golden) => row.Zip(golden, (a, b) => Math.Abs(a - b)).Max()).Max().Should().BeLessThan(2e-4f);
    }

    [Fact]
    public async Task Logits_of_a_text_have_a_row_for_each_token()
    {
        string file = cli.File("text.npy");
        (await cli.RunAsync("models", "logits", "--text", "Once upon a time", "--out", file)).Should().Be(new Outcome(0, "", ""));
        ModelFiles.Matrix(file).Should().HaveCount(4).And.OnlyContain(row => row.Length == 4096);
        Directory.GetFiles(cli.Folder, "*.part").Should().BeEmpty();
    }

    [Fact]
    public async Task A_model_is_exported_and_the_folder_runs()
    {
        string folder = cli.File("exported");
        (await cli.RunAsync("models", "export", "draft", "--format", "genai", "--out", folder))
            .Should()
            .Be(new Outcome(0, "", ""));
        string[] run = ["run", "Once upon a time", "--max-tokens", "12", "--model"];
        (await cli.RunAsync([.. run, folder])).Should().Be(await cli.RunAsync([.. run, "draft"]));

        (await cli.RunAsync("models", "export", "draft", "--out", folder)).ShouldRefuse("*holds something already*--force*", 1);
        (await cli.RunAsync("models", "export", "draft", "--out", folder, "--force")).ExitCode.Should().Be(0);
        (await cli.RunAsync("models", "export", "draf", "--out", folder)).ShouldRefuse("There is no model 'draf'*");
        (await cli.RunAsync("models", "export", "draft", "--out", "")).ShouldRefuse("--out names no folder; give one.");
    }
}
