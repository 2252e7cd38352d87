using System.Globalization;
using System.Text.Json.Nodes;
using Json.Schema;
using Tokenwright.Conformance;
using Tokenwright.Models;
using Tokenwright.Plugins.JsonSchema;
using Tokenwright.Plugins.Standard;
using Tokenwright.Tests.Models.Runtime;
using Tokenwright.Tests.Plugins.Drafting;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>
/// A schema with every drafter and rule, greedy and sampled: a text that ends by itself is valid for another implementation of JSON Schema,
/// formats asserted; what is exact by seed writes what plain decoding under the schema writes, but at near-ties. Sampled here; the long tier
/// takes all JSON prompts, and SmolLM2 too.
/// </summary>
[Collection("Reference models")]
public sealed class ValidDocumentTests(ReferenceModels models, ITestOutputHelper output)
{
    private const string Heading = """
        ## Documents of a schema

        A text that met the limit is no document; forwards count the prompt's.

        | model | drafter, rule | pick | texts | ended and valid | cut off at the limit | tokens | near-ties | forwards per token |
        |---|---|---|---|---|---|---|---|---|
        """;

    private static readonly EvaluationOptions Strict = new() { RequireFormatValidation = true };

    // Nothing but draft-model draws its drafts, which token and block ask for.
    private static readonly string[] Names =
    [
        "none, agree",
        "forced, agree",
        "prompt-lookup, agree",
        "suffix, agree",
        "token-recycling, agree",
        "aded, agree",
        "combined, agree",
        "combined all, agree",
        "combined over forced, agree",
        "draft-model, agree",
        "draft-model, token",
        "draft-model, block",
    ];

    public static TheoryData<string> Picks() => ["greedy", "sampled", "sampled, closed"];

    [Theory]
    [MemberData(nameof(Picks))]
    public Task The_reference_target_writes_valid_documents(string pick) =>
        Compose(
            models.Target,
            models.Draft,
            LongTier.IsOn ? PromptSchemas.Reference(models.Target) : PromptSchemas.Few(models.Target),
            seeds: LongTier.IsOn && pick != "greedy" ? 2 : 1,
            pick
        );

    [Theory]
    [MemberData(nameof(Picks))]
    public Task SmolLm2_writes_valid_documents(string pick)
    {
        LongTier.Only();
        var prompts = PromptSchemas.Chat(models.SmolLm2);
        return Compose(models.SmolLm2, models.SmolLm2Draft, pick == "sampled, closed" ? prompts[..4] : prompts, seeds: 1, pick);
    }

    private async Task Compose(
        LanguageModel model,
        LanguageModel draft,
        (int[] Prompt, string Schema)[] prompts,
        int seeds,
        string pick
    )
    {
        var plain = new List<Text>();
        var costs = new Dictionary<string, double>();
        int documents = 0;
        foreach (string name in Names)
        {
            // What a drafter learns from one text helps it with the next, as in a server.
            var stores = new SharedStores();
            int ended = 0;
            int nearTies = 0;
            int tokens = 0;
            int steps = 0;
            int count = prompts.Length * seeds;
            for (int i = 0; i < count; i++)
            {
                var (prompt, schema) = prompts[i % prompts.Length];
                int number = i;
                Request Make(string drafter) =>
                    With(drafter, draft, stores) with
                    {
                        Model = model.Model,
                        Vocabulary = model.Tokenizer,
                        Processors = Shape(pick),
                        Constraint = new JsonSchemaPart { Schema = schema, Close = pick == "sampled, closed" },
                        Randomness = new KeyedRandomness((ulong)number),
                        Prompt = prompt,
                        MaxTokens = Limit(model, pick),
                    };

                var text = await Run.TextAsync(Make(name), TestContext.Current.CancellationToken);
                tokens += text.Tokens.Count;
                steps += text.Statistics.Steps;
                if (text.Reason == FinishReason.Stop)
                {
                    ended++;
                    string document = model.Tokenizer!.Decode([.. text.Tokens]);
                    Json.Schema.JsonSchema.FromText(schema)
                        .Evaluate(JsonNode.Parse(document), Strict)
                        .IsValid.Should()
                        .BeTrue("{0}, {1}, text {2}: {3}", name, pick, i, document);
                }
                else
                {
                    text.Reason.Should().Be(FinishReason.Length);
                    pick.Should().NotBe("sampled, closed", "a text that is closed ends in time");
                }

                if (plain.Count < count)
                {
                    plain.Add(text);
                }
                else if (pick == "greedy" || name.EndsWith("agree", StringComparison.Ordinal))
                {
                    nearTies += await PartsAtNearTie(name, i, plain[i], text, () => Make(Names[0])) ? 1 : 0;
                }
            }

            costs[name] = (double)steps / tokens;
            LongTier.Report(
                output,
                Heading,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {model.Model.Info.Name} | {name} | {pick} | {count} | {ended} | {count - ended} | {tokens} | {nearTies} | {costs[name]:0.00} |"
                )
            );
            documents += ended;
            nearTies.Should().BeLessThanOrEqualTo(NearTies.Most(tokens));
        }

        documents.Should().BeGreaterThanOrEqualTo(Names.Length);
        costs["none, agree"].Should().BeApproximately(1, 0.01);
        costs["forced, agree"].Should().BeLessThanOrEqualTo(0.9);
        if (LongTier.IsOn)
        {
            costs["combined over forced, agree"].Should().BeLessThan(costs["forced, agree"]);
        }
    }

    private static async Task<bool> PartsAtNearTie(string name, int number, Text plain, Text drafted, Func<Request> request)
    {
        int same = plain.Tokens.ToArray().AsSpan().CommonPrefixLength(drafted.Tokens.ToArray());
        if (same == plain.Tokens.Count && same == drafted.Tokens.Count)
        {
            drafted.Reason.Should().Be(plain.Reason);
            return false;
        }

        same.Should().BeLessThan(drafted.Tokens.Count, "{0}, text {1} ends early", name, number);
        (await NearTies.IsOneAsync(request(), same, drafted.Tokens[same]))
            .Should()
            .BeTrue("{0}, text {1} parts at token {2}, where plain decoding is sure", name, number, same);
        return true;
    }

    private static Request With(string name, LanguageModel draft, SharedStores stores)
    {
        string[] parts = name.Split(", ");
        return new Request
        {
            Model = draft.Model,
            Models = new OneModel(draft.Model),
            Loop = new DraftThenVerify(),
            Verifier = parts[1] switch
            {
                "token" => new Token(),
                "block" => new Block(),
                _ => new Agree(),
            },
            Drafter = parts[0] switch
            {
                "none" => null,
                "forced" => new Forced(),
                "combined over forced" => Drafters.Combine(16, "forced", "suffix", "token-recycling"),
                "draft-model" => Drafters.Make("draft-model", 4),
                var other => Drafters.Make(other, 16),
            },
            Stores = stores,
            Randomness = new KeyedRandomness(0),
            Prompt = default,
            MaxTokens = 1,
        };
    }

    private static ILogitsProcessor[] Shape(string pick) =>
        pick == "greedy" ? [new Temperature()] : [new Temperature { Value = 0.9 }, new TopPCut { Value = 0.95 }];

    // A closed text has so few that the limit matters.
    private int Limit(LanguageModel model, string pick) =>
        pick == "sampled, closed" ? (model == models.Target ? 72 : 120)
        : LongTier.IsOn ? (model == models.Target ? 200 : 256)
        : 100;
}
