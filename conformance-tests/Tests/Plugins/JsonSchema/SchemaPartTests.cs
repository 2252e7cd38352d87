using System.Text.Json;
using Tokenwright.Plugins.JsonSchema;
using Tokenwright.Plugins.Standard;
using Tokenwright.Plugins.Suffix;
using Tokenwright.Tests.Models.Runtime;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>Constraints in whole generations of the reference model.</summary>
[Collection("Reference models")]
public sealed class SchemaPartTests(ReferenceModels models)
{
    private const string Schema =
        """{"type":"object","properties":{"name":{"type":"string","maxLength":12},"tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":3}},"required":["name","tags"],"additionalProperties":false}""";

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.9)]
    public async Task A_document_that_ends_by_itself_is_valid_and_the_same_with_and_without_a_draft(double temperature)
    {
        string plain = await Generate(new JsonSchemaPart { Schema = Schema }, temperature, drafter: null);
        string drafted = await Generate(new JsonSchemaPart { Schema = Schema }, temperature, new SuffixDrafter());

        drafted.Should().Be(plain);
        using var document = JsonDocument.Parse(plain);
        document.RootElement.GetProperty("name").GetString()!.Length.Should().BeLessThanOrEqualTo(12);
        document.RootElement.GetProperty("tags").GetArrayLength().Should().BeLessThanOrEqualTo(3);
        document.RootElement.EnumerateObject().Count().Should().Be(2);
    }

    [Fact]
    public async Task A_choice_is_one_of_the_list()
    {
        string text = await Generate(new ChoicesPart { Choices = ["red", "green", "greenish"] }, 0.9, drafter: null);
        text.Should().BeOneOf("red", "green", "greenish");
    }

    [Fact]
    public async Task A_pattern_is_matched_whole()
    {
        string text = await Generate(new RegexPart { Pattern = "[0-9]{3}-[0-9]{4}" }, 0.9, drafter: null);
        text.Should().MatchRegex("^[0-9]{3}-[0-9]{4}$");
    }

    [Fact]
    public async Task What_cannot_be_enforced_is_refused_before_the_first_token()
    {
        var act = () => Generate(new JsonSchemaPart { Schema = """{"type":"string","pattern":"(a)\\1"}""" }, 0, drafter: null);
        (await act.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*pattern*");
        var missing = () => Generate(new JsonSchemaPart { Schema = "no-such.json" }, 0, drafter: null);
        (await missing.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*no-such.json*");
    }

    private async Task<string> Generate(ITokenConstraint constraint, double temperature, IDrafter? drafter)
    {
        var model = models.Target;
        var context = new PartContext { Target = model.Model, Vocabulary = model.Tokenizer };
        await constraint.PrepareAsync(context);
        if (drafter is not null)
        {
            await drafter.PrepareAsync(context);
        }

        int[] prompt = [.. model.Tokenizer!.Encode("<|user|>Describe a cat.<|assistant|>")];
        var generation = new Generation(
            new GenerationSetup
            {
                Target = model.Model,
                Prompt = prompt,
                Shape = new ShapeChain(
                    [new("temperature", new Temperature { Value = temperature })],
                    constraint,
                    model.Model.Info
                ),
                Drafter = drafter,
                Verifier = new Agree(),
                Randomness = new KeyedRandomness(11),
                MaxTokens = 400,
            }
        );
        await foreach (var _ in new DraftThenVerify().RunAsync(generation)) { }

        generation.FinishReason.Should().Be(FinishReason.Stop);
        return model.Tokenizer.Decode(generation.Tokens[prompt.Length..]);
    }
}
