using Tokenwright.Conformance;
using Tokenwright.Plugins.DraftModel;
using Tokenwright.Plugins.JsonSchema;
using Tokenwright.Plugins.Standard;
using Tokenwright.Tests.Plugins.Drafting;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>A constrained text has the law of plain constrained sampling, whatever drafts it, whichever rule keeps the draft.</summary>
public sealed class ConstrainedLawTests
{
    private const int Count = 4;
    private static readonly int[] Prompt = [1, 0];

    // Three tokens and an end token: texts over a and b, some tokens holding both.
    private static readonly SmallVocabulary Vocabulary = new("a", "b", "ab");

    private static readonly string[] Constraints =
    [
        "choices",
        "regex",
        "ending inside",
        "free",
        "free, marker inside",
        "closed",
        "unending",
    ];

    public static MatrixTheoryData<string, string> Deterministic() =>
        new(
            Constraints,
            [.. Drafters.Names.Where(name => !name.Contains(' ', StringComparison.Ordinal)), "forced", "forced, merged"]
        );

    public static MatrixTheoryData<string, string, string> Drawn() =>
        new(Constraints, ["token", "block", "rrsw"], ["hot", "greedy"]);

    public static MatrixTheoryData<string, string> ByModel() => new(Constraints, ["agree", "token", "block", "rrsw"]);

    [Theory]
    [MemberData(nameof(Deterministic))]
    public async Task Agree_has_the_law_of_plain_constrained_sampling(string constraint, string drafter)
    {
        var model = Table();
        foreach (string shape in new[] { "plain", "top-p" })
        {
            var expected = await LawOfTarget(model, constraint, shape);

            var law = LawOf(r => Constrained(model, constraint, r, shape) with { Drafter = Drafter(drafter) });

            law.Mass.Should().BeApproximately(1, 1e-12);
            law.TotalVariation(expected).Should().BeLessThan(1e-9, shape);
        }
    }

    [Theory]
    [MemberData(nameof(Deterministic))]
    public void A_seed_has_the_text_of_plain_constrained_decoding(string constraint, string drafter)
    {
        var model = Table();
        for (ulong seed = 0; seed < 12; seed++)
        {
            foreach (string shape in new[] { "greedy", "plain", "all" })
            {
                var plain = Run.Text(Constrained(model, constraint, new KeyedRandomness(seed), shape));
                var drafted = Run.Text(
                    Constrained(model, constraint, new KeyedRandomness(seed), shape) with
                    {
                        Drafter = Drafter(drafter),
                    }
                );

                drafted.Tokens.Should().Equal(plain.Tokens, "{0}, seed {1}", shape, seed);
                drafted.Reason.Should().Be(plain.Reason);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Drawn))]
    public async Task Drawn_drafts_keep_the_law_of_plain_constrained_sampling(string constraint, string rule, string draft)
    {
        var model = Table();
        var expected = await LawOfTarget(model, constraint, "plain");

        var law = LawOf(r =>
            Constrained(model, constraint, r, "plain") with
            {
                Verifier = Rule(rule),
                Drafter = new TableDrafter(
                    TableModel.Random(4, 1, seed: 13, ends: [3]),
                    rule == "rrsw" ? ProposalModes.WithoutReplacement : ProposalModes.Independent,
                    rule == "rrsw" ? [2, 1] : [1, 1]
                )
                {
                    Processors = Shape(draft),
                },
            }
        );

        law.Mass.Should().BeApproximately(1, 1e-12);
        law.TotalVariation(expected).Should().BeLessThan(1e-9);
    }

    [Theory]
    [MemberData(nameof(ByModel))]
    public async Task A_model_that_drafts_keeps_the_law_of_plain_constrained_sampling(string constraint, string rule)
    {
        var model = Table();
        var draft = TableModel.Random(4, 1, seed: 13, ends: [3]);
        foreach (string shape in new[] { "plain", "top-p" })
        {
            var expected = await LawOfTarget(model, constraint, shape);

            var law = LawOf(
                r =>
                    Constrained(model, constraint, r, shape) with
                    {
                        Verifier = Rule(rule),
                        Drafter = new DraftModelDrafter { Nodes = 2 },
                        Models = new OneModel(draft),
                    },
                allowSharedPicks: rule == "agree"
            );

            law.Mass.Should().BeApproximately(1, 1e-12);
            law.TotalVariation(expected).Should().BeLessThan(1e-9, shape);
        }

        draft.OpenSequences.Should().Be(0);
    }

    [Theory]
    [InlineData("choices")]
    [InlineData("regex")]
    [InlineData("free, marker inside")]
    [InlineData("closed")]
    public void A_text_that_ends_by_itself_is_one_that_the_constraint_allows(string constraint)
    {
        var model = Table();
        var found = new HashSet<string>();
        for (ulong seed = 0; seed < 200; seed++)
        {
            var text = Run.Text(
                Constrained(model, constraint, new KeyedRandomness(seed), "plain", constraint == "closed" ? 6 : 40) with
                {
                    Drafter = new Forced(),
                }
            );
            if (text.Reason == FinishReason.Stop)
            {
                found.Add(Vocabulary.Text(text.Tokens));
            }
            else
            {
                constraint.Should().NotBe("closed");
            }
        }

        found.Should().HaveCountGreaterThan(1);
        found
            .Should()
            .OnlyContain(text =>
                constraint == "choices" ? new[] { "ab", "aab", "b", "abab" }.Contains(text)
                : constraint == "regex" ? text.All(c => "ab".Contains(c)) && text.Length <= 3
                : constraint == "closed" ? text.EndsWith("bb", StringComparison.Ordinal)
                : text.Contains("ba", StringComparison.Ordinal)
            );
    }

    [Fact]
    public void Forced_text_costs_no_forward_of_its_own()
    {
        var model = Table();
        Request Plainly() => Constrained(model, "one way", new KeyedRandomness(1), "plain", 20);
        var plain = Run.Text(Plainly());
        var drafted = Run.Text(Plainly() with { Drafter = new Forced() });

        drafted.Tokens.Should().Equal(plain.Tokens);
        plain.Statistics.Steps.Should().Be(plain.Tokens.Count);
        drafted.Statistics.Steps.Should().BeLessThanOrEqualTo(2);
    }

    private static readonly Dictionary<(string, int), ITokenConstraint> Made = [];

    private static TableModel Table() => TableModel.Random(4, 2, seed: 5, ends: [3]);

    // A constraint is pure, so one serves all runs; making its tables anew for each would take most of the time.
    private static ITokenConstraint Constraint(string name, int most)
    {
        if (!Made.TryGetValue((name, most), out var known))
        {
            known = Part(name);
            var context = new PartContext
            {
                Target = Table(),
                Vocabulary = Vocabulary,
                MaxTokens = most,
            };
            known.PrepareAsync(context).IsCompletedSuccessfully.Should().BeTrue();
            Made.Add((name, most), known = new Prepared(known));
        }

        return known;
    }

    private static SchemaPart Part(string name) =>
        name switch
        {
            "choices" => new ChoicesPart { Choices = ["ab", "aab", "b", "abab"] },
            "regex" => new RegexPart { Pattern = "[ab]{0,3}" },
            // Always over after one or two tokens: the end lies inside any longer draft.
            "ending inside" => new RegexPart { Pattern = "ab|b" },
            "free" => new RegexPart { Pattern = "b*", FreeUntil = "aa" },
            // The token ab ends the marker and begins what is constrained.
            "free, marker inside" => new RegexPart { Pattern = "b*", FreeUntil = "ba" },
            "closed" => new RegexPart { Pattern = "[ab]*bb", Close = true },
            "unending" => new RegexPart { Pattern = "(aab){5}" },
            "one way" => new RegexPart { Pattern = "a{12}" },
            _ => throw new ArgumentException(name),
        };

    private static IDrafter Drafter(string name) =>
        name switch
        {
            "forced" => new Forced(),
            "forced, merged" => new Tokenwright.Plugins.Combined.CombinedDrafter
            {
                Nodes = 12,
                DrafterIds = ["forced", "suffix"],
                Drafters = [new Forced(), Drafters.Make("suffix", 8)],
            },
            _ => Drafters.Make(name, 6),
        };

    private static IVerifier Rule(string name) =>
        name switch
        {
            "token" => new Token(),
            "block" => new Block(),
            "rrsw" => new RecursiveRejection(),
            _ => new Agree(),
        };

    private static Request Constrained(
        TableModel model,
        string constraint,
        IRandomness randomness,
        string shape,
        int most = Count
    ) =>
        Plain(model, Prompt, most, randomness, Shape(shape)) with
        {
            Constraint = Constraint(constraint, most),
            Vocabulary = Vocabulary,
        };

    private static Task<Law> LawOfTarget(TableModel model, string name, string shape) =>
        TargetLawAsync(model, Prompt, Count, Shape(shape), Constraint(name, Count));

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
