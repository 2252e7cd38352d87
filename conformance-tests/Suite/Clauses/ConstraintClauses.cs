using Tokenwright.Host;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Conformance;

/// <summary>What holds for constraints.</summary>
[Clauses(Seam.Constraint)]
internal static class ConstraintClauses
{
    private const int Walks = 40;
    private const int Longest = 10;
    private static readonly int[] Prompt = [1, 0];

    [Clause(
        "CON-001",
        Level.Behaves,
        "A state is a value: walking one branch leaves all others as they were.",
        Why = "Every node of a draft has its own state; one that is moved in place makes rejected tokens count.",
        How = "From states on random walks every allowed token is followed; then the mask of the state, and of each child, must be what it was.",
        Failure = "The state whose mask changed."
    )]
    internal static void StatesAreValues(Trial trial)
    {
        var scene = Scene.Of(trial);
        foreach (var (walk, state) in scene.States(trial))
        {
            trial.Case = $"after [{string.Join(' ', walk)}]";
            ulong[] mask = scene.Mask(state);
            var children = scene
                .Tokens(mask)
                .Where(token => token != scene.End)
                .Select(token => (Token: token, State: scene.Constraint.Next(state, token)))
                .ToArray();
            ulong[][] masks = [.. children.Select(child => scene.Mask(child.State))];
            trial.Require(scene.Mask(state).SequenceEqual(mask), "Following a token changed the state it started from.");
            for (int i = 0; i < children.Length; i++)
            {
                trial.Require(
                    scene.Mask(children[i].State).SequenceEqual(masks[i])
                        && scene.Mask(scene.Constraint.Next(state, children[i].Token)).SequenceEqual(masks[i]),
                    $"The state after token {children[i].Token} depends on which other branches were walked."
                );
            }
        }
    }

    [Clause(
        "CON-002",
        Level.Behaves,
        "Allows says of every token what the mask says.",
        Why = "Drafters ask one token at a time, the law is shaped by the mask: where they differ a draft is proposed that can never be kept, or a good one is not.",
        How = "Every token in every state of random walks.",
        Failure = "The state, the token and the two answers."
    )]
    internal static void AllowsWhatItMasks(Trial trial)
    {
        var scene = Scene.Of(trial);
        foreach (var (walk, state) in scene.States(trial))
        {
            ulong[] mask = scene.Mask(state);
            for (int token = 0; token < scene.Model.Info.VocabularySize; token++)
            {
                trial.Case = $"after [{string.Join(' ', walk)}], token {token}";
                bool inMask = TokenMask.Contains(mask, token);
                trial.Require(
                    scene.Constraint.Allows(state, token) == inMask,
                    inMask ? "The mask allows it and Allows does not." : "Allows allows it and the mask does not."
                );
            }
        }
    }

    [Clause(
        "CON-003",
        Level.Behaves,
        "A token that is not allowed cannot be followed.",
        Why = "A constraint never fails open: a state for a forbidden token is a text that the user did not ask for.",
        How = "Next with every token that the mask forbids.",
        Failure = "The token after which there is a state."
    )]
    internal static void RefusesToFollow(Trial trial)
    {
        var scene = Scene.Of(trial);
        foreach (var (walk, state) in scene.States(trial))
        {
            ulong[] mask = scene.Mask(state);
            for (int token = 0; token < scene.End; token++)
            {
                trial.Case = $"after [{string.Join(' ', walk)}], token {token}";
                if (TokenMask.Contains(mask, token))
                {
                    continue;
                }

                bool isFollowed = true;
                try
                {
                    scene.Constraint.Next(state, token);
                }
                catch (ArgumentException)
                {
                    isFollowed = false;
                }

                trial.Require(!isFollowed, "It is forbidden, and Next gives a state.");
            }
        }
    }

    [Clause(
        "CON-004",
        Level.Behaves,
        "A mask is overwritten whole, and allows nothing beyond the vocabulary.",
        Why = "The buffer is used again from step to step; a bit that is left from the last one allows what is forbidden.",
        How = "Each mask is filled twice, into a buffer of ones and one of zeros.",
        Failure = "The state whose two masks differ."
    )]
    internal static void OverwritesMasks(Trial trial)
    {
        var scene = Scene.Of(trial);
        foreach (var (walk, state) in scene.States(trial))
        {
            trial.Case = $"after [{string.Join(' ', walk)}]";
            ulong[] ones = scene.NewMask();
            ones.AsSpan().Fill(ulong.MaxValue);
            scene.Constraint.Mask(state, ones);
            trial.Require(scene.Mask(state).SequenceEqual(ones), "The mask depends on what was in the buffer.");
            int size = scene.Model.Info.VocabularySize;
            trial.Require(size % 64 == 0 || ones[^1] >> size % 64 == 0, "Bits beyond the vocabulary are set.");
        }
    }

    [Clause(
        "CON-005",
        Level.Behaves,
        "No state is a dead end.",
        Why = "Where nothing is allowed the text can neither go on nor end, and the user gets an error in the middle.",
        How = "Every state of random walks allows a token or the end.",
        Failure = "The tokens that lead there."
    )]
    internal static void HasNoDeadEnds(Trial trial)
    {
        var scene = Scene.Of(trial);
        foreach (var (walk, state) in scene.States(trial))
        {
            trial.Case = $"after [{string.Join(' ', walk)}]";
            trial.Require(scene.Mask(state).Any(word => word != 0), "Nothing is allowed.");
        }
    }

    [Clause(
        "CON-006",
        Level.Behaves,
        "Masks follow from the tokens alone.",
        Why = "Two texts with one constraint, or the same text tomorrow, must be held to the same thing.",
        How = "Two instances walk the same tokens.",
        Failure = "The tokens after which the two allow different things."
    )]
    internal static void IsRepeatable(Trial trial)
    {
        var one = Scene.Of(trial);
        var other = Scene.Of(trial);
        foreach (var (walk, state) in one.States(trial))
        {
            trial.Case = $"after [{string.Join(' ', walk)}]";
            var at = other.Constraint.Start;
            foreach (int token in walk)
            {
                at = other.Constraint.Next(at, token);
            }

            trial.Require(one.Mask(state).SequenceEqual(other.Mask(at)), "Another instance allows other tokens.");
        }
    }

    [Clause(
        "CON-007",
        Level.Behaves,
        "Asking what is forced changes nothing, and the answer fits.",
        Why = "The hint is asked at every step, into a span that is as long as the draft may be.",
        How = "In every state of random walks, into spans of 0 to 8 tokens; masks before and after.",
        Failure = "A count beyond the span, a token outside the vocabulary, a mask that changed, or a longer span that starts otherwise."
    )]
    internal static void ForcesQuietly(Trial trial)
    {
        var scene = Scene.Of(trial);
        foreach (var (walk, state) in scene.States(trial))
        {
            ulong[] mask = scene.Mask(state);
            for (int room = 0; room <= 8; room++)
            {
                trial.Case = $"after [{string.Join(' ', walk)}], room for {room}";
                int[] tokens = new int[room];
                int count = scene.Constraint.Forced(state, tokens);
                trial.Require(count >= 0 && count <= room, $"{count} tokens are said to be written.");
                trial.Require(
                    tokens.Take(count).All(token => (uint)token < (uint)scene.Model.Info.VocabularySize),
                    "A token lies outside the vocabulary."
                );
            }

            trial.Require(scene.Mask(state).SequenceEqual(mask), "Asking what is forced changed the state.");
        }
    }

    [Clause(
        "CON-010",
        Level.Constrained,
        "Drafts change no constrained text, whatever they know of the constraint.",
        Why = "The constraint may begin, force or end inside a draft: there engines ignore it, or apply it a token late.",
        How = "Greedy and sampled texts under agree: a tree that knows nothing of it, the likeliest tokens of the target itself, and what the constraint forces.",
        Failure = "The output position where the text parts from that of plain constrained decoding."
    )]
    internal static async Task KeepsTextsUnderDrafts(Trial trial)
    {
        var scene = Scene.Of(trial);
        int vocabulary = scene.Model.Info.VocabularySize;
        var drafts = new Dictionary<string, Func<IDrafter>>
        {
            ["unknowing tree"] = () =>
                new TableDrafter(TableModel.Random(vocabulary, 1, trial.Seed + 1), ProposalModes.Deterministic, 3, 2, 1),
            ["unconstrained target"] = () => new TableDrafter(scene.Model, ProposalModes.Deterministic, 2, 1, 1, 1),
            ["forced"] = () => new Forced(),
        };
        foreach (var (name, drafter) in drafts)
        {
            foreach (string shape in new[] { "greedy", "plain", "all" })
            {
                await Compare
                    .TextsAsync(
                        trial,
                        $"{name}, {shape}",
                        6,
                        randomness => scene.Request(randomness, Longest, Shape(shape)),
                        randomness => scene.Request(randomness, Longest, Shape(shape)) with { Drafter = drafter() }
                    )
                    .ConfigureAwait(false);
            }
        }
    }

    [Clause(
        "CON-011",
        Level.Constrained,
        "Constrained texts keep the law of plain constrained sampling under every rule.",
        Why = "p must be masked at every node with the node's own state.",
        How = "Enumeration, three output tokens, under agree with forced drafts, and under token, block and rrsw with drafts that know nothing of the constraint.",
        Failure = "The shortest output after which the next token has other probabilities, and both sets of them."
    )]
    internal static async Task KeepsTheLaw(Trial trial)
    {
        var scene = Scene.Of(trial, most: 3);
        var expected = await TargetLawAsync(scene.Model, Prompt, 3, [], scene.Constraint).ConfigureAwait(false);
        var draft = TableModel.Random(scene.Model.Info.VocabularySize, 1, trial.Seed + 8, ends: [scene.End]);
        var rules = new Dictionary<string, Func<Request, Request>>
        {
            ["agree, forced"] = plain => plain with { Drafter = new Forced() },
            ["token"] = plain =>
                plain with
                {
                    Verifier = new Token(),
                    Drafter = new TableDrafter(draft, ProposalModes.Independent, 1, 1),
                },
            ["block"] = plain =>
                plain with
                {
                    Verifier = new Block(),
                    Drafter = new TableDrafter(draft, ProposalModes.Independent, 1, 1)
                    {
                        Processors = [new TopKCut { Value = 3 }],
                    },
                },
            ["rrsw"] = plain =>
                plain with
                {
                    Verifier = new RecursiveRejection(),
                    Drafter = new TableDrafter(draft, ProposalModes.WithoutReplacement, 2, 1)
                    {
                        Processors = [new TopKCut { Value = 3 }],
                    },
                },
        };
        foreach (var (rule, with) in rules)
        {
            if (scene.Model.Info.VocabularySize > 8 && rule == "token")
            {
                // Drafts from a full row of many tokens have too many outcomes to enumerate; block and rrsw draw from cut ones.
                continue;
            }

            Compare.Law(trial, $"{rule}, three tokens", expected, randomness => with(scene.Request(randomness, 3, [])));
        }
    }

    [Clause(
        "CON-040",
        Level.Concurrent,
        "A text is the same beside other texts that share tables.",
        Why = "Tables of a vocabulary are shared by all texts of a model; a mask that is built while another is read must not be half of it.",
        How = "Another text advances by a step at every draw; then eight texts at once on threads, all with the same stores.",
        Failure = "The output position where a text parts from the one that is made alone."
    )]
    internal static Task IsItselfBesideOthers(Trial trial)
    {
        var scene = Scene.Of(trial);
        var stores = new SharedStores();
        return Together.CheckAsync(
            trial,
            "shared stores",
            randomness =>
                scene.Request(randomness, Longest, []) with
                {
                    Constraint = trial.Make<ITokenConstraint>(),
                    Stores = stores,
                }
        );
    }

    // A constraint over a table whose tokens are those of the sample, an end token last.
    private sealed class Scene
    {
        private readonly SmallVocabulary _vocabulary;

        private Scene(Trial trial, int most)
        {
            _vocabulary = new SmallVocabulary([.. trial.Sample.Tokens ?? ["a", "b", "ab"]]);
            Model = TableModel.Random(
                _vocabulary.Size,
                _vocabulary.Size > 8 ? 1 : 2,
                trial.Seed + 4,
                ends: [_vocabulary.EndToken]
            );
            Constraint = trial.Make<ITokenConstraint>();
            if (!Constraint.IsActive)
            {
                Trial.Skip(
                    $"It does nothing with {trial.Sample}: give options that make it do something, in {Declaration.FileName} or with --set."
                );
            }

            var context = new PartContext
            {
                Target = Model,
                Vocabulary = _vocabulary,
                MaxTokens = most,
            };
            Constraint.PrepareAsync(context, trial.Cancellation).AsTask().GetAwaiter().GetResult();
        }

        public TableModel Model { get; }

        public ITokenConstraint Constraint { get; }

        public int End => _vocabulary.EndToken;

        public static Scene Of(Trial trial, int most = Longest) => new(trial, most);

        public ulong[] NewMask() => new ulong[TokenMask.Words(Model.Info.VocabularySize)];

        public ulong[] Mask(in ShapeState state)
        {
            ulong[] mask = NewMask();
            Constraint.Mask(state, mask);
            return mask;
        }

        public IEnumerable<int> Tokens(ulong[] mask) =>
            Enumerable.Range(0, Model.Info.VocabularySize).Where(token => TokenMask.Contains(mask, token));

        // The states that random allowed tokens lead through.
        public IEnumerable<(int[] Walk, ShapeState State)> States(Trial trial)
        {
            var random = new Random(trial.Seed);
            for (int i = 0; i < Walks; i++)
            {
                var state = Constraint.Start;
                var walk = new List<int>();
                while (true)
                {
                    yield return ([.. walk], state);
                    int[] allowed = [.. Tokens(Mask(state)).Where(token => token != End)];
                    if (walk.Count == Longest - 1 || allowed.Length == 0)
                    {
                        break;
                    }

                    int token = allowed[random.Next(allowed.Length)];
                    state = Constraint.Next(state, token);
                    walk.Add(token);
                }
            }
        }

        // A constraint is pure, so that one serves many texts: its tables are made once.
        public Request Request(IRandomness randomness, int most, IReadOnlyList<ILogitsProcessor> processors) =>
            Plain(Model, Prompt, most, randomness, processors) with
            {
                Constraint = new Prepared(Constraint),
                Vocabulary = _vocabulary,
            };
    }

    private sealed class Prepared(ITokenConstraint inner) : ITokenConstraint
    {
        public bool IsActive => true;

        public ShapeState Start => inner.Start;

        public void Mask(in ShapeState state, Span<ulong> allowed) => inner.Mask(state, allowed);

        public ShapeState Next(in ShapeState state, int token) => inner.Next(state, token);

        public bool Allows(in ShapeState state, int token) => inner.Allows(state, token);

        public int Forced(in ShapeState state, Span<int> tokens) => inner.Forced(state, tokens);
    }
}
