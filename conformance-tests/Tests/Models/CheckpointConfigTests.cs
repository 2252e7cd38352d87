using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Tests.Models;

public class CheckpointConfigTests
{
    [Theory]
    [InlineData("{}", "*'vocab_size' is missing*")]
    [InlineData("{\"vocab_size\": null}", "*'vocab_size' is missing*")]
    [InlineData("{\"vocab_size\": 0}", "*'vocab_size' is 0; it must be a whole number from 1 to*")]
    [InlineData("{\"vocab_size\": -5}", "*'vocab_size' is -5*")]
    [InlineData("{\"vocab_size\": 1e30}", "*'vocab_size' is 1e30*")]
    [InlineData("{\"vocab_size\": 12.5}", "*'vocab_size' is 12.5*")]
    [InlineData("{\"vocab_size\": \"many\"}", "*'vocab_size' is \"many\"*")]
    public void An_absurd_number_is_named(string json, string message)
    {
        Func<int> read = () => CheckpointConfig.Parse(json, "config.json").VocabularySize;
        read.Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Theory]
    [InlineData("{\"num_attention_heads\": 6, \"num_key_value_heads\": 4}", "*does not divide the 6 heads*")]
    [InlineData("{\"num_attention_heads\": 6, \"num_key_value_heads\": 7}", "*'num_key_value_heads' is 7*")]
    public void Heads_must_divide(string json, string message)
    {
        Func<int> read = () => CheckpointConfig.Parse(json, "config.json").KeyValueHeads;
        read.Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Theory]
    [InlineData("{\"num_attention_heads\": 6, \"hidden_size\": 64}", "*64 is not a multiple of 6 heads*")]
    [InlineData("{\"num_attention_heads\": 6, \"hidden_size\": 64, \"head_dim\": 7}", "*head size is 7*even*")]
    public void A_head_must_have_an_even_size(string json, string message)
    {
        Func<int> read = () => CheckpointConfig.Parse(json, "config.json").HeadSize;
        read.Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Theory]
    [InlineData("{\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8}}", "*'rope_scaling.low_freq_factor' is missing*")]
    [InlineData(
        "{\"rope_scaling\": {\"rope_type\": \"dynamic\"}}",
        "*'dynamic' is not supported; supported are default, linear, llama3*"
    )]
    [InlineData("{\"rope_scaling\": {\"type\": \"linear\", \"factor\": 0}}", "*'rope_scaling.factor' is 0*")]
    [InlineData("{\"rope_scaling\": 3}", "*'rope_scaling' is 3; it must be an object*")]
    [InlineData("{\"rope_theta\": -1}", "*'rope_theta' is -1*")]
    public void Rotary_positions_that_cannot_be_followed_are_refused(string json, string message)
    {
        Func<RotaryScaling> read = () => CheckpointConfig.Parse(json, "config.json").Rotary;
        read.Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Theory]
    [InlineData("[1]", "*must be a JSON object*")]
    [InlineData("{", "*not valid JSON*")]
    [InlineData("{\"a\": [\"\\ud800\"]}", "*not valid JSON*")]
    [InlineData("{\"\\ud800\": 1}", "*not valid JSON*")]
    public void What_is_no_object_is_refused(string json, string message)
    {
        Action parse = () => CheckpointConfig.Parse(json, "config.json");
        parse.Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"architectures\": []}")]
    [InlineData("{\"architectures\": [4]}")]
    [InlineData("{\"architectures\": \"LlamaForCausalLM\"}")]
    public void The_architecture_must_be_said(string json)
    {
        Func<string> read = () => CheckpointConfig.Parse(json, "config.json").Architecture;
        read.Should().Throw<CheckpointException>().WithMessage("*'architectures' must be a list*");
    }

    [Theory]
    [InlineData("{\"eos_token_id\": 5}", null, new[] { 5 })]
    [InlineData("{\"eos_token_id\": 5}", "{\"eos_token_id\": [7, 8]}", new[] { 7, 8 })]
    [InlineData("{\"eos_token_id\": [5, 6]}", "{\"bos_token_id\": 1}", new[] { 5, 6 })]
    [InlineData("{\"eos_token_id\": null}", "{\"eos_token_id\": -1}", new int[0])]
    public void End_ids_are_a_number_or_a_list_and_the_generation_file_wins(string config, string? generation, int[] expected)
    {
        CheckpointConfig model = CheckpointConfig.Parse("{\"vocab_size\": 10," + config[1..], "config.json");
        CheckpointConfig? other = generation is null ? null : CheckpointConfig.Parse(generation, "generation_config.json");
        GenerationConfig.From(model, other).EndTokenIds.Should().Equal(expected);
    }

    [Theory]
    [InlineData("\"two\"", "*generation_config.json: 'eos_token_id' is \"two\"*")]
    [InlineData("[2, null]", "*'eos_token_id' is [2, null]*")]
    [InlineData("10", "*beyond the vocabulary of 10*")]
    public void A_bad_end_id_is_refused(string value, string message)
    {
        CheckpointConfig model = CheckpointConfig.Parse("{\"vocab_size\": 10}", "config.json");
        CheckpointConfig generation = CheckpointConfig.Parse($"{{\"eos_token_id\": {value}}}", "generation_config.json");
        Action read = () => GenerationConfig.From(model, generation);
        read.Should().Throw<CheckpointException>().WithMessage(message);
    }
}
