using System.Text.Json.Nodes;
using Tokenwright.Conformance;
using Tokenwright.Plugins.Combined;
using Tokenwright.Plugins.DraftModel;
using Tokenwright.Plugins.JsonSchema;
using Tokenwright.Plugins.Standard;
using Tokenwright.Tests.Models.Runtime;
using Tokenwright.Tests.Plugins.Drafting;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>Texts of the reference model that end by themselves, judged by another implementation of JSON Schema.</summary>
[Collection("Reference models")]
public sealed class ValidDocumentTests(ReferenceModels models)
{
    private static readonly string[] Schemas =
    [
        """{"type":"object","properties":{"name":{"type":"string","maxLength":12},"tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":3,"uniqueItems":true}},"required":["name","tags"],"additionalProperties":false}""",
        """{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer","minimum":1,"maximum":99},"ok":{"type":"boolean"}},"required":["id"],"additionalProperties":false,"dependentRequired":{"ok":["id"]}},"minItems":1,"maxItems":2}""",
        """{"type":"object","properties":{"kind":{"enum":["circle","square"]},"size":{"type":"number","exclusiveMinimum":0,"maximum":9}},"required":["kind"],"if":{"properties":{"kind":{"const":"circle"}}},"then":{"required":["size"]},"additionalProperties":false}""",
    ];

    public static MatrixTheoryData<string, string> Cases() =>
        new(
            [
                "none",
                "forced",
                "prompt-lookup",
                "suffix",
                "token-recycling",
                "aded",
                "combined with forced",
                "draft-model agree",
                "draft-model token",
                "draft-model block",
            ],
            ["greedy", "sampled", "sampled, closed"]
        );

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_text_that_ends_by_itself_is_a_valid_document(string drafter, string way)
    {
        bool isClosed = way == "sampled, closed";
        double temperature = way == "greedy" ? 0 : 0.9;
        var model = models.Target;
        int ended = 0;
        foreach (string schema in Schemas)
        {
            var judge = Json.Schema.JsonSchema.FromText(schema);
            var text = await Run.TextAsync(
                new Request
                {
                    Model = model.Model,
                    Vocabulary = model.Tokenizer,
                    Models = new OneModel(models.Draft.Model),
                    Loop = new DraftThenVerify(),
                    Verifier = drafter switch
                    {
                        "draft-model token" => new Token(),
                        "draft-model block" => new Block(),
                        _ => new Agree(),
                    },
                    Drafter = Drafter(drafter),
                    Processors = [new Temperature { Value = temperature }],
                    Constraint = new JsonSchemaPart { Schema = schema, Close = isClosed },
                    Randomness = new KeyedRandomness(5),
                    Prompt = model.Tokenizer!.Encode("<|user|>Describe a cat.<|assistant|>").ToArray(),
                    MaxTokens = isClosed ? 24 : 100,
                },
                TestContext.Current.CancellationToken
            );
            if (text.Reason != FinishReason.Stop)
            {
                isClosed.Should().BeFalse("a text that is closed ends in time");
                continue;
            }

            ended++;
            string document = model.Tokenizer.Decode([.. text.Tokens]);
            judge.Evaluate(JsonNode.Parse(document)).IsValid.Should().BeTrue(document);
        }

        ended.Should().BePositive();
    }

    private static IDrafter? Drafter(string name) =>
        name switch
        {
            "none" => null,
            "forced" => new Forced(),
            "combined with forced" => new CombinedDrafter
            {
                Nodes = 16,
                DrafterIds = ["forced", "suffix"],
                Drafters = [new Forced(), Drafters.Make("suffix", 8)],
            },
            _ when name.StartsWith("draft-model", StringComparison.Ordinal) => new DraftModelDrafter { Nodes = 4 },
            _ => Drafters.Make(name, 8),
        };
}
