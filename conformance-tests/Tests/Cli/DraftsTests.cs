namespace Tokenwright.Tests.Cli;

[Collection("Command line")]
public sealed class DraftsTests(CommandLine cli)
{
    private const string Story = "Once upon a time there was a little girl who lived in a house near the forest.";

    [Fact]
    public async Task A_corpus_becomes_the_file_that_a_drafter_starts_from()
    {
        string text = cli.File("corpus.txt");
        string file = cli.File("corpus.tri");
        await File.WriteAllTextAsync(text, Story, TestContext.Current.CancellationToken);

        var built = await cli.RunAsync("drafts", "build", "--corpus", text, "--out", file);

        built.ExitCode.Should().Be(0, built.Error);
        built.Out.Should().BeEmpty();
        built.Error.Should().Contain(" pairs of tokens").And.Contain($"--set aded-base={file}");
        string[] run = ["run", "Once upon a time there was a little", "--max-tokens", "16"];
        var plain = await cli.JsonAsync(run);
        var cold = await cli.JsonAsync([.. run, "--method", "aded", "--set", "nodes=8"]);
        var warm = await cli.JsonAsync([.. run, "--method", "aded", "--set", "nodes=8", "--set", $"aded-base={file}"]);
        warm.GetProperty("text").GetString().Should().Be(plain.GetProperty("text").GetString());
        Drafted(warm).Should().BeGreaterThan(Drafted(cold));

        static int Drafted(System.Text.Json.JsonElement result) =>
            result.GetProperty("statistics").GetProperty("drafted").GetInt32();
    }

    [Fact]
    public async Task What_cannot_be_built_is_refused_and_nothing_is_written()
    {
        string text = cli.File("corpus.txt");
        string binary = cli.File("corpus.bin");
        string file = cli.File("refused.tri");
        await File.WriteAllTextAsync(text, Story, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(binary, [0x61, 0xfd, 0xfd], TestContext.Current.CancellationToken);
        foreach (
            var (arguments, message) in new (string[], string)[]
            {
                (["--corpus", cli.File("none.txt"), "--out", file], "there is no such file"),
                (["--corpus", binary, "--out", file], "it is not UTF-8 text"),
                (["--corpus", text, "--out", cli.Folder], "names no file"),
                (["--corpus", text, "--out", file, "--drafter", "suffix"], "'suffix' starts from no file of a corpus"),
                (["--corpus", text, "--out", file, "--drafter", "adad"], "no drafter 'adad'"),
                (["--out", file], "--corpus"),
            }
        )
        {
            var outcome = await cli.RunAsync(["drafts", "build", .. arguments]);

            outcome.ExitCode.Should().Be(2);
            outcome.Error.Should().Contain(message);
            File.Exists(file).Should().BeFalse();
        }
    }
}
