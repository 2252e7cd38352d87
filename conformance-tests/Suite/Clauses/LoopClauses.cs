using Tokenwright.Host;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Conformance;

/// <summary>What holds for loops.</summary>
[Clauses(Seam.Loop)]
internal static class LoopClauses
{
    private static readonly int[] Prompt = [3, 1, 4];

    [Clause(
        "LOP-001",
        Level.Behaves,
        "The budget and the context hold exactly.",
        Why = "A step that commits many tokens overshoots unless the loop counts.",
        How = "Budgets of 1 to 12 and contexts of 4 to 14, with perfect drafted trees; the table throws when more rows are fed than the context holds.",
        Failure = "A text of another length, or another reason for its end."
    )]
    internal static void KeepsTheBudget(Trial trial)
    {
        for (int n = 1; n <= 12; n++)
        {
            trial.Case = $"budget {n}";
            Check(TableModel.Random(6, 2, trial.Seed), n, n);
            trial.Case = $"context {n + 3}";
            Check(TableModel.Random(6, 2, trial.Seed, context: n + 3), int.MaxValue, n);
        }

        void Check(TableModel model, int most, int expected)
        {
            var text = Run.Text(Drafted(trial, Plain(model, Prompt, most, new KeyedRandomness(1)), model));
            trial.Require(text.Tokens.Count == expected, $"The text has {text.Tokens.Count} tokens instead of {expected}.");
            trial.Require(text.Reason == FinishReason.Length, $"It ended for the reason {text.Reason}.");
        }
    }

    [Clause(
        "LOP-002",
        Level.Behaves,
        "An end token or a stop string cuts wherever inside a kept path it falls.",
        Why = "Tokens after the end are no part of the text, however many of them were right.",
        How = "A counting table with perfect drafts: the end token, and the last letter of a stop string, at every offset.",
        Failure = "The position where the text ought to have ended."
    )]
    internal static void CutsAtTheEnd(Trial trial)
    {
        for (int last = 6; last <= 12; last++)
        {
            int[] expected = [.. Enumerable.Range(5, last - 4)];
            trial.Case = $"end token {last}";
            var ending = Cycle.Of(16).Ending(last);
            Check(Run.Text(Drafted(trial, Plain(ending, Prompt, 40, new KeyedRandomness(1), new Temperature()), ending)));

            string stop = $"{(char)('a' + last - 1)}{(char)('a' + last)}";
            trial.Case = $"stop string {stop}";
            var model = Cycle.Of(16);
            var request = Drafted(trial, Plain(model, Prompt, 40, new KeyedRandomness(1), new Temperature()), model);
            var letters = new SmallVocabulary([.. Enumerable.Range(0, 16).Select(i => ((char)('a' + i)).ToString())]);
            Check(Run.Text(request with { Stops = [stop], Vocabulary = letters }));

            void Check(Text text)
            {
                trial.Require(
                    text.Tokens.SequenceEqual(expected),
                    $"The text is [{string.Join(' ', text.Tokens)}] instead of [{string.Join(' ', expected)}]."
                );
                trial.Require(text.Reason == FinishReason.Stop, $"It ended for the reason {text.Reason}.");
            }
        }
    }

    [Clause(
        "LOP-003",
        Level.Behaves,
        "Steps, one after another, are the committed tokens, and nothing else becomes visible.",
        Why = "A stream that shows what is taken back later is wrong on the user's screen.",
        How = "After every step the tokens given so far are compared with the committed ones; every step commits at least one but for the last.",
        Failure = "The step that shows other tokens."
    )]
    internal static async Task ShowsWhatIsCommitted(Trial trial)
    {
        var model = TableModel.Random(6, 2, trial.Seed);
        trial.Case = "40 sampled tokens";
        await EachStep(
                trial,
                Drafted(trial, Plain(model, Prompt, 40, new KeyedRandomness(1)), TableModel.Random(6, 1, trial.Seed + 1)),
                (generation, given, _) =>
                    trial.Require(
                        generation.Tokens[generation.PromptLength..].SequenceEqual(given.ToArray()),
                        $"After {generation.Tokens.Length - generation.PromptLength} committed tokens {given.Count} were given, or others."
                    )
            )
            .ConfigureAwait(false);
    }

    [Clause(
        "LOP-004",
        Level.Behaves,
        "After every step the target's cache holds committed tokens and nothing else.",
        Why = "One row too many, too few or of a rejected token, and everything after it is computed from another text.",
        How = "The sequences of the target are watched: after every step their committed rows are a prefix of the committed tokens, with drafts that are kept and drafts that are not.",
        Failure = "The step, and the first row that differs."
    )]
    internal static async Task KeepsTheCache(Trial trial)
    {
        foreach (bool perfect in new[] { true, false })
        {
            var model = TableModel.Random(6, 2, trial.Seed);
            var watched = new WatchedModel(model);
            trial.Case = perfect ? "perfect drafts" : "drafts that are often wrong";
            await EachStep(
                    trial,
                    Drafted(
                        trial,
                        Plain(watched, Prompt, 40, new KeyedRandomness(1)),
                        perfect ? model : TableModel.Random(6, 1, trial.Seed + 1)
                    ),
                    (generation, _, _) =>
                    {
                        foreach (var sequence in watched.Open)
                        {
                            int same = sequence.Tokens.CommonPrefixLength(generation.Tokens);
                            trial.Require(
                                same == sequence.Tokens.Length,
                                $"Row {same} of the cache is not of a committed token."
                            );
                        }
                    }
                )
                .ConfigureAwait(false);
        }
    }

    [Clause(
        "LOP-005",
        Level.Behaves,
        "Cancelling ends the text within a step, and everything opened is given back.",
        Why = "A user who cancels should not wait, and a cache that stays open is lost memory.",
        How = "The target cancels the text at its third forward, which is cut short or ends all the same; another text ends by itself, another fails.",
        Failure = "A further forward, a text that goes on, or sequences that stay open."
    )]
    internal static async Task StopsWhenCancelled(Trial trial)
    {
        var model = TableModel.Random(6, 2, trial.Seed);
        var second = TableModel.Random(6, 2, trial.Seed);
        bool threw;
        foreach (bool ignores in new[] { false, true })
        {
            trial.Case = $"cancelled at the third forward, which {(ignores ? "ends all the same" : "is cut short")}";
            using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(trial.Cancellation);
            int asked = 0;
            model.IgnoresCancellation = ignores;
            model.Forwarding = () =>
            {
                if (++asked == 3)
                {
                    cancelled.Cancel();
                }
            };
            threw = false;
            try
            {
                await Run.TextAsync(Drafted(trial, Plain(model, Prompt, 40, new KeyedRandomness(1)), second), cancelled.Token)
                    .ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!trial.Cancellation.IsCancellationRequested)
            {
                threw = true;
            }

            trial.Require(threw, "The text went on to its end.");
            trial.Require(asked == 3, $"The target was asked {asked - 3} more times.");
            trial.Require(model.OpenSequences == 0, $"{model.OpenSequences} sequences stay open after the cancellation.");
        }

        model.Forwarding = null;
        trial.Case = "a text to its end";
        await Run.TextAsync(Drafted(trial, Plain(model, Prompt, 20, new KeyedRandomness(1)), second), trial.Cancellation)
            .ConfigureAwait(false);
        trial.Require(model.OpenSequences == 0, $"{model.OpenSequences} sequences stay open after the end.");

        model.Forwarding = () =>
        {
            if (model.Forwards % 5 == 4)
            {
                throw new IOException("The device is gone.");
            }
        };
        trial.Case = "a forward that fails";
        threw = false;
        try
        {
            await Run.TextAsync(Drafted(trial, Plain(model, Prompt, 40, new KeyedRandomness(1)), second), trial.Cancellation)
                .ConfigureAwait(false);
        }
        catch (IOException)
        {
            threw = true;
        }

        trial.Require(threw, "The failure of the target is swallowed.");
        trial.Require(model.OpenSequences == 0, $"{model.OpenSequences} sequences stay open after the failure.");
    }

    [Clause(
        "LOP-006",
        Level.Behaves,
        "A drafter observes the prompt and every step, with what was kept and what was emitted.",
        Why = "Drafters learn from rejected rows too; one that is not told drafts from an old text.",
        How = "What a drafter observes is put together: all rows of the prompt, every emitted token once, kept nodes along a path from the root.",
        Failure = "Tokens that were never shown, or shown twice."
    )]
    internal static void TellsTheDrafter(Trial trial)
    {
        var model = TableModel.Random(6, 2, trial.Seed);
        var witness = new Witness(
            trial,
            new TableDrafter(TableModel.Random(6, 1, trial.Seed + 1), ProposalModes.Deterministic, 2, 1)
        );
        trial.Case = "40 sampled tokens";
        var text = Run.Text(Tried(trial, Plain(model, Prompt, 40, new KeyedRandomness(1))) with { Drafter = witness });
        trial.Require(
            witness.Emitted.SequenceEqual(text.Tokens),
            $"The drafter was shown [{string.Join(' ', witness.Emitted)}] of [{string.Join(' ', text.Tokens)}]."
        );
        trial.Require(
            witness.Fed.Take(Prompt.Length).SequenceEqual(Prompt),
            $"The rows of the prompt that it was shown are [{string.Join(' ', witness.Fed.Take(Prompt.Length))}]."
        );
    }

    [Clause(
        "LOP-010",
        Level.Greedy,
        "The text of a seed is that of plain decoding, greedy and sampled, whatever is drafted.",
        Why = "The loop moves caches, states and trees; a row that is read at the wrong place changes the text.",
        How = "Under agree with chains and trees that are perfect, random and adversarial; with cuts, penalties, and forwards that complete later.",
        Failure = "The output position where the text parts from that of plain decoding."
    )]
    internal static async Task KeepsTheSeed(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        var later = TableModel.Random(12, 2, trial.Seed);
        later.CompletesLater = true;
        var drafts = new Dictionary<string, TableModel>
        {
            ["perfect"] = model,
            ["random"] = TableModel.Random(12, 1, trial.Seed + 1),
            ["adversarial"] = model.Negated(),
        };
        foreach (var (name, draft) in drafts)
        {
            foreach (string shape in new[] { "greedy", "plain", "all" })
            {
                foreach (var target in new[] { model, later })
                {
                    await Compare
                        .TextsAsync(
                            trial,
                            $"{shape}, {name} trees{(target == later ? ", forwards that complete later" : "")}",
                            2,
                            randomness => Plain(model, Prompt, 40, randomness, Shape(shape)),
                            randomness => Drafted(trial, Plain(target, Prompt, 40, randomness, Shape(shape)), draft)
                        )
                        .ConfigureAwait(false);
                }
            }
        }

        await Compare
            .TextsAsync(
                trial,
                "no drafter",
                2,
                randomness => Plain(model, Prompt, 40, randomness),
                randomness => Tried(trial, Plain(model, Prompt, 40, randomness))
            )
            .ConfigureAwait(false);
    }

    [Clause(
        "LOP-011",
        Level.Greedy,
        "A long prompt, fed in parts, gives the text that it gives plainly.",
        Why = "Parts of a prompt are bounded, and the last row of the last part is the root of the first draft.",
        How = "Prompts of 1, 511, 512, 513, 1,024 and 1,200 tokens.",
        Failure = "The output position where the text parts from that of plain decoding."
    )]
    internal static async Task FeedsLongPrompts(Trial trial)
    {
        var model = TableModel.Random(6, 2, trial.Seed, context: 1400);
        foreach (int length in new[] { 1, 511, 512, 513, 1024, 1200 })
        {
            int[] prompt = [.. Enumerable.Range(0, length).Select(i => i * 7 % 6)];
            await Compare
                .TextsAsync(
                    trial,
                    $"a prompt of {length} tokens",
                    1,
                    randomness => Plain(model, prompt, 20, randomness),
                    randomness => Drafted(trial, Plain(model, prompt, 20, randomness), model)
                )
                .ConfigureAwait(false);
        }
    }

    [Clause(
        "LOP-012",
        Level.Greedy,
        "On a real model texts part from plain decoding only at near-ties.",
        Why = "Caches, positions and masks of a real model are what tables do not have; rounding is the only excuse.",
        How = "The embedded draft model, greedy and at temperature 1, trees that an n-gram table drafts.",
        Failure = "The output position where the text parts though plain decoding is sure.",
        IsLong = true
    )]
    internal static Task IsRightOnARealModel(Trial trial) =>
        Reference.SameTextsAsync(
            trial,
            (model, request) => Tried(trial, request) with { Drafter = new Successors(model.Info.VocabularySize) }
        );

    [Clause(
        "LOP-020",
        Level.Law,
        "Texts have the law of plain sampling under every shipped verifier.",
        Why = "The rounds of a loop name the draws; a loop that begins a round at the wrong length lets a draw be looked at twice.",
        How = "Every outcome of every draw is enumerated, four output tokens of a table of three: agree, token, block, rrsw.",
        Failure = "The shortest output after which the next token has other probabilities, or one draw that decides two things."
    )]
    internal static async Task KeepsTheLaw(Trial trial)
    {
        int[] prompt = [1, 0];
        var model = TableModel.Random(3, 2, trial.Seed + 4);
        var draft = TableModel.Random(3, 1, trial.Seed + 11);
        foreach (string shape in new[] { "plain", "repetition" })
        {
            var expected = await TargetLawAsync(model, prompt, 4, Shape(shape)).ConfigureAwait(false);
            foreach (string rule in new[] { "agree", "token", "block", "rrsw" })
            {
                Compare.Law(
                    trial,
                    $"{shape}, {rule}",
                    expected,
                    randomness =>
                        Tried(trial, Plain(model, prompt, 4, randomness, Shape(shape))) with
                        {
                            Models = new OneModel(draft),
                            Verifier = rule switch
                            {
                                "agree" => new Agree(),
                                "token" => new Token(),
                                "block" => new Block(),
                                _ => new RecursiveRejection(),
                            },
                            Drafter =
                                rule == "rrsw" ? new TableDrafter(draft, ProposalModes.WithoutReplacement, 2, 1)
                                : rule == "agree" ? new TableDrafter(draft, ProposalModes.Deterministic, 2, 1)
                                : new TableDrafter(draft, ProposalModes.Independent, 1, 1),
                        }
                );
            }
        }
    }

    [Clause(
        "LOP-030",
        Level.Constrained,
        "Constraints hold in every step, and end the text where they end.",
        Why = "The committed state follows what is committed; one that follows the draft is a step ahead.",
        How = "Balanced brackets and a text that is forced throughout, perfect and unknowing trees, greedy and sampled; then a text of which constraint and processor leave nothing open.",
        Failure = "The output position where the text parts from that of plain constrained decoding; or a text that state does not allow."
    )]
    internal static async Task KeepsConstraints(Trial trial)
    {
        var model = TableModel.Random(4, 2, trial.Seed + 2, ends: [3]);
        foreach (string name in new[] { "brackets", "one way" })
        {
            foreach (string shape in new[] { "greedy", "plain", "all" })
            {
                Request Of(IRandomness randomness) =>
                    Plain(model, [1, 0], 30, randomness, Shape(shape)) with
                    {
                        Constraint = name == "brackets" ? new BracketConstraint() : new OneWayConstraint(3, 11),
                    };
                await Compare
                    .TextsAsync(trial, $"{name}, {shape}", 4, Of, randomness => Drafted(trial, Of(randomness), model))
                    .ConfigureAwait(false);
            }
        }

        // Plain decoding that never moves its states would agree with itself.
        int[] known = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 3];
        Require("constraint", request => request with { Constraint = new OneWayConstraint(3, 11) });
        Require("processor", request => request with { Processors = [new InTurn(3, 11)] });

        void Require(string who, Func<Request, Request> with)
        {
            trial.Case = $"a {who} that leaves one text";
            var text = Run.Text(Drafted(trial, with(Plain(model, [1, 0], 30, new KeyedRandomness(1))), model));
            trial.Require(
                text.Tokens.SequenceEqual(known),
                $"The text is [{string.Join(' ', text.Tokens)}] instead of [{string.Join(' ', known)}]."
            );
        }
    }

    /// <summary>Leaves one token, which its state counts: 0, 1, 2 … around, then an end token.</summary>
    private sealed class InTurn(int end, int length) : ILogitsProcessor
    {
        public ShapeStage Stage => ShapeStage.Penalty;

        public bool IsActive => true;

        public bool ChangesArgMax => true;

        public ShapeState Start => new(0);

        public void Apply(in TokenPath path, in ShapeState state, Distribution row)
        {
            var logits = row.ChangeDense();
            for (int token = 0; token < logits.Length; token++)
            {
                if (token != (state.Bits >= length ? end : state.Bits % end))
                {
                    logits[token] = float.NegativeInfinity;
                }
            }
        }

        public ShapeState Next(in ShapeState state, Distribution row, int token) => new(state.Bits + 1);
    }

    [Clause(
        "LOP-040",
        Level.Concurrent,
        "A text is the same beside other texts.",
        Why = "One loop object per text, and nothing shared between them.",
        How = "Another text advances by a step at every draw; then eight texts at once on threads.",
        Failure = "The output position where a text parts from the one that is made alone."
    )]
    internal static Task IsItselfBesideOthers(Trial trial)
    {
        var model = TableModel.Random(6, 2, trial.Seed);
        return Together.CheckAsync(
            trial,
            "tree drafts",
            randomness => Drafted(trial, Plain(model, Prompt, 40, randomness), TableModel.Random(6, 1, trial.Seed + 1))
        );
    }

    [Clause(
        "LOP-050",
        Level.Pays,
        "Kept drafts save forwards.",
        Why = "A loop that forwards every token by itself is right and useless.",
        How = "A perfect draft, 40 greedy tokens: fewer than 25 forwards of the target.",
        Failure = "The number of forwards."
    )]
    internal static void SavesForwards(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        trial.Case = "perfect drafts, 40 greedy tokens";
        var text = Run.Text(Drafted(trial, Plain(model, Prompt, 40, new KeyedRandomness(1), new Temperature()), model));
        trial.Require(model.Forwards < 25, $"{model.Forwards} forwards for {text.Tokens.Count} tokens.");
    }

    [Clause(
        "LOP-051",
        Level.Pays,
        "A warm step allocates nothing.",
        Why = "Garbage is made once per token and collected while users wait.",
        How = "After 300 plain steps over a vocabulary of 64 the bytes of 200 further steps are counted.",
        Failure = "The number of bytes."
    )]
    internal static Task AllocatesNothing(Trial trial)
    {
        var model = TableModel.Random(64, 1, trial.Seed, context: 4096);
        trial.Case = "4,000 plain tokens";
        return Warm.CheckAsync(trial, Tried(trial, Plain(model, [1, 2, 3], 4000, new KeyedRandomness(1))));
    }

    private static async Task EachStep(Trial trial, Request request, Action<Generation, List<int>, int> check)
    {
        var generation = await Run.StartAsync(request).ConfigureAwait(false);
        var given = new List<int>();
        int steps = 0;
        await foreach (var step in request.Loop.RunAsync(generation, trial.Cancellation).ConfigureAwait(false))
        {
            given.AddRange(step.Tokens.Span);
            check(generation, given, ++steps);
        }

        trial.Require(generation.IsFinished, "The loop returned before the text had ended.");
        foreach (var part in Run.Parts(request).OfType<IDisposable>())
        {
            part.Dispose();
        }
    }

    private static Request Tried(Trial trial, Request plain) =>
        plain with
        {
            Loop = trial.Make<IDecodingLoop>(),
            Models = new OneModel(TableModel.Random(plain.Model.Info.VocabularySize, 1, trial.Seed + 1)),
        };

    // A tree of the likeliest tokens of a draft table.
    private static Request Drafted(Trial trial, Request plain, TableModel draft) =>
        Tried(trial, plain) with
        {
            Models = new OneModel(draft),
            Drafter = new TableDrafter(draft, ProposalModes.Deterministic, 2, 1, 1)
            {
                Processors = plain.Processors.Any(one => one.TakesArgMax) ? [new Temperature()] : [],
            },
        };

    private sealed class Witness(Trial trial, IDrafter drafter) : DelegatingDrafter(drafter)
    {
        public List<int> Fed { get; } = [];

        public List<int> Emitted { get; } = [];

        public override void Observe(in Observation observation)
        {
            base.Observe(observation);
            Fed.AddRange(observation.Fed);
            Emitted.AddRange(observation.Emitted);
            for (int i = 1; i < observation.Kept.Length; i++)
            {
                trial.Require(
                    observation.Tree!.Parent(observation.Kept[i]) == observation.Kept[i - 1]
                        && observation.Tree.Token(observation.Kept[i]) == observation.Emitted[i - 1],
                    "Kept nodes are no path of the tree that holds the emitted tokens."
                );
            }
        }
    }
}
