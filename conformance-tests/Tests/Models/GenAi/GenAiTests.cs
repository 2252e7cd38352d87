using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Tokenwright.Models;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.GenAi;
using Tokenwright.Models.Onnx;
using Tokenwright.Models.Tokenizers;
using Tokenwright.Tests.Models.Runtime;

namespace Tokenwright.Tests.Models.GenAi;

/// <summary>Folders in the layout of ONNX Runtime GenAI: what is written, what is run, what is refused.</summary>
[Collection("Reference models")]
public sealed class GenAiTests(ReferenceModels models)
{
    private const string Config = "genai_config.json";

    [Fact]
    public void An_export_says_what_its_graph_is()
    {
        using TemporaryFolder folder = new();
        RandomLlama.Write(folder.Path, headSize: 8, "\"pad_token_id\": 4");
        string export = folder.File("export");
        GenAiExport.Write(folder.Path, export);

        JsonElement model = ModelFiles.Json(Path.Combine(export, Config)).GetProperty("model");
        model.GetProperty("type").GetString().Should().Be("llama");
        model.GetProperty("vocab_size").GetInt32().Should().Be(40);
        model.GetProperty("context_length").GetInt32().Should().Be(64);
        model.GetProperty("bos_token_id").GetInt32().Should().Be(1);
        ModelFiles.Ids(model.GetProperty("eos_token_id")).Should().Equal(2, 3);
        model.GetProperty("pad_token_id").GetInt32().Should().Be(4);
        JsonElement decoder = model.GetProperty("decoder");
        decoder.GetProperty("head_size").GetInt32().Should().Be(16, "the cache holds padded heads");
        decoder.GetProperty("num_attention_heads").GetInt32().Should().Be(4);
        decoder.GetProperty("num_key_value_heads").GetInt32().Should().Be(2);
        decoder.GetProperty("num_hidden_layers").GetInt32().Should().Be(2);
        decoder.GetProperty("hidden_size").GetInt32().Should().Be(32);
        JsonElement search = ModelFiles.Json(Path.Combine(export, Config)).GetProperty("search");
        search.GetProperty("past_present_share_buffer").GetBoolean().Should().BeTrue();
        search.GetProperty("max_length").GetInt32().Should().Be(64);

        var graph = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(export, "model.onnx"))).Graph;
        JsonElement inputs = decoder.GetProperty("inputs");
        graph
            .Input.Select(input => input.Name)
            .Should()
            .BeEquivalentTo([
                inputs.GetProperty("input_ids").GetString()!,
                inputs.GetProperty("attention_mask").GetString()!,
                .. Layers(inputs, "past_key_names"),
                .. Layers(inputs, "past_value_names"),
            ]);
        JsonElement outputs = decoder.GetProperty("outputs");
        graph
            .Output.Select(output => output.Name)
            .Should()
            .BeEquivalentTo([
                outputs.GetProperty("logits").GetString()!,
                .. Layers(outputs, "present_key_names"),
                .. Layers(outputs, "present_value_names"),
            ]);
        Directory.GetFileSystemEntries(export).Should().HaveCount(3, "there is no tokenizer to copy");

        static IEnumerable<string> Layers(JsonElement names, string which) =>
            new[] { "0", "1" }.Select(i => names.GetProperty(which).GetString()!.Replace("%d", i, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exported_graph_writes_the_tokens_of_our_own(bool allLogits)
    {
        using TemporaryFolder folder = new();
        using var exported = Export(Repository.ReferenceModel("target"), folder, new() { AllLogits = allLogits });
        exported.Tokenizer.Should().NotBeNull();
        exported.Model.Info.EndTokens.ToArray().Should().Equal(models.Target.Model.Info.EndTokens.ToArray());
        exported.Model.Capabilities.HasFlag(Capabilities.Tree).Should().BeFalse();
        exported.Model.Explain(Capabilities.Tree).Should().Contain("ONNX Runtime GenAI");
        foreach (string text in new[] { "The market was bustling with", "Once upon a time" })
        {
            int[] prompt = [.. exported.Tokenizer!.Encode(text)];
            int[] expected = await PlainDecoding.GreedyAsync(models.Target, prompt, 64);
            (await PlainDecoding.GreedyAsync(exported, prompt, 64)).Should().Equal(expected);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_row_has_its_logits_even_where_the_graph_scores_only_the_last(bool allLogits)
    {
        using TemporaryFolder folder = new();
        using var exported = Export(Repository.ReferenceModel("target"), folder, new() { AllLogits = allLogits });
        using var expected = models.Target.Model.CreateSequence();
        using var actual = exported.Model.CreateSequence();
        foreach (int[] tokens in new int[][] { [453, 1471, 330], [3128, 349, 271, 3447], [16] })
        {
            await Feed(models.Target.Model, expected, tokens);
            await Feed(exported.Model, actual, tokens);
            for (int row = 0; row < tokens.Length; row++)
            {
                float[] difference =
                [
                    .. expected.Rows.Logits(row).ToArray().Zip(actual.Rows.Logits(row).ToArray(), (a, b) => Math.Abs(a - b)),
                ];
                difference.Max().Should().BeLessThan(1e-3f);
            }

            expected.Commit(tokens.Length);
            actual.Commit(tokens.Length);
        }
    }

    [Fact]
    public async Task Other_names_of_inputs_and_outputs_are_honoured()
    {
        using TemporaryFolder folder = new();
        RandomLlama.Write(folder.Path, headSize: 16);
        string export = folder.File("export");
        GenAiExport.Write(folder.Path, export);
        int[] expected;
        using (var plain = LanguageModel.Open(export))
        {
            expected = await PlainDecoding.GreedyAsync(plain, [1, 7, 9], 20);
        }

        string file = Path.Combine(export, "model.onnx");
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(file));
        foreach (var value in model.Graph.Input.Concat(model.Graph.Output))
        {
            value.Name = "x." + value.Name;
        }

        foreach (var names in model.Graph.Node.SelectMany(node => new[] { node.Input, node.Output }))
        {
            for (int i = 0; i < names.Count; i++)
            {
                bool isRenamed = model.Graph.Input.Concat(model.Graph.Output).Any(value => value.Name == "x." + names[i]);
                names[i] = isRenamed ? "x." + names[i] : names[i];
            }
        }

        File.WriteAllBytes(Path.Combine(export, "decoder.onnx"), model.ToByteArray());
        File.Delete(file);
        Edit(
            export,
            config =>
            {
                var decoder = config["model"]!["decoder"]!;
                decoder["filename"] = "decoder.onnx";
                foreach (string side in new[] { "inputs", "outputs" })
                {
                    foreach (var (key, name) in decoder[side]!.AsObject().ToArray())
                    {
                        decoder[side]![key] = "x." + name!.GetValue<string>();
                    }
                }

                config["model"]!["eos_token_id"] = 2;
            }
        );
        using var renamed = LanguageModel.Open(export);
        (await PlainDecoding.GreedyAsync(renamed, [1, 7, 9], 20)).Should().Equal(expected);
        renamed.Model.Info.EndTokens.ToArray().Should().Equal(2);
    }

    [Fact]
    public void What_cannot_be_run_is_refused_by_name()
    {
        using TemporaryFolder folder = new();
        RandomLlama.Write(folder.Path, headSize: 16);
        string export = folder.File("export");
        GenAiExport.Write(folder.Path, export);
        string whole = File.ReadAllText(Path.Combine(export, Config));

        Refused<CheckpointException>(c => c["search"]!["past_present_share_buffer"] = false, "*past_present_share_buffer*");
        Refused<CheckpointException>(c => c["model"]!["decoder"]!["filename"] = "../model.onnx", "*not a file of this folder*");
        Refused<CheckpointException>(c => c["model"]!["decoder"]!["filename"] = "other.onnx", "*no other.onnx*");
        Refused<CheckpointException>(c => c["model"]!.AsObject().Remove("decoder"), "*decoder of token ids*");
        Refused<CheckpointException>(c => c["model"]!["eos_token_id"] = "two", "*decoder of token ids*");
        Refused<CheckpointException>(c => c["model"]!["decoder"]!["num_hidden_layers"] = 0, "*below 1*");
        Refused<InvalidOperationException>(
            c => c["model"]!["decoder"]!["num_key_value_heads"] = 4,
            "*past_key_values.0.key* 2, -1, 16]*"
        );
        Refused<InvalidOperationException>(
            c => c["model"]!["decoder"]!["num_hidden_layers"] = 1,
            "*past_key_values.1.key*not fed*"
        );
        Refused<InvalidOperationException>(c => c["model"]!["vocab_size"] = 41, "*logits*");

        void Refused<TError>(Action<JsonObject> change, string message)
            where TError : Exception
        {
            File.WriteAllText(Path.Combine(export, Config), whole);
            Edit(export, change);
            var open = () => LanguageModel.Open(export);
            open.Should().Throw<TError>().WithMessage(message);
        }
    }

    [Fact]
    public void A_folder_is_replaced_only_on_demand_and_only_by_a_whole_one()
    {
        using TemporaryFolder folder = new();
        string source = Directory.CreateDirectory(folder.File("source")).FullName;
        RandomLlama.Write(source, headSize: 16);
        string export = Directory.CreateDirectory(folder.File("export")).FullName;
        string mine = Path.Combine(export, "mine.txt");
        File.WriteAllText(mine, "mine");

        Write(source).Should().Throw<IOException>().WithMessage("*export holds something already*--force*");
        Write(source, onto: source, replace: true).Should().Throw<IOException>().WithMessage("*the checkpoint itself*");
        Write(folder.File("nothing"), replace: true).Should().Throw<CheckpointException>();
        string weights = Path.Combine(source, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        File.WriteAllBytes(weights, bytes[..^100]);
        Write(source, replace: true).Should().Throw<CheckpointException>();
        File.ReadAllText(mine).Should().Be("mine");
        Names().Should().Equal("export", "source");

        File.WriteAllBytes(weights, bytes);
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        var stopped = () => GenAiExport.Write(source, export, new() { Replace = true }, cancelled.Token);
        stopped.Should().Throw<OperationCanceledException>();
        File.ReadAllText(mine).Should().Be("mine");

        Write(source, replace: true).Should().NotThrow();
        File.Exists(mine).Should().BeFalse();
        GenAiFolder.Is(export).Should().BeTrue();
        Names().Should().Equal("export", "source");

        Action Write(string checkpoint, string? onto = null, bool replace = false) =>
            () => GenAiExport.Write(checkpoint, onto ?? export, new GenAiExportOptions { Replace = replace });

        IEnumerable<string> Names() =>
            Directory.EnumerateFileSystemEntries(folder.Path).Select(path => Path.GetFileName(path)!).Order();
    }

    [Fact]
    public async Task A_gguf_file_brings_its_tokenizer_and_its_chat_template()
    {
        string gguf = Repository.Shared("models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");
        using TemporaryFolder folder = new();
        using var exported = Export(gguf, folder, new() { Precision = WeightPrecision.Int4 });
        foreach (JsonElement row in ModelFiles.Json(Path.Combine(gguf, "..", "tokenizer-golden.json")).EnumerateArray())
        {
            exported
                .Tokenizer!.Encode(row.GetProperty("text").GetString()!)
                .Should()
                .Equal(ModelFiles.Ids(row.GetProperty("ids")));
        }

        var known = Tokenizer.Load(gguf);
        exported.Tokenizer!.Size.Should().Be(known.Size);
        exported.Chat!.Prompt([new("user", "Hi")]).Should().StartWith("<|im_start|>system").And.Contain("Hi");
        int[] prompt = [.. exported.Tokenizer.Encode("The capital of France is")];
        (await PlainDecoding.GreedyAsync(exported, prompt, 8)).Should().HaveCount(8);
    }

    private static LanguageModel Export(string checkpoint, TemporaryFolder folder, GenAiExportOptions options)
    {
        string export = folder.File("export");
        GenAiExport.Write(checkpoint, export, options);
        return LanguageModel.Open(export, new LanguageModelOptions { CacheFolder = folder.File("cache") });
    }

    private static async Task Feed(ICausalModel model, ISequence sequence, int[] tokens)
    {
        var item = new ForwardItem
        {
            Sequence = sequence,
            Tokens = tokens,
            Wanted = new Wanted(Logits: RowSelection.All),
        };
        await model.ForwardAsync(new[] { item }, TestContext.Current.CancellationToken);
    }

    private static void Edit(string export, Action<JsonObject> change)
    {
        string file = Path.Combine(export, Config);
        var config = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        change(config);
        File.WriteAllText(file, config.ToJsonString());
    }
}
