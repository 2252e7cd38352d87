using System.Numerics.Tensors;
using System.Text.Json;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Tests.Models;

public class LlamaGraphTests(ITestOutputHelper output)
{
    private const double NearTie = 0.001;

    [Theory]
    [InlineData("target", true)]
    [InlineData("target", false)]
    [InlineData("draft", true)]
    [InlineData("draft", false)]
    public void Reference_logits_are_those_of_PyTorch(string model, bool tree)
    {
        BuiltGraph graph = ModelFiles.Graph(ModelFiles.Reference(model), new GraphOptions { Tree = tree });
        using GraphRunner runner = new(graph);
        string golden = Path.Combine(ModelFiles.Golden, "reference", model);
        int[] ids = ModelFiles.Ids(ModelFiles.Json(Path.Combine(golden, "golden.json")).GetProperty("logits_ids"));
        float[][] expected = ModelFiles.Matrix(Path.Combine(golden, "logits.npy"));

        CompareInOneForward(runner, ids, expected, 2e-4f);
        CompareTokenByToken(runner, ids, expected, 2e-4f);
    }

    [Theory]
    [InlineData("target")]
    [InlineData("draft")]
    public void Reference_greedy_texts_are_those_of_PyTorch(string model)
    {
        BuiltGraph graph = ModelFiles.Graph(ModelFiles.Reference(model), new GraphOptions());
        using GraphRunner runner = new(graph);
        JsonElement golden = ModelFiles.Json(Path.Combine(ModelFiles.Golden, "reference", model, "golden.json"));
        int nearTies = 0;
        foreach (JsonElement row in golden.GetProperty("rows").EnumerateArray())
        {
            int[] greedy = ModelFiles.Ids(row.GetProperty("greedy"));
            nearTies += CompareGreedy(
                runner,
                ModelFiles.Ids(row.GetProperty("prompt_ids")),
                greedy,
                row.GetProperty("greedy_margin")
            );
        }

        output.WriteLine($"{model}: {golden.GetProperty("rows").GetArrayLength()} texts, {nearTies} left at a near-tie");
        nearTies.Should().BeLessThanOrEqualTo(1);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("llama-tied-llama3-rope")]
    public void Small_checkpoints_give_the_logits_and_texts_of_transformers(string model)
    {
        string folder = ModelFiles.HuggingFaceGolden(model);
        JsonElement golden = ModelFiles.Json(Path.Combine(folder, "golden.json"));
        int[] ids = ModelFiles.Ids(golden.GetProperty("input_ids"));
        float[][] expected = ModelFiles.Matrix(Path.Combine(folder, "golden_logits.npy"));
        foreach (bool tree in new[] { true, false })
        {
            using GraphRunner runner = new(ModelFiles.Graph(folder, new GraphOptions { Tree = tree }));
            CompareInOneForward(runner, ids, expected, 2e-4f);
            CompareTokenByToken(runner, ids, expected, 2e-4f);
            CompareGreedy(
                    runner,
                    ids[..golden.GetProperty("prompt_length").GetInt32()],
                    ModelFiles.Ids(golden.GetProperty("greedy")),
                    golden.GetProperty("greedy_margin")
                )
                .Should()
                .Be(0);
        }
    }

    [Fact]
    public void A_window_is_refused_until_the_context_fits_in_it()
    {
        string folder = ModelFiles.HuggingFaceGolden("mistral-window");
        Action build = () => ModelFiles.Graph(folder, new GraphOptions());
        build.Should().Throw<CheckpointException>().WithMessage("*'sliding_window' is 16*context length of at most 16*");

        using GraphRunner runner = new(ModelFiles.Graph(folder, new GraphOptions { ContextLength = 16 }));
        int[] ids = ModelFiles.Ids(ModelFiles.Json(Path.Combine(folder, "golden.json")).GetProperty("input_ids"))[..16];
        CompareInOneForward(runner, ids, ModelFiles.Matrix(Path.Combine(folder, "golden_logits.npy"))[..16], 2e-4f);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Heads_of_eight_and_interleaved_positions_tell_the_published_story(bool tree)
    {
        string folder = Path.Combine(ModelFiles.Golden, "stories260K");
        Llama2cCheckpoint stories = new(Path.Combine(folder, "stories260K.bin"));
        GraphOptions options = new() { Tree = tree };
        BuiltGraph graph = ModelFiles.Cache.Get(
            "stories260K",
            options,
            target =>
                GraphBuilder.Build(
                    stories.Config,
                    stories.Generation,
                    stories,
                    options,
                    target,
                    TestContext.Current.CancellationToken
                )
        );
        graph.Manifest.HeadSize.Should().Be(8);
        graph.Manifest.PaddedHeadSize.Should().Be(16);
        using GraphRunner runner = new(graph);
        JsonElement golden = ModelFiles.Json(Path.Combine(folder, "golden.json"));
        int[] ids = ModelFiles.Ids(golden.GetProperty("ids"));

        CompareGreedy(runner, ids[..1], ids[1..], golden.GetProperty("margin")).Should().Be(0);
    }

    [Fact]
    public void Heads_that_are_no_multiple_of_sixteen_are_padded_without_changing_a_logit()
    {
        using TemporaryFolder folder = new();
        RandomLlama.Write(folder.Path, headSize: 12, extra: "\"attention_bias\": true, \"mlp_bias\": true");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using GraphRunner runner = new(ModelFiles.Graph(folder.Path, new GraphOptions()));
        int[] ids = [3, 14, 15, 9, 2, 6, 5, 35];
        float[][] expected = PlainLlama.Logits(checkpoint.Config, checkpoint, ids);

        CompareInOneForward(runner, ids, expected, 2e-4f);
        CompareTokenByToken(runner, ids, expected, 2e-4f);
    }

    [Theory]
    [InlineData("\"rope_scaling\": {\"type\": \"linear\", \"factor\": 4.0}")]
    [InlineData("\"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 4.0, \"rope_theta\": 5000.0}")]
    [InlineData("\"tie_word_embeddings\": true")]
    public void Configurations_agree_with_the_definition(string extra)
    {
        using TemporaryFolder folder = new();
        RandomLlama.Write(folder.Path, headSize: 16, extra);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using GraphRunner runner = new(ModelFiles.Graph(folder.Path, new GraphOptions()));
        int[] ids = [3, 14, 15, 9, 2, 6, 5, 35];
        CompareTokenByToken(runner, ids, PlainLlama.Logits(checkpoint.Config, checkpoint, ids), 2e-4f);
    }

    [Fact]
    public void Inputs_and_outputs_have_the_names_of_the_contract()
    {
        using GraphRunner tree = new(ModelFiles.Graph(ModelFiles.Reference("draft"), new GraphOptions()));
        string[] caches = ["0.key", "0.value", "1.key", "1.value"];
        string[] plain =
        [
            "input_ids",
            "seqlens_k",
            "total_sequence_length",
            "logit_rows",
            .. caches.Select(name => "past_key_values." + name),
        ];
        tree.InputNames.Should().BeEquivalentTo([.. plain, "position_ids", "tree_bias", "past_length"]);
        tree.OutputNames.Should().BeEquivalentTo(["logits", .. caches.Select(name => "present." + name)]);

        using GraphRunner chain = new(ModelFiles.Graph(ModelFiles.Reference("draft"), new GraphOptions { Tree = false }));
        chain.InputNames.Should().BeEquivalentTo(plain);
    }

    [Theory]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0}", "*'yarn' is not supported*linear*llama3*")]
    [InlineData("\"hidden_act\": \"gelu\"", "*'hidden_act' is 'gelu'*")]
    [InlineData("\"quantization_config\": {}", "*quantised*")]
    [InlineData(
        "\"architectures\": [\"MambaForCausalLM\"]",
        "*'MambaForCausalLM' is not supported*LlamaForCausalLM, MistralForCausalLM*"
    )]
    [InlineData("\"num_hidden_layers\": 1", "*tensors have no place*model.layers.1.*")]
    [InlineData("\"num_hidden_layers\": 3", "*tensor 'model.layers.2.*' is missing*")]
    [InlineData("\"vocab_size\": 41", "*'model.embed_tokens.weight' has shape [40, *implies [41, *")]
    public void What_cannot_be_built_is_refused_by_name(string extra, string message)
    {
        using TemporaryFolder folder = new();
        RandomLlama.Write(folder.Path, headSize: 16, extra);
        Action build = () => ModelFiles.Graph(folder.Path, new GraphOptions());
        build.Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2048)]
    public void A_context_beyond_the_models_own_is_refused(int context)
    {
        Action build = () => ModelFiles.Graph(ModelFiles.Reference("draft"), new GraphOptions { ContextLength = context });
        build.Should().Throw<CheckpointException>().WithMessage($"*context of {context} tokens*Ask for 1 to 1024*");
    }

    private static void CompareInOneForward(GraphRunner runner, int[] ids, float[][] expected, float tolerance)
    {
        runner.Length = 0;
        float[][] rows = runner.Forward(ids);
        for (int row = 0; row < ids.Length; row++)
        {
            Distance(rows[row], expected[row]).Should().BeLessThan(tolerance, "row {0}", row);
        }
    }

    private static void CompareTokenByToken(GraphRunner runner, int[] ids, float[][] expected, float tolerance)
    {
        for (runner.Length = 0; runner.Length < ids.Length; runner.Length++)
        {
            Distance(runner.Forward([ids[runner.Length]])[0], expected[runner.Length]).Should().BeLessThan(tolerance);
        }
    }

    // The number of texts that leave the golden one at a near-tie; anywhere else is a failure.
    private static int CompareGreedy(GraphRunner runner, int[] prompt, int[] expected, JsonElement margins)
    {
        List<int> tokens = runner.Greedy(prompt, expected.Length);
        int same = tokens.Zip(expected).TakeWhile(pair => pair.First == pair.Second).Count();
        if (same == expected.Length)
        {
            return 0;
        }

        margins[same].GetDouble().Should().BeLessThan(NearTie, "the texts part at token {0}", same);
        return 1;
    }

    private static float Distance(float[] left, float[] right)
    {
        float[] difference = new float[left.Length];
        TensorPrimitives.Subtract(left, right, difference);
        return TensorPrimitives.MaxMagnitude<float>(difference) is var most ? MathF.Abs(most) : 0;
    }
}
