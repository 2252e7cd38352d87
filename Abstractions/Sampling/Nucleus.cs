using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Tokenwright;

/// <summary>
/// The truncations that follow the probabilities: top-p, min-p and locally typical. All keep at least one token, order tokens by
/// (logit descending, id ascending), weigh them by exp(logit − greatest logit) in float64 and normalise over the support they are
/// given. −∞ means not in the support.
/// </summary>
/// <remarks>
/// The sparse forms take rows already in order and say how many leading tokens survive. The dense forms write the surviving tokens in
/// order; their outputs must have room for the whole row. Nothing is allocated once the shared array pool is warm.
/// </remarks>
public static class Nucleus
{
    private const int ChunkLength = 256;

    /// <summary>log Σ exp(logit), in nats.</summary>
    /// <param name="logits">Scores in nats; −∞ adds nothing.</param>
    /// <returns>The sum's logarithm within 10⁻¹² of the exact value; −∞ for an empty support; NaN where a logit is NaN.</returns>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        if (logits.IsEmpty)
        {
            return double.NegativeInfinity;
        }
        var max = TensorPrimitives.Max(logits);
        return float.IsFinite(max) ? max + Math.Log(Mass(logits, max)) : max;
    }

    /// <summary>Top-p (Holtzman et al., 2020): the smallest leading set whose probability reaches p.</summary>
    /// <param name="sorted">The logits in order.</param>
    /// <param name="p">Above 0, at most 1. The token that crosses p is kept; 1 keeps the whole support.</param>
    /// <returns>How many leading tokens survive.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is out of range.</exception>
    /// <exception cref="InvalidOperationException">The support is empty.</exception>
    public static int TopP(ReadOnlySpan<float> sorted, double p)
    {
        RequireShare(p, nameof(p));
        sorted = sorted[..Support(sorted)];
        return p == 1 ? sorted.Length : Reach(sorted, sorted[0], p * Mass(sorted, sorted[0]), out _);
    }

    /// <summary>Top-p on a dense row.</summary>
    /// <param name="logits">One score per id.</param>
    /// <param name="p">Above 0, at most 1.</param>
    /// <param name="ids">Receives the surviving ids in order; at least as long as <paramref name="logits"/>.</param>
    /// <param name="values">Receives their logits; at least as long as <paramref name="logits"/>.</param>
    /// <returns>How many tokens survive.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is out of range.</exception>
    /// <exception cref="ArgumentException">A logit is NaN, or an output is too short.</exception>
    /// <exception cref="InvalidOperationException">The support is empty.</exception>
    public static int TopP(ReadOnlySpan<float> logits, double p, Span<int> ids, Span<float> values)
    {
        RequireShare(p, nameof(p));
        RequireRoom(logits, ids, values);
        var max = logits[TopK.ArgMax(logits)];
        var mass = p * Mass(logits, max);
        // No weight exceeds 1, so the set has at least as many tokens as its mass says.
        var k = p == 1 ? logits.Length : (int)Math.Min(logits.Length, Math.Max(64, Math.Ceiling(mass)));
        while (true)
        {
            var count = TopK.Select(logits, ids[..k], values);
            if (p == 1)
            {
                return count;
            }
            var kept = Reach(values[..count], max, mass, out var reached);
            if (reached || count < k || k == logits.Length)
            {
                return kept;
            }
            k = k > logits.Length / 16 ? logits.Length : k * 8;
        }
    }

    /// <summary>Min-p (Nguyen et al., 2024): the tokens whose probability is at least minP times the greatest.</summary>
    /// <param name="sorted">The logits in order.</param>
    /// <param name="minP">Above 0, at most 1; compared as logit − greatest logit ≥ log minP.</param>
    /// <returns>How many leading tokens survive.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="minP"/> is out of range.</exception>
    /// <exception cref="InvalidOperationException">The support is empty.</exception>
    public static int MinP(ReadOnlySpan<float> sorted, double minP)
    {
        RequireShare(minP, nameof(minP));
        var count = Support(sorted);
        var least = Math.Log(minP);
        while ((double)sorted[count - 1] - sorted[0] < least)
        {
            count--;
        }
        return count;
    }

    /// <summary>Min-p on a dense row.</summary>
    /// <param name="logits">One score per id.</param>
    /// <param name="minP">Above 0, at most 1.</param>
    /// <param name="ids">Receives the surviving ids in order; at least as long as <paramref name="logits"/>.</param>
    /// <param name="values">Receives their logits; at least as long as <paramref name="logits"/>.</param>
    /// <returns>How many tokens survive.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="minP"/> is out of range.</exception>
    /// <exception cref="ArgumentException">A logit is NaN, or an output is too short.</exception>
    /// <exception cref="InvalidOperationException">The support is empty.</exception>
    public static int MinP(ReadOnlySpan<float> logits, double minP, Span<int> ids, Span<float> values)
    {
        RequireShare(minP, nameof(minP));
        RequireRoom(logits, ids, values);
        var max = logits[TopK.ArgMax(logits)];
        var least = Math.Log(minP);
        // The greatest float that is refused, found from the rounded cut by stepping to neighbours.
        var refused = (float)(max + least);
        while ((double)refused - max < least)
        {
            refused = MathF.BitIncrement(refused);
        }
        while ((double)refused - max >= least)
        {
            refused = MathF.BitDecrement(refused);
        }
        return TopK.SelectAbove(logits, refused, ids[..logits.Length], values);
    }

    /// <summary>
    /// Locally typical (Meister et al., 2023): the smallest set whose probability reaches τ, taking tokens by the distance of
    /// their information content from the entropy, |−log p − H|.
    /// </summary>
    /// <param name="ids">The ids in order; the surviving ones move to the front and stay in order.</param>
    /// <param name="sorted">The logits of <paramref name="ids"/>; they move along.</param>
    /// <param name="tau">Above 0, at most 1. The token that crosses τ is kept; 1 keeps the whole support.</param>
    /// <returns>How many tokens survive.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tau"/> is out of range.</exception>
    /// <exception cref="InvalidOperationException">The support is empty.</exception>
    public static int Typical(Span<int> ids, Span<float> sorted, double tau)
    {
        RequireShare(tau, nameof(tau));
        var count = Support(sorted);
        if (tau == 1)
        {
            return count;
        }
        sorted = sorted[..count];

        // With d = max - logit and Z = Σ exp(-d): -log p = d + log Z and H = log Z + Σ d·exp(-d) / Z, so log Z cancels.
        double max = sorted[0];
        double mass = 0;
        double moment = 0;
        foreach (var logit in sorted)
        {
            var distance = max - logit;
            var weight = Math.Exp(-distance);
            mass += weight;
            moment += distance * weight;
        }
        var centre = moment / mass;

        // The distances from the centre fall and then rise along the row, so the set is an interval around the turn.
        var turn = 0;
        while (turn < count && max - sorted[turn] < centre)
        {
            turn++;
        }
        var from = turn;
        var to = turn;
        double reached = 0;
        while (from > 0 || to < count)
        {
            var before = from > 0 ? centre - (max - sorted[from - 1]) : double.PositiveInfinity;
            var after = to < count ? max - sorted[to] - centre : double.PositiveInfinity;
            var next = before <= after ? --from : to++;
            reached += Math.Exp(sorted[next] - max);
            if (reached >= tau * mass)
            {
                break;
            }
        }

        // A run of equal logits that the left end cuts must keep its lowest ids, which are the ones outside.
        var run = from;
        while (run > 0 && sorted[run - 1] == sorted[from])
        {
            run--;
        }
        var runEnd = from;
        while (runEnd < to && sorted[runEnd] == sorted[from])
        {
            runEnd++;
        }
        ids[run..(run + runEnd - from)].CopyTo(ids[from..]);
        ids[from..to].CopyTo(ids);
        sorted[from..to].CopyTo(sorted);
        return to - from;
    }

    /// <summary>Locally typical on a dense row. Orders the whole support.</summary>
    /// <param name="logits">One score per id.</param>
    /// <param name="tau">Above 0, at most 1.</param>
    /// <param name="ids">Receives the surviving ids in order; at least as long as <paramref name="logits"/>.</param>
    /// <param name="values">Receives their logits; at least as long as <paramref name="logits"/>.</param>
    /// <returns>How many tokens survive.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tau"/> is out of range.</exception>
    /// <exception cref="ArgumentException">A logit is NaN, or an output is too short.</exception>
    /// <exception cref="InvalidOperationException">The support is empty.</exception>
    public static int Typical(ReadOnlySpan<float> logits, double tau, Span<int> ids, Span<float> values)
    {
        RequireShare(tau, nameof(tau));
        RequireRoom(logits, ids, values);
        var count = TopK.Select(logits, ids[..logits.Length], values);
        return Typical(ids[..count], values[..count], tau);
    }

    /// <summary>Σ exp(logit − max) in float64.</summary>
    [SkipLocalsInit]
    internal static double Mass(ReadOnlySpan<float> logits, float max)
    {
        Span<double> chunk = stackalloc double[ChunkLength];
        double mass = 0;
        for (var start = 0; start < logits.Length; start += ChunkLength)
        {
            var part = logits.Slice(start, Math.Min(ChunkLength, logits.Length - start));
            var weights = chunk[..part.Length];
            TensorPrimitives.ConvertTruncating<float, double>(part, weights);
            TensorPrimitives.Subtract(weights, max, weights);
            TensorPrimitives.Exp<double>(weights, weights);
            mass += TensorPrimitives.Sum<double>(weights);
        }
        return mass;
    }

    /// <summary>How many leading tokens it takes to reach a mass; all of them where rounding keeps the sum below it.</summary>
    private static int Reach(ReadOnlySpan<float> sorted, float max, double mass, out bool reached)
    {
        double sum = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            sum += Math.Exp((double)sorted[i] - max);
            if (sum >= mass)
            {
                reached = true;
                return i + 1;
            }
        }
        reached = false;
        return sorted.Length;
    }

    /// <summary>How many leading tokens of an ordered row are in the support.</summary>
    private static int Support(ReadOnlySpan<float> sorted)
    {
        var count = sorted.Length;
        while (count > 0 && sorted[count - 1] == float.NegativeInfinity)
        {
            count--;
        }
        return count > 0 ? count : throw TopK.EmptySupport(sorted.Length);
    }

    private static void RequireShare(double share, string name)
    {
        if (!(share is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(name, share, "A share of the probability lies above 0 and is at most 1.");
        }
    }

    private static void RequireRoom(ReadOnlySpan<float> logits, Span<int> ids, Span<float> values)
    {
        if (ids.Length < logits.Length || values.Length < logits.Length)
        {
            throw new ArgumentException(
                $"A row of {logits.Length} logits may keep them all, but there is room for {ids.Length} ids and {values.Length} values."
            );
        }
    }
}
