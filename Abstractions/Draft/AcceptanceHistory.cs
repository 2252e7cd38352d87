namespace Tokenwright;

/// <summary>How often drafted nodes were kept, by depth and by rank among siblings; recent steps count more. A function of token history alone.</summary>
/// <remarks>
/// The estimate at a depth leans on the estimate one level up until it has trials of its own, so an acceptance that is high at the depths
/// that were tried invites deeper drafts. Depths and ranks beyond the table share its last entries. Allocates nothing after construction.
/// </remarks>
public sealed class AcceptanceHistory
{
    /// <summary>Depths that are told apart.</summary>
    public const int Depths = 32;

    /// <summary>Ranks that are told apart.</summary>
    public const int Ranks = 16;

    // A trial loses half its weight in 22 further trials of its kind.
    private const double Memory = 1 - 1.0 / 32;

    // The estimate one level up counts as this many trials.
    private const double PriorTrials = 2;

    private readonly double[] _tried = new double[Depths * Ranks];
    private readonly double[] _kept = new double[Depths * Ranks];

    /// <summary>The estimated probability that a node is kept, given that its parent is.</summary>
    /// <param name="depth">The depth of the node, at least 1.</param>
    /// <param name="rank">How many siblings come before it, at least 0.</param>
    public double Acceptance(int depth, int rank = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        rank = Math.Min(rank, Ranks - 1);

        // Before any trial: an even chance for the first child, and less for each further one, 0.8 in all.
        double estimate = 0.5 / ((rank + 1) * (rank + 1));
        for (int d = 1; d <= Math.Min(depth, Depths); d++)
        {
            int at = (d - 1) * Ranks + rank;
            estimate = (_kept[at] + PriorTrials * estimate) / (_tried[at] + PriorTrials);
        }

        return estimate;
    }

    /// <summary>The probabilities that the nodes of a chain are kept, the nearest first: products of <see cref="Acceptance"/> of rank 0.</summary>
    /// <param name="gains">Receives one value per node; falls from node to node.</param>
    public void Chain(Span<double> gains)
    {
        double estimate = 0.5;
        double reached = 1;
        for (int i = 0; i < gains.Length; i++)
        {
            if (i < Depths)
            {
                int at = i * Ranks;
                estimate = (_kept[at] + PriorTrials * estimate) / (_tried[at] + PriorTrials);
            }

            gains[i] = reached *= estimate;
        }
    }

    /// <summary>Counts one trial.</summary>
    /// <param name="depth">The depth of the node, at least 1.</param>
    /// <param name="rank">How many siblings come before it, at least 0.</param>
    /// <param name="kept">Whether it was kept; its parent was.</param>
    public void Count(int depth, int rank, bool kept)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        int at = (Math.Min(depth, Depths) - 1) * Ranks + Math.Min(rank, Ranks - 1);
        _tried[at] = _tried[at] * Memory + 1;
        _kept[at] = _kept[at] * Memory + (kept ? 1 : 0);
    }

    /// <summary>Counts the children of every kept node of a verified tree; a drafter passes on what it observes.</summary>
    public void Observe(in Observation observation)
    {
        if (observation.Tree is not { } tree)
        {
            return;
        }

        // A kept node that ended the text left its children untried: then no token came after it.
        var kept = observation.Kept;
        for (int i = 0; i < Math.Min(kept.Length, observation.Emitted.Length); i++)
        {
            int next = i + 1 < kept.Length ? kept[i + 1] : -1;
            int rank = 0;
            for (int child = tree.FirstChild(kept[i]); child >= 0; child = tree.NextSibling(child))
            {
                Count(i + 1, rank++, child == next);
            }
        }
    }
}
