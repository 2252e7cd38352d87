using Tokenwright.Host;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Conformance;

/// <summary>What holds for drafters.</summary>
[Clauses(Seam.Drafter)]
internal static class DrafterClauses
{
    private const int Samples = 20_000;
    private static readonly int[] Prompt = [1, 0, 1];

    [Clause(
        "DRF-001",
        Level.Behaves,
        "Drafts keep within their room and depth, and so the budget and the context hold exactly.",
        Why = "A node too many is a row that the context does not have, or a token beyond what the user asked for.",
        How = "Budgets of 1 to 29 tokens, contexts of 3 to 24, prompts of one token, an end token; rooms of 0 to 40 nodes.",
        Failure = "A node that does not fit, an exception, or a text of another length than that of plain decoding."
    )]
    internal static async Task KeepsWithinBounds(Trial trial)
    {
        for (int context = 3; context <= 24; context += 3)
        {
            foreach (
                var model in new[] { TableModel.Random(4, 1, trial.Seed + 8, ends: [2], context: context), Cycle.Of(3, context) }
            )
            {
                for (int most = 1; most < 30; most += 4)
                {
                    await Same($"context {context}, budget {most}", model, [1], most, 128).ConfigureAwait(false);
                }
            }
        }

        for (int room = 0; room <= 40; room += 5)
        {
            var model = TableModel.Random(12, 1, trial.Seed, spread: 3);
            await Same($"room for {room} nodes", model, Prompt, 30, room).ConfigureAwait(false);
        }

        Task Same(string what, TableModel model, int[] prompt, int most, int room) =>
            Compare.TextsAsync(
                trial,
                what,
                3,
                randomness => Plain(model, prompt, most, randomness),
                randomness =>
                    Tried(trial, Plain(model, prompt, most, randomness)) with
                    {
                        Loop = new DraftThenVerify { MaxNodes = room },
                    }
            );
    }

    [Clause(
        "DRF-002",
        Level.Behaves,
        "Nodes are what the drafter says it proposes.",
        Why = "An acceptance rule draws its conclusions from the mode: a sorted list that poses as draws bends the law.",
        How = "Every draft of some texts is looked at: its modes, its q, the probability of its tokens under q, repeated siblings.",
        Failure = "The node, and what is wrong with it."
    )]
    internal static async Task ProposesAsDeclared(Trial trial)
    {
        foreach (var verifier in Verifiers(trial))
        {
            var model = TableModel.Random(6, 2, trial.Seed);
            trial.Case = $"{verifier.GetType().Name}, 40 sampled tokens";
            var request = Tried(
                trial,
                Plain(model, Prompt, 40, new KeyedRandomness((ulong)trial.Seed)) with
                {
                    Verifier = verifier,
                }
            );
            await Run.TextAsync(request with { Drafter = new Watching(trial, request.Drafter!) }, trial.Cancellation)
                .ConfigureAwait(false);
        }
    }

    [Clause(
        "DRF-003",
        Level.Behaves,
        "The same run from the same stores drafts the same.",
        Why = "A draft that follows the clock, a random generator or a counter of the process makes runs that never come again.",
        How = "Two texts with shared stores, made twice from fresh stores: the tokens of every step and the nodes drafted.",
        Failure = "A step that commits another number of tokens the second time."
    )]
    internal static async Task Repeats(Trial trial)
    {
        trial.Case = "two texts of 50 tokens, twice";
        var first = await Once().ConfigureAwait(false);
        var second = await Once().ConfigureAwait(false);
        trial.Require(
            first.Steps.SequenceEqual(second.Steps) && first.Statistics.Drafted == second.Statistics.Drafted,
            $"The second run drafts {second.Statistics.Drafted} nodes in {second.Steps.Count} steps, the first {first.Statistics.Drafted} in {first.Steps.Count}."
        );

        async Task<Text> Once()
        {
            var model = TableModel.Random(24, 1, trial.Seed + 3, spread: 3);
            var stores = new SharedStores();
            Request Of(int token) =>
                Tried(trial, Plain(model, [token, 1, 4], 50, new KeyedRandomness((ulong)token)) with { Stores = stores });
            await Run.TextAsync(Of(3), trial.Cancellation).ConfigureAwait(false);
            return await Run.TextAsync(Of(7), trial.Cancellation).ConfigureAwait(false);
        }
    }

    [Clause(
        "DRF-004",
        Level.Behaves,
        "What a drafter is shown it leaves as it is.",
        Why = "The committed tokens are the text. Who changes them changes what the user gets.",
        How = "Committed tokens, the states at the root and the verified tree are compared before and after every call.",
        Failure = "What was changed, and in which call."
    )]
    internal static async Task ReadsOnly(Trial trial)
    {
        var model = TableModel.Random(6, 2, trial.Seed);
        trial.Case = "40 sampled tokens";
        var request = Tried(trial, Plain(model, Prompt, 40, new KeyedRandomness((ulong)trial.Seed)));
        await Run.TextAsync(request with { Drafter = new Untouched(trial, request.Drafter!) }, trial.Cancellation)
            .ConfigureAwait(false);
    }

    [Clause(
        "DRF-005",
        Level.Behaves,
        "A model without trees, rewinding or forking is given chains, or the need is declared.",
        Why = "Most exported models take chains only; a tree that is fed to one is read as a chain, silently and wrong.",
        How = "Greedy texts over a table without any capability.",
        Failure = "A forward that asks for what the model does not offer, though the drafter declared no need.",
        Needs = Lossless.No
    )]
    internal static async Task SuitsTheModel(Trial trial)
    {
        var model = TableModel.Random(12, 1, trial.Seed, spread: 3, capabilities: Capabilities.None);
        if (trial.Make<IDrafter>() is { Needs: not Capabilities.None } needing)
        {
            Trial.Skip($"It declares that it needs {needing.Needs}.");
        }

        await Compare
            .TextsAsync(
                trial,
                "a model without capabilities",
                2,
                randomness => Plain(model, [3, 1, 4], 50, randomness, new Temperature()),
                randomness => Tried(trial, Plain(model, [3, 1, 4], 50, randomness, new Temperature()))
            )
            .ConfigureAwait(false);
    }

    [Clause(
        "DRF-006",
        Level.Behaves,
        "What a drafter opens it gives back, also where the text is cancelled.",
        Why = "A sequence holds a cache of many megabytes.",
        How = "Sequences of the second model that are open after a text, and after one that was cancelled in the middle.",
        Failure = "How many stay open."
    )]
    internal static async Task GivesBack(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        var second = TableModel.Random(12, 1, trial.Seed + 1);
        Request Of() => Tried(trial, Plain(model, Prompt, 30, new KeyedRandomness(1)), second);
        trial.Case = "a text to its end";
        await Run.TextAsync(Of(), trial.Cancellation).ConfigureAwait(false);
        trial.Require(second.OpenSequences == 0, $"{second.OpenSequences} sequences of the second model stay open.");

        trial.Case = "a text that is cancelled";
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(trial.Cancellation);
        model.Forwarding = () =>
        {
            if (model.Forwards == 40)
            {
                cancelled.Cancel();
            }
        };
        try
        {
            for (int i = 0; i < 10; i++)
            {
                await Run.TextAsync(Of(), cancelled.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!trial.Cancellation.IsCancellationRequested) { }

        trial.Require(second.OpenSequences == 0, $"{second.OpenSequences} sequences of the second model stay open.");
    }

    [Clause(
        "DRF-007",
        Level.Behaves,
        "A drafter that runs a model stops when it is told to.",
        Why = "A user who cancels waits for the slowest model, and a server that shuts down for all of them.",
        How = "The second model cancels the text at one of its own forwards; the exception must reach the loop with no further forward.",
        Failure = "The text goes on, or the second model is asked again."
    )]
    internal static async Task StopsWhenCancelled(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        var second = TableModel.Random(12, 1, trial.Seed + 1);
        await Run.TextAsync(Tried(trial, Plain(model, Prompt, 120, new KeyedRandomness(1)), second), trial.Cancellation)
            .ConfigureAwait(false);
        if (second.Forwards == 0)
        {
            Trial.Skip("It runs no model.");
        }

        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(trial.Cancellation);
        int asked = 0;
        second.Forwarding = () =>
        {
            asked++;
            if (asked == 3)
            {
                cancelled.Cancel();
            }
        };
        trial.Case = "cancelled at the third forward of the second model";
        try
        {
            await Run.TextAsync(Tried(trial, Plain(model, Prompt, 120, new KeyedRandomness(1)), second), cancelled.Token)
                .ConfigureAwait(false);
            trial.Break("The text went on to its end.");
        }
        catch (OperationCanceledException) when (!trial.Cancellation.IsCancellationRequested) { }

        trial.Require(asked == 3, $"The second model was asked {asked - 3} more times.");
    }

    [Clause(
        "DRF-010",
        Level.Greedy,
        "A draft does not change a greedy text.",
        Why = "Drafting changes speed and nothing else.",
        How = "Tables of 12 tokens, texts of 48, without penalties and with; under every verifier that accepts the drafts.",
        Failure = "The output position where the text parts, the token that ought to come and the one that came."
    )]
    internal static async Task KeepsGreedyTexts(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        foreach (var verifier in Verifiers(trial))
        {
            foreach (bool penalised in new[] { false, true })
            {
                ILogitsProcessor[] Shape() =>
                    penalised
                        ? [new Temperature(), new RepetitionPenalty { Penalty = 1.2 }, new FrequencyPenalty { Penalty = 0.3 }]
                        : [new Temperature()];
                await Compare
                    .TextsAsync(
                        trial,
                        $"greedy{(penalised ? " with penalties" : "")}, {verifier.GetType().Name}",
                        2,
                        randomness => Plain(model, [3, 1, 4], 48, randomness, Shape()),
                        randomness =>
                            Tried(trial, Plain(model, [3, 1, 4], 48, randomness, Shape()) with { Verifier = Fresh(verifier) })
                    )
                    .ConfigureAwait(false);
            }
        }
    }

    [Clause(
        "DRF-011",
        Level.Greedy,
        "A draft does not change the text of a seed, whatever was learnt from texts before.",
        Why = "Stores that are shared between texts may change speed, never tokens.",
        How = "Temperatures 0.3 to 1.5 with cuts and penalties, under agree; the texts of several seeds share their stores, which learnt from another model first.",
        Failure = "The output position where the text of a seed parts from that of plain decoding."
    )]
    internal static async Task KeepsTheSeed(Trial trial)
    {
        if (!Verifiers(trial).OfType<Agree>().Any())
        {
            Trial.Skip("It does not propose what agree accepts.");
        }

        var model = TableModel.Random(12, 2, trial.Seed);
        var other = TableModel.Random(12, 2, trial.Seed + 50);
        foreach (string shape in new[] { "plain", "cold", "hot", "top-p", "all" })
        {
            var stores = new SharedStores();
            await Run.TextAsync(
                    Tried(trial, Plain(other, [3, 1, 4], 48, new KeyedRandomness(9), Shape(shape)) with { Stores = stores }),
                    trial.Cancellation
                )
                .ConfigureAwait(false);
            await Compare
                .TextsAsync(
                    trial,
                    $"{shape}, shared stores",
                    4,
                    randomness => Plain(model, [3, 1, 4], 48, randomness, Shape(shape)),
                    randomness => Tried(trial, Plain(model, [3, 1, 4], 48, randomness, Shape(shape)) with { Stores = stores })
                )
                .ConfigureAwait(false);
        }
    }

    [Clause(
        "DRF-012",
        Level.Greedy,
        "On a real model texts part from plain decoding only at near-ties.",
        Why = "Caches, positions and masks of a real model are what tables do not have; rounding is the only excuse.",
        How = "The embedded draft model, greedy and at temperature 1, two prompts, 32 tokens; where a text parts, moving one logit by 0.002 must make plain decoding take the other token.",
        Failure = "The output position where the text parts though plain decoding is sure.",
        IsLong = true
    )]
    internal static async Task IsRightOnARealModel(Trial trial)
    {
        if (!Verifiers(trial).OfType<Agree>().Any())
        {
            Trial.Skip("It does not propose what agree accepts.");
        }

        await Reference
            .SameTextsAsync(trial, (model, request) => Tried(trial, request) with { Models = new OneModel(model) })
            .ConfigureAwait(false);
    }

    [Clause(
        "DRF-020",
        Level.Law,
        "The text has the law of plain sampling, under every verifier that accepts the drafts.",
        Why = "A drawn draft whose q is not what it was drawn from, or whose draws are looked at twice, bends the law though the verifier is right.",
        How = "Every outcome of every draw is enumerated, four or five output tokens of tables of two and three; plain, with cuts, with penalties.",
        Failure = "The shortest output after which the next token has other probabilities, and both sets of them; or one draw that decides two things."
    )]
    internal static async Task KeepsTheLaw(Trial trial)
    {
        foreach (var verifier in Verifiers(trial))
        {
            // Rules that draw have many outcomes, so most of their tables have two tokens.
            string[] shapes = ["plain", "top-p", "repetition", "greedy", "hot", "all"];
            foreach (string shape in verifier is Agree || Trial.IsFull ? shapes : shapes[..2])
            {
                bool isSmall = verifier is not Agree && shape != "plain" && !Trial.IsFull;
                var model = TableModel.Random(isSmall ? 2 : 3, 2, trial.Seed + 4);
                int count = verifier is Agree || isSmall ? 5 : 4;
                var expected = await TargetLawAsync(model, Prompt, count, Shape(shape)).ConfigureAwait(false);
                Compare.Law(
                    trial,
                    $"{shape}, {verifier.GetType().Name}, {count} tokens",
                    expected,
                    randomness =>
                        Tried(trial, Plain(model, Prompt, count, randomness, Shape(shape)) with { Verifier = Fresh(verifier) }),
                    sharesPicks: verifier is Agree
                );
            }
        }
    }

    [Clause(
        "DRF-021",
        Level.Law,
        "Texts drawn with the randomness of real use have the law of plain sampling.",
        Why = "A drafter with a random generator of its own, or one that learns from what it drew, escapes enumeration.",
        How = "20,000 texts of four tokens under consecutive seeds that share stores, under the sharpest verifier that accepts the drafts; chi-square against the enumerated law.",
        Failure = "The chance of such a sample, and the shortest output after which the frequencies are off.",
        IsLong = true,
        Samples = Samples,
        Cells = 81
    )]
    internal static async Task SamplesTheLaw(Trial trial)
    {
        var model = TableModel.Random(3, 2, trial.Seed + 4);
        var verifier = Verifiers(trial).Last();
        var expected = await TargetLawAsync(model, Prompt, 4, []).ConfigureAwait(false);
        var stores = new SharedStores();
        await Compare
            .SampledLawAsync(
                trial,
                verifier.GetType().Name,
                expected,
                Samples,
                randomness =>
                    Tried(trial, Plain(model, Prompt, 4, randomness) with { Verifier = Fresh(verifier), Stores = stores })
            )
            .ConfigureAwait(false);
    }

    [Clause(
        "DRF-030",
        Level.Constrained,
        "A draft does not change a constrained text, whether it knows of the constraint or not.",
        Why = "Constraint states belong to nodes; a drafter that moves the committed one leads the text astray.",
        How = "Balanced brackets, and a constraint that forces every token and ends inside drafts; greedy and sampled.",
        Failure = "The output position where the text parts from that of plain constrained decoding, or the constraint's own exception."
    )]
    internal static async Task KeepsConstrainedTexts(Trial trial)
    {
        var model = TableModel.Random(4, 2, trial.Seed + 2, ends: [3]);
        foreach (var verifier in Verifiers(trial))
        {
            foreach (string name in new[] { "brackets", "one way" })
            {
                foreach (string shape in verifier is Agree ? new[] { "greedy", "plain", "all" } : ["greedy"])
                {
                    ITokenConstraint Constraint() => name == "brackets" ? new BracketConstraint() : new OneWayConstraint(3, 11);
                    Request Of(IRandomness randomness) =>
                        Plain(model, [1, 0], 30, randomness, Shape(shape)) with
                        {
                            Constraint = Constraint(),
                        };
                    await Compare
                        .TextsAsync(
                            trial,
                            $"{name}, {shape}, {verifier.GetType().Name}",
                            4,
                            Of,
                            randomness => Tried(trial, Of(randomness) with { Verifier = Fresh(verifier) })
                        )
                        .ConfigureAwait(false);
                }
            }
        }
    }

    [Clause(
        "DRF-031",
        Level.Constrained,
        "A constrained text has the law of plain constrained sampling.",
        Why = "Masking p and not q, or the other way round, bends the law where grammar and draft disagree.",
        How = "Enumeration as in DRF-020, four output tokens under balanced brackets.",
        Failure = "As in DRF-020."
    )]
    internal static async Task KeepsTheConstrainedLaw(Trial trial)
    {
        var model = TableModel.Random(4, 2, trial.Seed + 2, ends: [3]);
        var constraint = new BracketConstraint();
        var expected = await TargetLawAsync(model, [1, 0], 4, [], constraint).ConfigureAwait(false);
        foreach (var verifier in Verifiers(trial))
        {
            Compare.Law(
                trial,
                $"balanced brackets, {verifier.GetType().Name}",
                expected,
                randomness =>
                    Tried(
                        trial,
                        Plain(model, [1, 0], 4, randomness) with
                        {
                            Verifier = Fresh(verifier),
                            Constraint = constraint,
                        }
                    ),
                sharesPicks: verifier is Agree
            );
        }
    }

    [Clause(
        "DRF-040",
        Level.Concurrent,
        "Texts that share stores at the same time stay themselves.",
        Why = "A server decodes many texts of one model; what they learn together must not tear, and nothing else may be shared.",
        How = "Another text advances by a step at every draw; then eight texts at once on threads; all of them share the stores.",
        Failure = "The output position where a text parts from the one that is made alone, or an exception of a torn store."
    )]
    internal static async Task IsItselfBesideOthers(Trial trial)
    {
        var model = TableModel.Random(12, 2, trial.Seed);
        foreach (var verifier in Verifiers(trial))
        {
            if (verifier is not Agree)
            {
                // What is drafted decides which of several right texts comes, so stores that others write to must not be shared.
                await Together
                    .CheckAsync(
                        trial,
                        $"{verifier.GetType().Name}, stores apart",
                        randomness => Tried(trial, Plain(model, [3, 1, 4], 48, randomness) with { Verifier = Fresh(verifier) })
                    )
                    .ConfigureAwait(false);
                continue;
            }

            var stores = new SharedStores();
            await Together
                .CheckAsync(
                    trial,
                    "Agree, stores shared",
                    randomness => Tried(trial, Plain(model, [3, 1, 4], 48, randomness) with { Stores = stores })
                )
                .ConfigureAwait(false);
        }
    }

    [Clause(
        "DRF-050",
        Level.Pays,
        "Where the text is easy to foresee, drafts save passes.",
        Why = "A drafter that drafts nothing is right in everything else.",
        How = "Greedy texts of 60 tokens: one that goes round in a circle of eight, one whose every token a constraint forces, one with the target itself as second model; the best of them must reach 1.5 tokens per pass.",
        Failure = "The tokens per pass of each."
    )]
    internal static async Task SavesPasses(Trial trial)
    {
        trial.Case = "60 greedy tokens of a circle of eight";
        var circled = await PerPass(Cycle.Of(8), null).ConfigureAwait(false);
        var forced = await PerPass(TableModel.Random(4, 2, trial.Seed, ends: [3], context: 128), new OneWayConstraint(3, 60))
            .ConfigureAwait(false);
        trial.Require(
            Math.Max(circled, forced) >= 1.5,
            FormattableString.Invariant($"{circled:0.00} tokens per pass in a circle, {forced:0.00} where all is forced.")
        );

        async Task<double> PerPass(TableModel model, ITokenConstraint? constraint)
        {
            double best = 0;
            foreach (var verifier in Verifiers(trial))
            {
                var plain = Plain(model, [1, 2], 60, new KeyedRandomness(1), new Temperature()) with
                {
                    Constraint = constraint,
                    Verifier = Fresh(verifier),
                };
                var text = await Run.TextAsync(Tried(trial, plain, model), trial.Cancellation).ConfigureAwait(false);
                best = Math.Max(best, text.Statistics.TokensPerPass);
            }

            return best;
        }
    }

    [Clause(
        "DRF-051",
        Level.Pays,
        "A warm step allocates nothing.",
        Why = "Garbage is made once per token and collected while users wait.",
        How = "After 300 steps over a vocabulary of 64 the bytes of 200 further steps are counted, drafting, verifying and learning included.",
        Failure = "The number of bytes."
    )]
    internal static async Task AllocatesNothing(Trial trial)
    {
        var model = TableModel.Random(64, 1, trial.Seed, context: 40_000);
        var verifier = Verifiers(trial).First();
        trial.Case = $"500 steps of a sampled text, {verifier.GetType().Name}";
        var request = Tried(trial, Plain(model, [1, 2, 3], 39_000, new KeyedRandomness(1)) with { Verifier = verifier }, model);
        await Warm.CheckAsync(trial, request).ConfigureAwait(false);
    }

    /// <summary>The shipped verifiers that accept what the drafter proposes for them.</summary>
    internal static IEnumerable<IVerifier> Verifiers(Trial trial)
    {
        IVerifier[] all = [new Agree(), new Token(), new Block(), new RecursiveRejection()];
        IVerifier[] fitting =
        [
            .. all.Where(verifier =>
            {
                var drafter = trial.Make<IDrafter>();
                drafter.Suit(verifier.Accepts);
                bool fits = (drafter.Proposes & ~verifier.Accepts) == ProposalModes.None;
                (drafter as IDisposable)?.Dispose();
                return fits;
            }),
        ];
        trial.Require(fitting.Length > 0, "No verifier accepts what it proposes.");
        return fitting;
    }

    private static IVerifier Fresh(IVerifier verifier) => (IVerifier)Activator.CreateInstance(verifier.GetType())!;

    private static Request Tried(Trial trial, Request plain, TableModel? second = null) =>
        plain with
        {
            Drafter = trial.Make<IDrafter>(),
            Models = new OneModel(
                second
                    ?? TableModel.Random(
                        plain.Model.Info.VocabularySize,
                        1,
                        trial.Seed + 11,
                        context: plain.Model.Info.ContextLength
                    )
            ),
        };

    // Looks at every draft.
    private sealed class Watching(Trial trial, IDrafter drafter) : DelegatingDrafter(drafter)
    {
        public override async ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
        {
            await base.DraftAsync(context, tree, cancellation).ConfigureAwait(false);
            for (int node = 0; node < tree.Count; node++)
            {
                Check(tree, node);
            }
        }

        private void Check(DraftTree tree, int node)
        {
            if (tree.FirstChild(node) < 0)
            {
                return;
            }

            var mode = tree.Mode(node);
            trial.Require(
                (mode & Proposes) != 0,
                $"Children of node {node} are {mode}; the drafter says that it proposes {Proposes}."
            );
            var seen = new HashSet<int>();
            for (int child = tree.FirstChild(node); child >= 0; child = tree.NextSibling(child))
            {
                int token = tree.Token(child);
                trial.Require(
                    tree.Proposal(node) is not { } q || q.Probability(token) > 0,
                    $"Node {child} holds token {token}, which has probability 0 under the q it is said to be drawn from."
                );
                trial.Require(
                    seen.Add(token) || mode == ProposalModes.Independent,
                    $"Token {token} stands twice among the children of node {node}, which are {mode}."
                );
            }
        }
    }

    private sealed class Untouched(Trial trial, IDrafter drafter) : DelegatingDrafter(drafter)
    {
        public override async ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
        {
            int[] tokens = context.Committed.ToArray();
            ShapeState[] states = context.RootStates.ToArray();
            await base.DraftAsync(context, tree, cancellation).ConfigureAwait(false);
            trial.Require(context.Committed.SequenceEqual(tokens), "DraftAsync changed committed tokens.");
            trial.Require(context.RootStates.SequenceEqual(states), "DraftAsync changed the states at the root.");
        }

        public override void Observe(in Observation observation)
        {
            int[] fed = observation.Fed.ToArray();
            int[] emitted = observation.Emitted.ToArray();
            int[] nodes = Nodes(observation.Tree);
            base.Observe(observation);
            trial.Require(
                observation.Fed.SequenceEqual(fed) && observation.Emitted.SequenceEqual(emitted),
                "Observe changed tokens that it was shown."
            );
            trial.Require(Nodes(observation.Tree).SequenceEqual(nodes), "Observe changed the verified tree.");
        }

        private static int[] Nodes(DraftTree? tree) =>
            tree is null
                ? []
                : [.. Enumerable.Range(0, tree.Count).SelectMany(node => new[] { tree.Token(node), tree.Parent(node) })];
    }
}
