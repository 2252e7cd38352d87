using Tokenwright.Tests.Models;

namespace Tokenwright.Tests.Cli;

[Collection("Command line")]
public sealed class ImportTests(CommandLine cli)
{
    [Fact]
    public async Task An_imported_model_has_a_name_and_outlives_its_source()
    {
        string source = GgufWriter.Chat().Save(cli.File("Tiny.gguf"));
        string[] run = ["run", "--chat", "ab", "--max-tokens", "3", "--ignore-end", "--format", "json", "--model"];
        string expected = (await cli.RunAsync([.. run, source])).Json.GetProperty("token_ids").ToString();

        var import = await cli.RunAsync("models", "import", source);
        import.Should().Be(new Outcome(0, "", import.Error));
        import.Error.Should().Match("*imported tiny: fp32 (exact), 0.* MB, in *models?tiny\n");
        (await cli.RunAsync("models", "import", source)).Error.Should().Match("tiny is there already, in *");
        (await cli.RunAsync("models", "import", source, "--precision", "fp32"))
            .Error.Should()
            .Match("tiny is there already, in *");

        GgufWriter.Chat().Set("llama.context_length", 32u).Save(source);
        (await cli.RunAsync("models", "import", source)).ShouldRefuse("There is another model 'tiny' already*--name*--force.");
        File.Delete(Path.Combine(cli.Cache, "models", "tiny", "model.onnx"));
        (await cli.RunAsync([.. run, "tiny"])).ShouldRefuse("*tiny: the imported model is damaged. Import it again.");
        GgufWriter.Chat().Save(source);
        (await cli.RunAsync("models", "import", source)).Error.Should().Contain("imported tiny");
        File.Delete(source);
        (await cli.RunAsync([.. run, "tiny"])).Json.GetProperty("token_ids").ToString().Should().Be(expected);

        GgufWriter.Chat().Set("llama.context_length", 32u).Save(source);
        (await cli.RunAsync("models", "import", source, "--force")).Error.Should().Contain("imported tiny");
        var row = (await cli.JsonAsync("models", "list"))
            .EnumerateArray()
            .Single(one => one.GetProperty("name").GetString() == "tiny");
        row.GetProperty("context_length").GetInt32().Should().Be(32);
        row.GetProperty("precision").GetString().Should().Be("fp32");

        string inspected = (await cli.RunAsync("models", "inspect", "tiny")).Out;
        inspected
            .Should()
            .Contain("0 <e>")
            .And.Contain("byte-level BPE, 8 tokens")
            .And.Contain("chat template")
            .And.Contain("fp32");
        (await cli.RunAsync("models", "export", "tiny", "--format", "genai", "--out", cli.File("exported"))).ShouldRefuse(
            "'tiny' was imported*Name the checkpoint it was made from, Tiny.gguf."
        );
        (await cli.RunAsync([.. run, "tiny", "--precision", "int8"])).ShouldRefuse(
            "Model 'tiny' was imported as fp32. Leave --precision out*"
        );
        (await cli.RunAsync("models", "remove", "tiny")).Should().Be(new Outcome(0, "", ""));
        (await cli.RunAsync("models", "import", source, "--precision", "int8")).Error.Should().Contain("imported tiny: int8 (");
        (await cli.RunAsync([.. run, "tiny", "--precision", "int8"])).ExitCode.Should().Be(0);
        (await cli.JsonAsync("models", "inspect", "tiny"))
            .GetProperty("rounding")
            .GetProperty("mean_error")
            .GetDouble()
            .Should()
            .BeInRange(0, 0.01);
        (await cli.RunAsync([.. run, source, "--precision", "int4"])).Error.Should().Match("*imported *Tiny.gguf: int4 (*");
        (await cli.RunAsync("models", "remove", "tiny")).Should().Be(new Outcome(0, "", ""));
        (await cli.RunAsync([.. run, "tiny"])).ShouldRefuse("There is no model 'tiny'*");
        Directory.EnumerateFileSystemEntries(Path.Combine(cli.Cache, "models")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_checkpoint_folder_is_imported_with_its_tokenizer()
    {
        string source = cli.Copy("draft", "folder");
        (await cli.RunAsync("models", "import", source, "--name", "my-draft")).ExitCode.Should().Be(0);
        Directory.Delete(source, recursive: true);
        string[] run = ["run", "Once upon a time", "--max-tokens", "8", "--model"];
        (await cli.RunAsync([.. run, "my-draft"])).Should().Be(await cli.RunAsync([.. run, "draft"]));
        (await cli.RunAsync("models", "remove", "my-draft")).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task A_folder_with_one_GGUF_file_is_a_model()
    {
        string folder = cli.File("one");
        Directory.CreateDirectory(folder);
        GgufWriter.Chat().Save(Path.Combine(folder, "some.gguf"));
        (await cli.RunAsync("run", "--chat", "ab", "--max-tokens", "1", "--model", folder)).ExitCode.Should().Be(0);
        GgufWriter.Chat().Save(Path.Combine(folder, "other.gguf"));
        (await cli.RunAsync("run", "ab", "--model", folder)).ShouldRefuse(
            "*holds 2 GGUF files. Give one of them: other.gguf, some.gguf."
        );
    }

    [Fact]
    public async Task What_cannot_be_imported_is_refused_and_leaves_nothing()
    {
        string cache = cli.File("refused-cache");
        byte[] whole = GgufWriter.Chat().Write(out _);
        await RefuseAsync(whole[..(whole.Length / 2)], "*model.gguf: tensor '*' of * needs * the file has *download it again.");
        await RefuseAsync(whole[..100], "*model.gguf: *download it again.");
        await RefuseAsync("PK\u0003\u0004 this is an archive of something"u8.ToArray(), "*it does not begin with 'GGUF'*");
        await RefuseAsync(GgufWriter.Chat().Add("x", 10, new byte[84], 256), "*'x' has type Q2_K; supported are F32, F16*");
        await RefuseAsync(GgufWriter.Chat().Set("general.architecture", "mamba"), "*'mamba'*supported is llama*");
        await RefuseAsync(GgufWriter.Chat().Set("llama.embedding_length", 32u), "*has shape*");
        await RefuseAsync(
            GgufWriter.Chat().Set("tokenizer.ggml.pre", "klingon"),
            "*the pre-tokenizer 'klingon' (supported are *"
        );
        await RefuseAsync(GgufWriter.Chat().AddRandom("rope_freqs.weight", new Random(1), 5), "*rope_freqs.weight*");
        (await CommandLine.RunAsync(cache, ["models", "import", cli.File("nowhere")])).ShouldRefuse(
            "There is no file or folder *"
        );
        string source = GgufWriter.Chat().Save(cli.File("fine.gguf"));
        foreach (string name in new[] { "../up", "", ".hidden", "a/b" })
        {
            (await CommandLine.RunAsync(cache, ["models", "import", source, "--name", name])).ShouldRefuse(
                "'*' cannot be a model's name*"
            );
        }

        (await CommandLine.RunAsync(cache, ["models", "import", source, "--name", "target"])).ShouldRefuse(
            "'target' is the name of an embedded model.*"
        );
        (await CommandLine.RunAsync(cache, ["models", "remove", "target"])).ShouldRefuse("There is no imported model 'target'*");
        (await CommandLine.RunAsync(cache, ["models", "import", source, "--precision", "int3"])).ShouldRefuse(
            "--precision takes fp32 or int8 or int4; 'int3' is not that.*"
        );
        Entries("models").Should().BeEmpty();

        async Task RefuseAsync(object content, string message)
        {
            string path = cli.File("model.gguf");
            await File.WriteAllBytesAsync(
                path,
                content as byte[] ?? ((GgufWriter)content).Write(out _),
                TestContext.Current.CancellationToken
            );
            (await CommandLine.RunAsync(cache, ["models", "import", path])).ShouldRefuse(message);
            (await CommandLine.RunAsync(cache, ["run", "ab", "--model", path])).ShouldRefuse(message);
            Entries("models").Should().BeEmpty();
        }

        string[] Entries(string folder) =>
            Directory.Exists(Path.Combine(cache, folder)) ? Directory.GetFileSystemEntries(Path.Combine(cache, folder)) : [];
    }
}
