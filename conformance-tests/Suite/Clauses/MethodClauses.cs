using Tokenwright.Host;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Conformance;

/// <summary>What holds for decoding methods: recipes of parts.</summary>
[Clauses(Seam.Method)]
internal static class MethodClauses
{
    private static readonly int[] Prompt = [3, 1, 4];

    [Clause(
        "MET-001",
        Level.Behaves,
        "The planner accepts the method where nothing is missing, and says what is missing where something is.",
        Why = "A recipe that names a part nobody has, or parts that do not fit, fails at the user's first request.",
        How = "The method is planned over a table that can do everything, with the plugin and the standard parts.",
        Failure = "What the planner refuses, in its words."
    )]
    internal static async Task IsPlanned(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        var loaded = new LoadedModel(model, Models: new OneModel(TableModel.Random(12, 1, trial.Seed + 1)));
        trial.Case = "a table with every capability";
        try
        {
            using var plan = await trial
                .Plugin.Host.PlanAsync(
                    loaded,
                    new GenerationRequest
                    {
                        Method = trial.Part.Id,
                        Options = trial.Sample.Options.ToDictionary(one => one.Key, one => one.Value),
                    },
                    trial.Cancellation
                )
                .ConfigureAwait(false);
        }
        catch (PlanException refusal)
        {
            trial.Break(refusal.Message);
        }
    }

    [Clause(
        "MET-010",
        Level.Greedy,
        "At temperature 0 the tokens are those of plain greedy decoding.",
        Why = "The method declares it.",
        How = "Tables of 12 tokens, texts of 48 and budgets of 1 to 8, with the parts that the recipe names.",
        Failure = "The output position where the text parts, the token that ought to come and the one that came.",
        Needs = Lossless.Greedy
    )]
    internal static async Task IsGreedy(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        foreach (int most in new[] { 1, 2, 3, 5, 8, 48 })
        {
            await Compare
                .TextsAsync(
                    trial,
                    $"greedy, budget {most}",
                    2,
                    randomness => Plain(model, Prompt, most, randomness, new Temperature()),
                    randomness => Tried(trial, Plain(model, Prompt, most, randomness, new Temperature()))
                )
                .ConfigureAwait(false);
        }
    }

    [Clause(
        "MET-011",
        Level.Greedy,
        "A seed has the text of plain sampling.",
        Why = "The method declares it.",
        How = "Tables of 12 tokens, five shapes, four seeds.",
        Failure = "The output position where the text of a seed parts from that of plain decoding.",
        Needs = Lossless.Seed
    )]
    internal static async Task KeepsTheSeed(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        foreach (string shape in new[] { "plain", "cold", "hot", "top-p", "all" })
        {
            await Compare
                .TextsAsync(
                    trial,
                    shape,
                    4,
                    randomness => Plain(model, Prompt, 48, randomness, Shape(shape)),
                    randomness => Tried(trial, Plain(model, Prompt, 48, randomness, Shape(shape)))
                )
                .ConfigureAwait(false);
        }
    }

    [Clause(
        "MET-020",
        Level.Law,
        "The text has the law of plain sampling.",
        Why = "The method declares it.",
        How = "Every outcome of every draw is enumerated, four output tokens of a table of three.",
        Failure = "The shortest output after which the next token has other probabilities, and both sets of them.",
        Needs = Lossless.Sampling
    )]
    internal static async Task KeepsTheLaw(Trial trial)
    {
        int[] prompt = [1, 0];
        var model = TableModel.Random(3, 2, trial.Seed + 4);
        bool agrees = Of(trial).Verifier == "agree";
        foreach (string shape in new[] { "plain", "top-p", "repetition" })
        {
            var expected = await TargetLawAsync(model, prompt, 4, Shape(shape)).ConfigureAwait(false);
            Compare.Law(
                trial,
                shape,
                expected,
                randomness => Tried(trial, Plain(model, prompt, 4, randomness, Shape(shape))),
                sharesPicks: agrees
            );
        }
    }

    [Clause(
        "MET-030",
        Level.Constrained,
        "A constrained greedy text is that of plain constrained decoding.",
        Why = "Constraints join any method that does not refuse them.",
        How = "Balanced brackets, and a text that is forced throughout.",
        Failure = "The output position where the text parts.",
        Needs = Lossless.Greedy
    )]
    internal static async Task KeepsConstraints(Trial trial)
    {
        var model = TableModel.Random(4, 2, trial.Seed + 2, ends: [3]);
        foreach (string name in new[] { "brackets", "one way" })
        {
            Request Of(IRandomness randomness) =>
                Plain(model, [1, 0], 30, randomness, new Temperature()) with
                {
                    Constraint = name == "brackets" ? new BracketConstraint() : new OneWayConstraint(3, 11),
                };
            await Compare.TextsAsync(trial, name, 3, Of, randomness => Tried(trial, Of(randomness))).ConfigureAwait(false);
        }
    }

    [Clause(
        "MET-040",
        Level.Concurrent,
        "A text is the same beside other texts.",
        Why = "A server runs one method for many users.",
        How = "Another text advances by a step at every draw; then eight texts at once on threads.",
        Failure = "The output position where a text parts from the one that is made alone."
    )]
    internal static Task IsItselfBesideOthers(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        return Together.CheckAsync(trial, "sampled", randomness => Tried(trial, Plain(model, Prompt, 40, randomness)));
    }

    private static Recipe Of(Trial trial) => trial.Make<IDecodingMethod>().Recipe;

    // The parts that the recipe names.
    private static Request Tried(Trial trial, Request plain)
    {
        var recipe = Of(trial);
        if (recipe.Target is not null)
        {
            Trial.Skip("It decodes from another distribution than the model's; the clauses of its target hold it.");
        }

        return plain with
        {
            Drafter = recipe.Drafter is { } drafter ? (IDrafter)Make(Seam.Drafter, drafter) : null,
            Verifier = (IVerifier)Make(Seam.Verifier, recipe.Verifier),
            Loop = (IDecodingLoop)Make(Seam.Loop, recipe.Loop),
            Models = new OneModel(TableModel.Random(plain.Model.Info.VocabularySize, 1, trial.Seed + 11)),
        };

        IPart Make(Seam seam, string id)
        {
            if (trial.Plugin.Host.Plugins.Find(seam, id) is not { } part)
            {
                trial.Break($"The recipe names the {seam.ToString().ToLowerInvariant()} '{id}', which is not here.");
                throw new InvalidOperationException();
            }

            return trial.Plugin.Make(part, trial.Sample);
        }
    }
}
