namespace Tokenwright;

/// <summary>Chooses how many nodes the next draft may have: the number with the most expected tokens per millisecond, which may be none.</summary>
/// <remarks>
/// <para>
/// A function of the cached <see cref="ForwardProfile"/>, of the drafter's stated cost and of token history, never of the clock, so that runs
/// repeat. Where nobody measured the target, a further row is taken to cost a twentieth of a one-row forward.
/// </para>
/// <para>
/// Where drafting does not pay it answers 0, a plain step, and looks again with one node as soon as the plain steps since the last look have
/// earned its cost at <see cref="ProbeShare"/>. So looking costs at most that share of plain decoding's time. What the drafter itself has taken
/// for drafts that did not win it back, up to one plain step, is earned first.
/// </para>
/// <para>One per drafter, for one sequence at a time. Allocates nothing after construction.</para>
/// <example>
/// <code>
/// [Option("nodes", "How many tokens a draft may have; auto takes what pays.")]
/// public NodeCount Nodes { get; set; }
/// ...
/// int nodes = _budget.Chain(Nodes, context, tree);           // a chain, or
/// int nodes = _budget.Choose(Nodes, context, tree, gains);   // a tree that grows in this order
/// ...
/// public void Observe(in Observation observation) => _budget.Observe(observation);
/// </code>
/// </example>
/// </remarks>
public sealed class NodeBudget
{
    /// <summary>The share of plain decoding's time that looking again may take.</summary>
    public const double ProbeShare = 0.02;

    private const double UnmeasuredRow = 0.05;

    // In milliseconds; earned by plain steps, spent on looking again. Below zero it is what drafting has lost.
    private double _credit;
    private double _plain;

    /// <summary>What was kept of earlier drafts.</summary>
    public AcceptanceHistory History { get; } = new();

    /// <summary>Learns from a verified step.</summary>
    public void Observe(in Observation observation)
    {
        History.Observe(observation);
        if (_credit < 0)
        {
            _credit = Math.Min(0, _credit + (observation.Kept.Length - 1) * _plain);
        }
    }

    /// <summary>Chooses the length of a chain from <see cref="History"/>.</summary>
    /// <param name="nodes">The user's wish; a number is taken as it is, as far as the tree has room.</param>
    /// <param name="context">Gives the profile and the past length.</param>
    /// <param name="tree">Gives the limits.</param>
    /// <param name="cost">What the drafter itself takes.</param>
    /// <returns>From 0 to the smaller of the tree's room and depth.</returns>
    public int Chain(NodeCount nodes, DraftContext context, DraftTree tree, DraftCost cost = default)
    {
        int most = Math.Min(tree.Room, tree.MaxDepth);
        Span<double> gains = stackalloc double[Math.Min(most, AcceptanceHistory.Depths)];
        if (nodes.Number is { } number)
        {
            return Math.Min(number, most);
        }

        History.Chain(gains);
        return Choose(gains, context.Profile, context.Committed.Length - 1, cost);
    }

    /// <summary>Chooses how much of a tree to draft.</summary>
    /// <param name="nodes">The user's wish; a number is taken as it is, as far as gains and room go.</param>
    /// <param name="context">Gives the profile and the past length.</param>
    /// <param name="tree">Gives the limits.</param>
    /// <param name="gains">
    /// The probability that each node is kept, in the order in which the drafter adds them: for a node the product of
    /// <see cref="AcceptanceHistory.Acceptance"/> along its path, or an estimate of the drafter's own.
    /// </param>
    /// <param name="cost">What the drafter itself takes.</param>
    /// <returns>From 0 to the smaller of the tree's room and the number of gains.</returns>
    public int Choose(NodeCount nodes, DraftContext context, DraftTree tree, ReadOnlySpan<double> gains, DraftCost cost = default)
    {
        int most = Math.Min(tree.Room, gains.Length);
        return nodes.Number is { } number
            ? Math.Min(number, most)
            : Choose(gains[..most], context.Profile, context.Committed.Length - 1, cost);
    }

    /// <summary>Chooses from bare figures.</summary>
    /// <param name="gains">The probability that each node is kept, in the order in which the drafter adds them.</param>
    /// <param name="profile">The target's cost; null where nobody measured it.</param>
    /// <param name="past">Rows in the target's cache.</param>
    /// <param name="cost">What the drafter itself takes.</param>
    /// <returns>From 0 to the number of gains; the fewest nodes on a tie.</returns>
    public int Choose(ReadOnlySpan<double> gains, ForwardProfile? profile, int past, DraftCost cost = default)
    {
        if (gains.IsEmpty)
        {
            return 0;
        }

        double plain = _plain = Milliseconds(profile, 1, past);
        double tokens = 1;
        double best = 1 / plain;
        int chosen = 0;
        for (int n = 1; n <= gains.Length; n++)
        {
            tokens += gains[n - 1];
            double speed = tokens / (Milliseconds(profile, n + 1, past) + cost.Of(n));
            if (speed > best)
            {
                best = speed;
                chosen = n;
            }
        }

        if (chosen == 0)
        {
            return LookAgain(plain, Milliseconds(profile, 2, past) + cost.Of(1) - plain);
        }

        _credit = Math.Max(_credit - cost.Of(chosen), -plain);
        return chosen;
    }

    private int LookAgain(double plain, double extra)
    {
        if (_credit >= extra)
        {
            _credit = 0;
            return 1;
        }

        _credit += ProbeShare * plain;
        return 0;
    }

    private static double Milliseconds(ForwardProfile? profile, int rows, int past) =>
        profile?.Milliseconds(rows, past) ?? 1 + (rows - 1) * UnmeasuredRow;
}

/// <summary>What drafting itself takes, in the milliseconds of the target's profile; where that is missing, in one-row forwards of the target.</summary>
/// <param name="PerDraft">Once for a draft that is not empty.</param>
/// <param name="PerNode">For every node.</param>
public readonly record struct DraftCost(double PerDraft, double PerNode)
{
    /// <summary>The cost of a draft with some nodes.</summary>
    public double Of(int nodes) => nodes == 0 ? 0 : PerDraft + nodes * PerNode;
}
