using Tokenwright.Host;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Conformance;

/// <summary>What holds for acceptance rules.</summary>
[Clauses(Seam.Verifier)]
internal static class VerifierClauses
{
    private const int Samples = 20_000;
    private static readonly int[] Prompt = [1, 0];

    [Clause(
        "VER-001",
        Level.Behaves,
        "Every step is finished, with a draft and without one.",
        Why = "A step that is left open commits nothing and the loop could only go round for ever.",
        How = "Texts of 40 tokens from tables, greedy and sampled, without a drafter and with drafts of every mode that is accepted.",
        Failure = "The verifier returns without Finish, keeps a node that is no child, or throws."
    )]
    internal static void Finishes(Trial trial)
    {
        var model = TableModel.Random(6, 2, trial.Seed);
        foreach (var processors in new IReadOnlyList<ILogitsProcessor>[] { [new Temperature()], [] })
        {
            trial.Case = "no draft";
            Check(Tried(trial, model, processors));
            foreach (var (mode, widths) in Shapes(trial))
            {
                trial.Case = $"{mode} draft [{string.Join(' ', widths)}]";
                Check(
                    Tried(trial, model, processors) with
                    {
                        Drafter = Drafter(TableModel.Random(6, 1, trial.Seed + 1), mode, widths),
                    }
                );
            }
        }

        void Check(Request request)
        {
            var text = Run.Text(request);
            trial.Require(text.Tokens.Count == 40, $"A text of 40 tokens has {text.Tokens.Count}.");
            trial.Require(model.OpenSequences == 0, "A sequence of the target stays open.");
        }
    }

    [Clause(
        "VER-002",
        Level.Behaves,
        "The same seed gives the same text.",
        Why = "A text that cannot be made again cannot be debugged, and a clock or a generator of its own hides biases.",
        How = "Twice the same request, with drafts of every mode that is accepted.",
        Failure = "Two texts of one seed differ."
    )]
    internal static async Task Repeats(Trial trial)
    {
        var model = TableModel.Random(6, 2, trial.Seed);
        foreach (var (mode, widths) in Shapes(trial))
        {
            Request Of(IRandomness randomness) =>
                Tried(trial, model, [], randomness) with
                {
                    Drafter = Drafter(TableModel.Random(6, 1, trial.Seed + 1), mode, widths),
                };
            await Compare.TextsAsync(trial, $"the same request twice, {mode} draft", 4, Of, Of).ConfigureAwait(false);
        }
    }

    [Clause(
        "VER-003",
        Level.Behaves,
        "The draft and the target's distributions are read, not changed.",
        Why = "Both are used again: by drafters that learn, by log-probabilities, by the state of processors.",
        How = "Every step's tree and the shaped distributions at its nodes are compared with copies from before the verifier ran.",
        Failure = "A q, a p or a row of logits has other numbers afterwards."
    )]
    internal static void ReadsOnly(Trial trial)
    {
        var model = TableModel.Random(6, 2, trial.Seed);
        foreach (var (mode, widths) in Shapes(trial))
        {
            trial.Case = $"{mode} draft [{string.Join(' ', widths)}]";
            var request = Tried(trial, model, [new Temperature { Value = 0.8 }]);
            Run.Text(
                request with
                {
                    Verifier = new Watching(trial, request.Verifier),
                    Drafter = Drafter(TableModel.Random(6, 1, trial.Seed + 1), mode, widths),
                }
            );
        }
    }

    [Clause(
        "VER-010",
        Level.Greedy,
        "At temperature 0 the tokens are those of plain greedy decoding.",
        Why = "That is what lossless means there, and users compare texts.",
        How = "Tables of 12 tokens, texts of 40; drafts that are good, perfect, adversarial (the least likely first) and random, of every accepted mode; without penalties and with.",
        Failure = "The output position where the text parts, the token that ought to come and the one that came.",
        Needs = Lossless.Greedy
    )]
    internal static async Task IsGreedy(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        var drafts = new Dictionary<string, TableModel>
        {
            ["perfect"] = model,
            ["random"] = TableModel.Random(12, 1, trial.Seed + 1),
            ["adversarial"] = model.Negated(),
        };
        foreach (var (name, draft) in drafts)
        {
            foreach (string shape in new[] { "greedy", "penalised" })
            {
                foreach (var (mode, widths) in Shapes(trial))
                {
                    await Compare
                        .TextsAsync(
                            trial,
                            $"{shape}, {name} {mode} draft [{string.Join(' ', widths)}]",
                            3,
                            randomness => Plain(model, [3, 1], 40, randomness, Processors(shape)),
                            randomness =>
                                Tried(trial, model, Processors(shape), randomness, [3, 1]) with
                                {
                                    Drafter = Drafter(draft, mode, widths),
                                }
                        )
                        .ConfigureAwait(false);
                }
            }
        }
    }

    [Clause(
        "VER-011",
        Level.Greedy,
        "A seed has the text of plain sampling.",
        Why = "Turning a drafter on or off must not change the answer that a user sees.",
        How = "Tables of 12 tokens, temperatures 0.3, 1 and 1.5, with cuts and with penalties, drafts of every mode that is accepted.",
        Failure = "The output position where the text of a seed parts from that of plain decoding.",
        Needs = Lossless.Seed
    )]
    internal static async Task KeepsTheSeed(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        var draft = TableModel.Random(12, 1, trial.Seed + 1);
        foreach (string shape in new[] { "plain", "cold", "hot", "top-p", "all" })
        {
            foreach (var (mode, widths) in Shapes(trial))
            {
                await Compare
                    .TextsAsync(
                        trial,
                        $"{shape}, {mode} draft [{string.Join(' ', widths)}]",
                        4,
                        randomness => Plain(model, [3, 1], 40, randomness, Shape(shape)),
                        randomness =>
                            Tried(trial, model, Shape(shape), randomness, [3, 1]) with
                            {
                                Drafter = Drafter(draft, mode, widths),
                            }
                    )
                    .ConfigureAwait(false);
            }
        }
    }

    [Clause(
        "VER-012",
        Level.Greedy,
        "A budget, the context and an end token inside a kept path cut there.",
        Why = "A step that commits many tokens must stop where a step that commits one would.",
        How = "Perfect drafts and budgets of 1 to 8, contexts of 4 to 9, end tokens at every offset.",
        Failure = "A text that is too long, or ends at another token.",
        Needs = Lossless.Greedy
    )]
    internal static async Task Cuts(Trial trial)
    {
        for (int most = 1; most <= 8; most++)
        {
            await Same($"budget {most}", TableModel.Random(6, 2, trial.Seed), most).ConfigureAwait(false);
            await Same($"context {most + 3}", TableModel.Random(6, 2, trial.Seed, context: most + 3), 1000).ConfigureAwait(false);
            await Same($"end token after {most}", Cycle.Of(12).Ending((1 + most) % 12), 30).ConfigureAwait(false);
        }

        async Task Same(string what, TableModel model, int most)
        {
            foreach (var (mode, widths) in Shapes(trial))
            {
                await Compare
                    .TextsAsync(
                        trial,
                        $"{what}, perfect {mode} draft",
                        1,
                        randomness => Plain(model, Prompt, most, randomness, new Temperature()),
                        randomness =>
                            Tried(trial, model, [new Temperature()], randomness, Prompt, most) with
                            {
                                Drafter = Drafter(model, mode, widths),
                            }
                    )
                    .ConfigureAwait(false);
            }
        }
    }

    [Clause(
        "VER-020",
        Level.Law,
        "Whatever is drafted, the text has the law of plain sampling.",
        Why = "That is what lossless means in sampling. A rule that is nearly right looks right in every text.",
        How = "Every outcome of every draw is enumerated over several rounds of four tokens: targets with and without impossible tokens, drafts hotter, colder, cut, greedy and with impossible tokens, shapes plain, top-p and with a repetition penalty, every accepted mode; all of them together in the long tier.",
        Failure = "The shortest output after which the next token has other probabilities, and both sets of them; or one draw that decides two things.",
        Needs = Lossless.Sampling
    )]
    internal static async Task KeepsTheLaw(Trial trial)
    {
        foreach (bool zeros in new[] { false, true })
        {
            var model = TableModel.Uniform(3, trial.Seed + 4, zeros);
            foreach (string shape in new[] { "plain", "top-p", "repetition" })
            {
                var expected = await TargetLawAsync(model, Prompt, 4, Shape(shape)).ConfigureAwait(false);
                string[] drafts = ["hot", "cut", "zeros", "same", "cold", "greedy"];
                foreach (string draft in drafts)
                {
                    if (!Trial.IsFull && (zeros || shape != "plain") && (draft is "same" or "cold" or "greedy"))
                    {
                        continue;
                    }

                    foreach (var (mode, widths) in Shapes(trial))
                    {
                        // Where the text of a seed is kept, the law hardly can be lost.
                        if (!Trial.IsFull && trial.Part.Lossless == Lossless.Seed && (draft != "hot" || widths[0] == 1))
                        {
                            continue;
                        }

                        Compare.Law(
                            trial,
                            $"{(zeros ? "target with impossible tokens" : "target")}, {shape}, {draft} {mode} draft [{string.Join(' ', widths)}]",
                            expected,
                            randomness =>
                                Tried(trial, model, Shape(shape), randomness, Prompt, 4) with
                                {
                                    Drafter = Shaped(trial, model, draft, shape, mode, widths),
                                }
                        );
                    }
                }
            }
        }
    }

    [Clause(
        "VER-021",
        Level.Law,
        "Chains of four tokens, and of a length that depends on what was drawn, keep the law.",
        Why = "Rules that judge a chain as a whole go wrong only where a chain is longer than two, or stops by itself.",
        How = "Enumeration as in VER-020, six output tokens of a table of two, frequency penalty; a draft that ends after an unlikely token.",
        Failure = "As in VER-020.",
        Needs = Lossless.Sampling
    )]
    internal static async Task KeepsTheLawOfLongChains(Trial trial)
    {
        var model = TableModel.Uniform(2, trial.Seed + 3, zeros: false);
        var expected = await TargetLawAsync(model, Prompt, 6, Shape("frequency")).ConfigureAwait(false);
        foreach (var mode in Modes(trial))
        {
            foreach (double confidence in new[] { 0, 0.4 })
            {
                Compare.Law(
                    trial,
                    $"{mode} chain of four, confidence {confidence}",
                    expected,
                    randomness =>
                        Tried(trial, model, Shape("frequency"), randomness, Prompt, 6) with
                        {
                            Drafter = new TableDrafter(TableModel.Uniform(2, trial.Seed + 11, zeros: false), mode, 1, 1, 1, 1)
                            {
                                Processors = Shape("hot"),
                                Confidence = confidence,
                            },
                        }
                );
            }
        }
    }

    [Clause(
        "VER-022",
        Level.Law,
        "An end token inside a draft keeps the law.",
        Why = "What comes after an end is never committed, but its draws may already have been looked at.",
        How = "Enumeration as in VER-020 over a table with an end token, with a least number of tokens.",
        Failure = "As in VER-020.",
        Needs = Lossless.Sampling
    )]
    internal static async Task KeepsTheLawOfEnds(Trial trial)
    {
        var model = TableModel.Random(3, 2, trial.Seed + 7, ends: [2]);
        foreach (string shape in new[] { "plain", "min-tokens" })
        {
            var expected = await TargetLawAsync(model, Prompt, 4, Shape(shape)).ConfigureAwait(false);
            foreach (var (mode, widths) in Shapes(trial))
            {
                Compare.Law(
                    trial,
                    $"{shape}, {mode} draft [{string.Join(' ', widths)}], token 2 ends",
                    expected,
                    randomness =>
                        Tried(trial, model, Shape(shape), randomness, Prompt, 4) with
                        {
                            Drafter = Shaped(trial, model, "hot", shape, mode, widths),
                        }
                );
            }
        }
    }

    [Clause(
        "VER-023",
        Level.Law,
        "Texts drawn with the randomness of real use have the law of plain sampling.",
        Why = "Enumeration sees only draws that go through the contracts; a generator of its own, a draw looked at twice or a key without the round shows in samples alone.",
        How = "20,000 texts of four tokens under consecutive seeds, drafts of each accepted mode, chi-square against the enumerated law.",
        Failure = "The chance of such a sample, and the shortest output after which the frequencies are off.",
        Needs = Lossless.Sampling,
        Samples = Samples,
        Cells = 81
    )]
    internal static async Task SamplesTheLaw(Trial trial)
    {
        var model = TableModel.Uniform(3, trial.Seed + 4, zeros: false);
        var expected = await TargetLawAsync(model, Prompt, 4, []).ConfigureAwait(false);
        foreach (var mode in Modes(trial))
        {
            int[] widths = mode == ProposalModes.Independent ? [1, 1] : [2, 1];
            await Compare
                .SampledLawAsync(
                    trial,
                    $"{mode} draft [{string.Join(' ', widths)}]",
                    expected,
                    Samples,
                    randomness =>
                        Tried(trial, model, [], randomness, Prompt, 4) with
                        {
                            Drafter = Shaped(trial, model, "hot", "plain", mode, widths),
                        }
                )
                .ConfigureAwait(false);
        }
    }

    [Clause(
        "VER-030",
        Level.Constrained,
        "Under a constraint the law is that of plain constrained sampling, though the draft knows nothing of it.",
        Why = "Grammar and speculation together are where engines break: a forbidden draft token must be refused, not led on.",
        How = "Enumeration as in VER-020 with balanced brackets; the constraint throws when it is led beyond a token that it forbids.",
        Failure = "As in VER-020, or the constraint's own exception.",
        Needs = Lossless.Sampling
    )]
    internal static async Task KeepsTheConstrainedLaw(Trial trial)
    {
        var model = TableModel.Random(4, 2, trial.Seed + 2, ends: [3]);
        var constraint = new BracketConstraint();
        var expected = await TargetLawAsync(model, Prompt, 3, [], constraint).ConfigureAwait(false);
        foreach (string draft in new[] { "hot", "greedy" })
        {
            foreach (var (mode, widths) in Shapes(trial))
            {
                Compare.Law(
                    trial,
                    $"balanced brackets, {draft} {mode} draft [{string.Join(' ', widths)}]",
                    expected,
                    randomness =>
                        Tried(trial, model, [], randomness, Prompt, 3) with
                        {
                            Constraint = constraint,
                            Drafter = Shaped(trial, model, draft, "plain", mode, widths),
                        }
                );
            }
        }
    }

    [Clause(
        "VER-031",
        Level.Constrained,
        "At temperature 0 a constrained text is that of plain constrained decoding.",
        Why = "The arg-max under the mask is not the arg-max of the row, and a shortcut takes the wrong one.",
        How = "Tables of four tokens under balanced brackets, perfect and adversarial drafts of every accepted mode.",
        Failure = "As in VER-010.",
        Needs = Lossless.Greedy
    )]
    internal static async Task IsGreedyUnderAConstraint(Trial trial)
    {
        for (int table = 0; table < 4; table++)
        {
            var model = TableModel.Random(4, 2, trial.Seed + 2 + table, ends: [3]);
            foreach (
                var (draft, mode, widths) in new[] { model, model.Negated() }.SelectMany(draft =>
                    Shapes(trial).Select(shape => (draft, shape.Mode, shape.Widths))
                )
            )
            {
                await Compare
                    .TextsAsync(
                        trial,
                        $"balanced brackets, {(draft == model ? "unconstrained" : "adversarial")} {mode} draft [{string.Join(' ', widths)}]",
                        2,
                        randomness =>
                            Plain(model, Prompt, 30, randomness, new Temperature()) with
                            {
                                Constraint = new BracketConstraint(),
                            },
                        randomness =>
                            Tried(trial, model, [new Temperature()], randomness, Prompt, 30) with
                            {
                                Constraint = new BracketConstraint(),
                                Drafter = Drafter(draft, mode, widths),
                            }
                    )
                    .ConfigureAwait(false);
            }
        }
    }

    [Clause(
        "VER-040",
        Level.Concurrent,
        "A text is the same beside other texts.",
        Why = "Buffers or counters that two verifiers share mix their decisions, and only under load.",
        How = "Another text advances by a step at every draw that the verifier asks for; then eight texts at once on threads.",
        Failure = "The output position where a text parts from the one that is made alone.",
        Needs = Lossless.No
    )]
    internal static async Task IsItselfBesideOthers(Trial trial)
    {
        var model = TableModel.Random(6, 2, trial.Seed);
        foreach (var (mode, widths) in Shapes(trial))
        {
            Request Of(IRandomness randomness) =>
                Tried(trial, model, [], randomness) with
                {
                    Drafter = Drafter(TableModel.Random(6, 1, trial.Seed + 1), mode, widths),
                };
            await Together.CheckAsync(trial, $"{mode} draft", Of).ConfigureAwait(false);
        }
    }

    [Clause(
        "VER-050",
        Level.Pays,
        "A perfect draft is kept whole at temperature 0.",
        Why = "A rule that rejects what it could keep is lossless and worthless.",
        How = "Drafts of three tokens from the target itself, greedy, 40 tokens: every step but the first and the last commits four.",
        Failure = "A step that commits fewer.",
        Needs = Lossless.Greedy
    )]
    internal static void KeepsAPerfectDraft(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        foreach (var mode in Modes(trial))
        {
            trial.Case = $"perfect {mode} draft of three, greedy";
            var request = Tried(trial, model, [new Temperature()]);
            var text = Run.Text(
                request with
                {
                    Drafter = new TableDrafter(model, mode, 1, 1, 1) { Processors = [new Temperature()] },
                }
            );
            int fewest = text.Steps.Skip(1).SkipLast(1).Min();
            trial.Require(fewest == 4, $"A step commits {fewest} tokens; a draft of three that is right gives four.");
        }
    }

    [Clause(
        "VER-051",
        Level.Pays,
        "A warm verification allocates nothing.",
        Why = "Garbage is made once per token and collected while users wait.",
        How = "After 200 steps over a vocabulary of 64, dense rows and cut ones, the bytes allocated inside Verify are counted.",
        Failure = "The number of bytes."
    )]
    internal static void AllocatesNothing(Trial trial)
    {
        var model = TableModel.Random(64, 1, trial.Seed, context: 4096);
        var draft = TableModel.Random(64, 1, trial.Seed + 1);
        foreach (bool cut in new[] { false, true })
        {
            foreach (var mode in Modes(trial))
            {
                trial.Case = $"{mode} draft{(cut ? ", rows cut" : "")}";
                var request = Plain(
                    model,
                    [1, 2],
                    1200,
                    new KeyedRandomness((ulong)trial.Seed),
                    cut ? [new TopKCut { Value = 20 }, new TopPCut { Value = 0.9 }] : []
                );
                var measured = new Measured(trial.Make<IVerifier>());
                Run.Text(
                    request with
                    {
                        Verifier = measured,
                        Drafter = new TableDrafter(draft, mode, mode == ProposalModes.Independent ? [1, 1, 1] : [3, 2])
                        {
                            Processors = cut ? [new TopKCut { Value = 30 }] : [],
                        },
                    }
                );
                trial.Require(measured.Bytes == 0, $"{measured.Bytes} bytes in {measured.Steps} warm steps.");
            }
        }
    }

    // The accepted modes, one by one.
    private static IEnumerable<ProposalModes> Modes(Trial trial)
    {
        var accepted = trial.Make<IVerifier>().Accepts;
        trial.Require(accepted != ProposalModes.None, "It accepts no mode of proposals.");
        return new[] { ProposalModes.Independent, ProposalModes.WithoutReplacement, ProposalModes.Deterministic }.Where(mode =>
            (accepted & mode) != 0
        );
    }

    // Chains, and trees in draw order.
    private static IEnumerable<(ProposalModes Mode, int[] Widths)> Shapes(Trial trial) =>
        Modes(trial).SelectMany(mode => new[] { (mode, new[] { 1, 1 }), (mode, [2, 1]) });

    private static Request Tried(
        Trial trial,
        TableModel model,
        IReadOnlyList<ILogitsProcessor> processors,
        IRandomness? randomness = null,
        int[]? prompt = null,
        int most = 40
    ) =>
        Plain(model, prompt ?? Prompt, most, randomness ?? new KeyedRandomness((ulong)trial.Seed), processors) with
        {
            Verifier = trial.Make<IVerifier>(),
        };

    private static TableDrafter Drafter(TableModel draft, ProposalModes mode, int[] widths) => new(draft, mode, widths);

    private static ILogitsProcessor[] Processors(string shape) =>
        shape == "greedy" ? [new Temperature()] : [new Temperature(), new FrequencyPenalty { Penalty = 0.5 }];

    // Drafts from another table, shaped in ways that differ from the target's.
    private static TableDrafter Shaped(
        Trial trial,
        TableModel model,
        string draft,
        string shape,
        ProposalModes mode,
        int[] widths
    )
    {
        var table = TableModel.Uniform(model.Info.VocabularySize, trial.Seed + 11, zeros: draft == "zeros");
        IReadOnlyList<ILogitsProcessor> processors = draft switch
        {
            "same" => Shape(shape),
            "hot" => Shape("hot"),
            "cold" => Shape("cold"),
            "cut" => Shape("top-k"),
            "greedy" => Shape("greedy"),
            _ => [],
        };
        foreach (var processor in processors)
        {
            processor.PrepareAsync(new PartContext { Target = model }).AsTask().Wait();
        }

        return new TableDrafter(table, mode, widths) { Processors = processors };
    }

    private sealed class Measured(IVerifier rule) : IVerifier
    {
        public int Steps { get; private set; }

        public long Bytes { get; private set; }

        public ProposalModes Accepts => rule.Accepts;

        public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
            rule.PrepareAsync(context, cancellation);

        public void Verify(Verification verification)
        {
            // The first steps shape every node, so that buffers are there for any path that is walked later.
            for (int node = 0; Steps < 200 && node < verification.Tree.Count; node++)
            {
                verification.Target(node);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            rule.Verify(verification);
            if (++Steps > 200)
            {
                Bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }
    }

    private sealed class Watching(Trial trial, IVerifier rule) : IVerifier
    {
        public ProposalModes Accepts => rule.Accepts;

        public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
            rule.PrepareAsync(context, cancellation);

        public void Verify(Verification verification)
        {
            var tree = verification.Tree;
            var before = Enumerable.Range(0, tree.Count).Select(node => Of(verification, node)).ToArray();
            rule.Verify(verification);
            trial.Require(before.Length == tree.Count, "The draft has other nodes after it was verified.");
            for (int node = 0; node < before.Length; node++)
            {
                trial.Require(
                    before[node].SequenceEqual(Of(verification, node)),
                    $"What belongs to draft node {node} was changed."
                );
            }
        }

        private static float[] Of(Verification verification, int node) =>
            [
                verification.Tree.Token(node),
                .. Dense(verification.Target(node)),
                .. verification.Proposal(node) is { } q ? Dense(q) : [],
                .. verification.Rows.Logits(verification.Tree.Row(node)),
            ];

        private static float[] Dense(Distribution row) => [.. Enumerable.Range(0, row.VocabularySize).Select(row.LogitOf)];
    }
}
