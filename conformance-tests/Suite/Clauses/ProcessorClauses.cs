using Tokenwright.Host;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Conformance;

/// <summary>What holds for processors.</summary>
[Clauses(Seam.Processor)]
internal static class ProcessorClauses
{
    private const int Vocabulary = 12;
    private const int PromptLength = 3;

    [Clause(
        "PRO-001",
        Level.Behaves,
        "A row keeps at least one token, its logits are numbers, and a sparse row stays in order.",
        Why = "What comes next samples from the row: nothing to pick from, or NaN, ends the text with an error far from its cause.",
        How = "300 random rows, some with impossible tokens, some flat, some cut before; whatever is left is read.",
        Failure = "The row number and what is wrong with it."
    )]
    internal static void LeavesARow(Trial trial)
    {
        var processor = Active(trial);
        var random = new Random(trial.Seed);
        for (int i = 0; i < 300; i++)
        {
            trial.Case = $"row {i}";
            var row = Row(random, i, processor);
            Apply(processor, Path(random, i), row);
            double mass = 0;
            for (int at = 0; at < row.Count; at++)
            {
                float logit = row.Logits[at];
                trial.Require(!float.IsNaN(logit) && !float.IsPositiveInfinity(logit), $"A logit is {logit}.");
                mass += float.IsNegativeInfinity(logit) ? 0 : 1;
                if (!row.IsDense && at > 0)
                {
                    bool ordered = row.Logits[at - 1] > logit || (row.Logits[at - 1] == logit && row.Ids[at - 1] < row.Ids[at]);
                    trial.Require(ordered, "The candidates are not ordered by logit, then by id.");
                }
            }

            trial.Require(mass > 0, "No token is left.");
        }
    }

    [Clause(
        "PRO-002",
        Level.Behaves,
        "The same path, state and row give the same distribution, whatever was asked before.",
        Why = "Under speculation a processor is asked about branches that are never committed; counts that follow the calls instead of the path come out wrong.",
        How = "200 calls jump between branches, prompts and lengths; each result is compared with that of an instance that was never asked before.",
        Failure = "The call whose result depends on earlier ones."
    )]
    internal static void IsPure(Trial trial)
    {
        var processor = Active(trial);
        var random = new Random(trial.Seed);
        var paths = Enumerable.Range(0, 20).Select(i => Path(random, i)).ToArray();
        for (int i = 0; i < 200; i++)
        {
            trial.Case = $"call {i}";
            var path = paths[random.Next(paths.Length)];
            var row = Row(random, i, processor);
            var fresh = Copy(row);
            Apply(processor, path, row);
            Apply(Active(trial), path, fresh);
            trial.Require(Same(row, fresh), "Another instance, asked this first, gives another distribution.");
        }
    }

    [Clause(
        "PRO-003",
        Level.Behaves,
        "Where a path is cut into committed and drafted tokens makes no difference.",
        Why = "The same text is committed in one step or in ten; a penalty that reads committed tokens alone changes with the draft.",
        How = "Each path is cut at every place after the prompt.",
        Failure = "The cut that gives another distribution."
    )]
    internal static void ReadsThePathAsOne(Trial trial)
    {
        var random = new Random(trial.Seed);
        for (int i = 0; i < 40; i++)
        {
            int[] path = Path(random, i);
            var row = Row(random, i, Active(trial));
            var whole = Copy(row);
            Apply(Active(trial), path, whole);
            var processor = Active(trial);
            for (int cut = PromptLength; cut < path.Length; cut++)
            {
                trial.Case = $"path [{string.Join(' ', path)}] cut before token {cut}";
                var parted = Copy(row);
                processor.Apply(new TokenPath(path.AsSpan(0, cut), PromptLength, path.AsSpan(cut)), processor.Start, parted);
                trial.Require(Same(whole, parted), "The distribution depends on where the path is cut.");
            }
        }
    }

    [Clause(
        "PRO-004",
        Level.Behaves,
        "What was ruled out stays out.",
        Why = "A constraint's mask must be the last word on what is allowed.",
        How = "Random rows with impossible tokens: none of them may have a probability afterwards.",
        Failure = "The token that came back."
    )]
    internal static void RevivesNothing(Trial trial)
    {
        var processor = Active(trial);
        var random = new Random(trial.Seed);
        for (int i = 0; i < 200; i++)
        {
            trial.Case = $"row {i}";
            var row = Row(random, 3 * i, processor);
            var before = Copy(row);
            Apply(processor, Path(random, i), row);
            for (int token = 0; token < Vocabulary; token++)
            {
                trial.Require(
                    !float.IsNegativeInfinity(before.LogitOf(token)) || float.IsNegativeInfinity(row.LogitOf(token)),
                    $"Token {token} was impossible and is possible now."
                );
            }
        }
    }

    [Clause(
        "PRO-005",
        Level.Behaves,
        "A processor that says it cannot change the most likely token does not, and one that takes it leaves it alone.",
        Why = "Greedy decoding skips those that cannot; one that could after all makes the greedy text differ from the sampled one at temperature 0.",
        How = "Random rows with ties; the most likely token, the lowest id on ties, before and after.",
        Failure = "The row, and the two tokens."
    )]
    internal static void KeepsTheArgMax(Trial trial)
    {
        var processor = Active(trial);
        if (processor.ChangesArgMax)
        {
            Trial.Skip("It says that it can change the most likely token.");
        }

        var random = new Random(trial.Seed);
        for (int i = 0; i < 300; i++)
        {
            trial.Case = $"row {i}";
            var row = Row(random, i, processor);
            int before = row.ArgMax();
            Apply(processor, Path(random, i), row);
            trial.Require(row.ArgMax() == before, $"The most likely token was {before} and is {row.ArgMax()}.");
            trial.Require(
                !processor.TakesArgMax || row.Count == 1,
                "It says that it takes the most likely token and leaves others."
            );
        }
    }

    [Clause(
        "PRO-006",
        Level.Behaves,
        "A state is a value: going on from it leaves it, and the row, as they were.",
        Why = "Every child of a draft node starts from its parent's state.",
        How = "From random states every token is followed, twice, in another order; states, rows and distributions are compared.",
        Failure = "A second visit that differs from the first."
    )]
    internal static void StatesAreValues(Trial trial)
    {
        var processor = Active(trial);
        var random = new Random(trial.Seed);
        for (int i = 0; i < 40; i++)
        {
            trial.Case = $"branch {i}";
            int[] path = Path(random, i);
            var row = Row(random, i, processor);
            Apply(processor, path, row);
            var shaped = Copy(row);
            var state = processor.Start;
            var first = Enumerable.Range(0, Vocabulary).Select(token => Follow(state, token)).ToArray();
            var second = Enumerable.Range(0, Vocabulary).Reverse().Select(token => Follow(state, token)).Reverse().ToArray();
            trial.Require(Same(row, shaped), "Next changed the row.");
            for (int token = 0; token < Vocabulary; token++)
            {
                trial.Require(Same(first[token], second[token]), $"The second visit of token {token} differs from the first.");
            }

            Distribution Follow(in ShapeState from, int token)
            {
                var next = processor.Next(from, row, token);
                var after = Row(new Random(token), 1, processor);
                processor.Apply(new TokenPath(path, PromptLength, [token]), next, after);
                return after;
            }
        }
    }

    [Clause(
        "PRO-010",
        Level.Greedy,
        "With a history a draft changes no text, greedy or sampled.",
        Why = "Each node of a draft has its own history; engines that shape a whole draft with the committed one produce other texts.",
        How = "Under agree with drafted trees: tables of 12 tokens, texts of 40, at temperature 0 and as drawn.",
        Failure = "The output position where the text parts from that of plain decoding."
    )]
    internal static async Task KeepsTextsUnderDrafts(Trial trial)
    {
        Active(trial);
        var model = TableModel.Random(Vocabulary, 2, trial.Seed);
        foreach (bool greedy in new[] { true, false })
        {
            Request Of(IRandomness randomness)
            {
                var processor = trial.Make<ILogitsProcessor>();
                return Plain(
                    model,
                    [3, 1, 4],
                    40,
                    randomness,
                    greedy && processor is not Temperature && !processor.TakesArgMax
                        ? [processor, new Temperature()]
                        : [processor]
                );
            }

            await Compare
                .TextsAsync(
                    trial,
                    greedy ? "temperature 0, tree draft" : "as drawn, tree draft",
                    3,
                    Of,
                    randomness =>
                        Of(randomness) with
                        {
                            Drafter = new TableDrafter(
                                TableModel.Random(Vocabulary, 1, trial.Seed + 1),
                                ProposalModes.Deterministic,
                                3,
                                2,
                                1
                            ),
                        }
                )
                .ConfigureAwait(false);
        }
    }

    [Clause(
        "PRO-020",
        Level.Law,
        "Shaped texts keep their law under rules that compare p and q.",
        Why = "p at a node must be the one that plain sampling has after the same tokens, its history included.",
        How = "Enumeration, four output tokens of a table of three, under token and rrsw; the expected law is that of the processor's own rows.",
        Failure = "The shortest output after which the next token has other probabilities, and both sets of them."
    )]
    internal static async Task KeepsTheLaw(Trial trial)
    {
        Active(trial);
        var model = TableModel.Random(4, 2, trial.Seed + 4, ends: [3]);
        int[] prompt = [1, 0];
        var expected = await TargetLawAsync(model, prompt, 3, [trial.Make<ILogitsProcessor>()]).ConfigureAwait(false);
        foreach (string rule in new[] { "agree", "token", "rrsw" })
        {
            Compare.Law(
                trial,
                $"{rule}, three tokens of four",
                expected,
                randomness =>
                    Plain(model, prompt, 3, randomness, trial.Make<ILogitsProcessor>()) with
                    {
                        Verifier = rule switch
                        {
                            "agree" => new Agree(),
                            "token" => new Token(),
                            _ => new RecursiveRejection(),
                        },
                        Drafter =
                            rule == "rrsw"
                                ? new TableDrafter(
                                    TableModel.Random(4, 1, trial.Seed + 5),
                                    ProposalModes.WithoutReplacement,
                                    2,
                                    1
                                )
                                : new TableDrafter(TableModel.Random(4, 1, trial.Seed + 5), ProposalModes.Independent, 1, 1),
                    }
            );
        }
    }

    [Clause(
        "PRO-030",
        Level.Constrained,
        "Beside a constraint the text is allowed, and drafts do not change it.",
        Why = "The order is fixed: penalties, mask, temperature, cuts. A processor that ignores the mask lets forbidden tokens through.",
        How = "Balanced brackets, texts of 30 tokens with and without drafted trees; each token is checked with the constraint.",
        Failure = "The forbidden token, or the output position where the text parts."
    )]
    internal static async Task KeepsConstraints(Trial trial)
    {
        Active(trial);
        var model = TableModel.Random(4, 2, trial.Seed + 2, ends: [3]);
        Request Of(IRandomness randomness) =>
            Plain(model, [1, 0], 30, randomness, trial.Make<ILogitsProcessor>()) with
            {
                Constraint = new BracketConstraint(),
            };
        await Compare
            .TextsAsync(
                trial,
                "balanced brackets, tree draft",
                6,
                Of,
                randomness => Of(randomness) with { Drafter = new TableDrafter(model, ProposalModes.Deterministic, 2, 2) }
            )
            .ConfigureAwait(false);
    }

    [Clause(
        "PRO-040",
        Level.Concurrent,
        "A text is the same beside other texts.",
        Why = "Counts that two processors share are wrong for both.",
        How = "Another text advances by a step at every draw; then eight texts at once on threads.",
        Failure = "The output position where a text parts from the one that is made alone."
    )]
    internal static Task IsItselfBesideOthers(Trial trial)
    {
        Active(trial);
        var model = TableModel.Random(Vocabulary, 2, trial.Seed);
        return Together.CheckAsync(
            trial,
            "tree draft",
            randomness =>
                Plain(model, [3, 1, 4], 40, randomness, trial.Make<ILogitsProcessor>()) with
                {
                    Drafter = new TableDrafter(
                        TableModel.Random(Vocabulary, 1, trial.Seed + 1),
                        ProposalModes.Deterministic,
                        2,
                        1
                    ),
                }
        );
    }

    [Clause(
        "PRO-050",
        Level.Pays,
        "A warm step allocates nothing.",
        Why = "Garbage is made once per token and collected while users wait.",
        How = "After 300 plain steps over a vocabulary of 64 the bytes of 200 further steps are counted.",
        Failure = "The number of bytes."
    )]
    internal static Task AllocatesNothing(Trial trial)
    {
        Active(trial);
        var model = TableModel.Random(64, 1, trial.Seed, context: 4096);
        trial.Case = "4,000 plain tokens";
        return Warm.CheckAsync(trial, Plain(model, [1, 2, 3], 4000, new KeyedRandomness(1), trial.Make<ILogitsProcessor>()));
    }

    // Prepared for a table of 12 tokens.
    private static ILogitsProcessor Active(Trial trial)
    {
        var processor = trial.Make<ILogitsProcessor>();
        if (!processor.IsActive)
        {
            Trial.Skip(
                $"It does nothing with {trial.Sample}: give options that make it do something, in {Declaration.FileName} or with --set."
            );
        }

        var prepared = processor.PrepareAsync(
            new PartContext { Target = TableModel.Random(Vocabulary, 1, trial.Seed, ends: [Vocabulary - 1]) },
            trial.Cancellation
        );
        prepared.AsTask().GetAwaiter().GetResult();
        return processor;
    }

    private static int[] Path(Random random, int i)
    {
        int[] path = new int[PromptLength + 1 + i % 12];
        for (int at = 0; at < path.Length; at++)
        {
            path[at] = random.Next(Vocabulary);
        }

        return path;
    }

    // In turn: any, with ties, with impossible tokens; and after the stages of truncation also rows that were cut.
    private static Distribution Row(Random random, int i, ILogitsProcessor processor)
    {
        float[] logits = new float[Vocabulary];
        for (int token = 0; token < Vocabulary; token++)
        {
            logits[token] = i % 3 == 1 ? random.Next(3) : (float)(6 * random.NextDouble() - 3);
        }

        if (i % 3 == 0)
        {
            for (int n = 0; n < Vocabulary / 2; n++)
            {
                logits[random.Next(Vocabulary - 1)] = float.NegativeInfinity;
            }
        }

        var row = new Distribution(Vocabulary);
        row.Load(logits);
        if (processor.Stage > ShapeStage.TopK && i % 2 == 0)
        {
            row.KeepTop(Vocabulary / 2);
        }

        return row;
    }

    private static void Apply(ILogitsProcessor processor, int[] path, Distribution row) =>
        processor.Apply(new TokenPath(path, PromptLength, []), processor.Start, row);

    private static Distribution Copy(Distribution row)
    {
        var copy = new Distribution(row.VocabularySize);
        copy.Load(row);
        return copy;
    }

    private static bool Same(Distribution one, Distribution other) =>
        Enumerable.Range(0, one.VocabularySize).All(token => one.LogitOf(token).Equals(other.LogitOf(token)));
}
