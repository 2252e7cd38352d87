using Tokenwright.Host;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Conformance;

/// <summary>What holds for target decorators: models made of models.</summary>
[Clauses(Seam.Target)]
internal static class TargetClauses
{
    private static readonly int[] Prompt = [1, 0];

    [Clause(
        "TGT-001",
        Level.Behaves,
        "Rows follow from the tokens alone, however they are fed.",
        Why = "The same text is fed in one forward or in ten; what a row says must not depend on it.",
        How = "Eight tokens are fed at once, one by one and in parts, committed in between and not; all rows are compared.",
        Failure = "The row that differs."
    )]
    internal static async Task RowsFollowFromTokens(Trial trial)
    {
        using var model = await Decorated(trial).ConfigureAwait(false);
        int[] tokens = [0, 1, 2, 3, 0, 2, 1, 3];
        float[][] expected = await Fed(model, tokens, [8], commits: false).ConfigureAwait(false);
        foreach (int[] parts in new[] { new[] { 1, 1, 1, 1, 1, 1, 1, 1 }, [3, 1, 4], [7, 1] })
        {
            foreach (bool commits in new[] { false, true })
            {
                trial.Case = $"parts of {string.Join(' ', parts)}, {(commits ? "committed" : "provisional")} in between";
                float[][] rows = await Fed(model, tokens, parts, commits).ConfigureAwait(false);
                for (int i = 0; i < rows.Length; i++)
                {
                    trial.Require(rows[i].SequenceEqual(expected[i]), $"Row {i} differs from that of one forward.");
                }
            }
        }
    }

    [Clause(
        "TGT-002",
        Level.Behaves,
        "Every capability that is offered is there.",
        Why = "The planner believes it; a tree that is read as a chain is wrong without a word.",
        How = "Trees: siblings against chains. Rewinding and forking: against a fresh sequence. Batches: two sequences against each alone. Arg-max and top-k: against the logits.",
        Failure = "The capability, and the row that differs or the exception."
    )]
    internal static async Task OffersWhatItHas(Trial trial)
    {
        using var model = await Decorated(trial).ConfigureAwait(false);
        float[][] chain = await Fed(model, [0, 1, 2], [3], commits: false).ConfigureAwait(false);
        float[][] other = await Fed(model, [0, 1, 3], [3], commits: false).ConfigureAwait(false);

        trial.Case = "outputs";
        using var sequence = model.CreateSequence();
        await Forward(model, sequence, [0, 1, 2]).ConfigureAwait(false);
        var best = new int[1];
        var logits = new float[1];
        sequence.Rows.TopK(2, best, logits);
        int most = TopK.ArgMax(chain[2]);
        trial.Require(
            sequence.Rows.ArgMax(2) == most && best[0] == most && logits[0] == chain[2][most],
            "Arg-max or top-k differ from the logits."
        );

        if (model.Capabilities.HasFlag(Capabilities.Tree))
        {
            trial.Case = "a tree of two siblings";
            sequence.Drop();
            await Forward(model, sequence, [0, 1, 2, 3], [-1, 0, 1, 1]).ConfigureAwait(false);
            trial.Require(sequence.Rows.Logits(2).SequenceEqual(chain[2]), "The first sibling differs from a chain.");
            trial.Require(sequence.Rows.Logits(3).SequenceEqual(other[2]), "The second sibling differs from a chain.");
            sequence.Commit([0, 1, 3]);
            trial.Require(sequence.Tokens.SequenceEqual([0, 1, 3]), "The committed path is not that of the second sibling.");
        }
        else
        {
            sequence.Commit(3);
        }

        if (model.Capabilities.HasFlag(Capabilities.Rewind))
        {
            trial.Case = "rewinding to two tokens";
            sequence.Rewind(2);
            await Forward(model, sequence, [2]).ConfigureAwait(false);
            trial.Require(sequence.Rows.Logits(0).SequenceEqual(chain[2]), "After rewinding a row differs from a fresh one.");
            sequence.Drop();
        }

        if (model.Capabilities.HasFlag(Capabilities.Fork))
        {
            trial.Case = "forking at two tokens";
            using var fork = sequence.Fork(2);
            await Forward(model, fork, [2]).ConfigureAwait(false);
            trial.Require(fork.Rows.Logits(0).SequenceEqual(chain[2]), "A row of the fork differs from a fresh one.");
        }

        if (model.Capabilities.HasFlag(Capabilities.Batch))
        {
            trial.Case = "two sequences in one forward";
            using var one = model.CreateSequence();
            using var two = model.CreateSequence();
            await model
                .ForwardAsync(new[] { Item(one, [0, 1, 2]), Item(two, [0, 1, 3]) }, trial.Cancellation)
                .ConfigureAwait(false);
            trial.Require(
                one.Rows.Logits(2).SequenceEqual(chain[2]) && two.Rows.Logits(2).SequenceEqual(other[2]),
                "A row differs from that of a forward of its own."
            );
        }
    }

    [Clause(
        "TGT-003",
        Level.Behaves,
        "Disposing gives back what it opened and leaves the model it decorates alone.",
        Why = "The model belongs to the host and serves the next text.",
        How = "Sequences of the table that are open after the decorated sequence and model are disposed; then the table is used again.",
        Failure = "How many stay open, or the exception of the table."
    )]
    internal static async Task GivesBack(Trial trial)
    {
        var table = Table(trial);
        using (var model = await Decorated(trial, table).ConfigureAwait(false))
        {
            using var sequence = model.CreateSequence();
            await Forward(model, sequence, [0, 1]).ConfigureAwait(false);
        }

        trial.Require(table.OpenSequences == 0, $"{table.OpenSequences} sequences of the table stay open.");
        await Fed(table, [0, 1], [2], commits: false).ConfigureAwait(false);
    }

    [Clause(
        "TGT-010",
        Level.Greedy,
        "Drafts change no text that is decoded from it.",
        Why = "The decorated distribution is the target then; a capability that it does not re-derive shows the bare model's.",
        How = "Under agree with chains, and trees where it offers them, greedy and sampled, 30 tokens.",
        Failure = "The output position where the text parts from that of plain decoding of the decorated model."
    )]
    internal static async Task KeepsTextsUnderDrafts(Trial trial)
    {
        using var model = await Decorated(trial).ConfigureAwait(false);
        int[] widths = model.Capabilities.HasFlag(Capabilities.Tree) ? [2, 1] : [1, 1];
        foreach (string shape in new[] { "greedy", "plain" })
        {
            await Compare
                .TextsAsync(
                    trial,
                    shape,
                    4,
                    randomness => Plain(model, Prompt, 30, randomness, Shape(shape)),
                    randomness =>
                        Plain(model, Prompt, 30, randomness, Shape(shape)) with
                        {
                            Drafter = new TableDrafter(Table(trial), ProposalModes.Deterministic, widths),
                        }
                )
                .ConfigureAwait(false);
        }
    }

    [Clause(
        "TGT-020",
        Level.Law,
        "Drafts keep the law of sampling from it.",
        Why = "As in TGT-010, where p is compared with q.",
        How = "Enumeration, three tokens of four, under token; the expected law is enumerated plainly.",
        Failure = "The shortest output after which the next token has other probabilities, and both sets of them."
    )]
    internal static async Task KeepsTheLaw(Trial trial)
    {
        using var model = await Decorated(trial).ConfigureAwait(false);
        var expected = LawOf(randomness => Plain(model, Prompt, 3, randomness));
        Compare.Law(
            trial,
            "token, chains of two",
            expected,
            randomness =>
                Plain(model, Prompt, 3, randomness) with
                {
                    Verifier = new Token(),
                    Drafter = new TableDrafter(Table(trial), ProposalModes.Independent, 1, 1),
                }
        );
    }

    private static TableModel Table(Trial trial) => TableModel.Random(4, 2, trial.Seed);

    private static async Task<ICausalModel> Decorated(Trial trial, TableModel? table = null)
    {
        table ??= Table(trial);
        var decorator = trial.Make<ITargetDecorator>();
        if ((decorator.Needs & ~table.Capabilities) is not Capabilities.None and var missing)
        {
            Trial.Skip($"It needs {missing}, which no table has.");
        }

        await decorator
            .PrepareAsync(
                new PartContext { Target = table, Models = new OneModel(TableModel.Random(4, 1, trial.Seed + 1)) },
                trial.Cancellation
            )
            .ConfigureAwait(false);
        return decorator.Decorate(table);
    }

    private static ForwardItem Item(ISequence sequence, int[] tokens, int[]? parents = null) =>
        new()
        {
            Sequence = sequence,
            Tokens = tokens,
            Parents = parents,
            Wanted = new Wanted(Logits: RowSelection.All),
        };

    private static ValueTask Forward(ICausalModel model, ISequence sequence, int[] tokens, int[]? parents = null) =>
        model.ForwardAsync(new[] { Item(sequence, tokens, parents) });

    private static async Task<float[][]> Fed(ICausalModel model, int[] tokens, int[] parts, bool commits)
    {
        using var sequence = model.CreateSequence();
        var rows = new List<float[]>();
        int at = 0;
        foreach (int part in parts)
        {
            await Forward(model, sequence, tokens[at..(at + part)]).ConfigureAwait(false);
            for (int row = 0; row < part; row++)
            {
                rows.Add(sequence.Rows.Logits(row).ToArray());
            }

            at += part;
            if (commits)
            {
                sequence.Commit(part);
            }
        }

        return [.. rows];
    }
}
