using System.Diagnostics;

namespace Tokenwright;

/// <summary>Measured cost t(n) of one forward with n rows, at a few past lengths: what node budgets are computed from.</summary>
/// <remarks>A budget is a function of this table and of token history, never of the live clock, so that runs repeat.</remarks>
public sealed class ForwardProfile
{
    private readonly int[] _pasts;
    private readonly int[] _rows;
    private readonly double[][] _milliseconds;

    /// <summary>Wraps a table.</summary>
    /// <param name="pasts">Past lengths, ascending.</param>
    /// <param name="rows">Row counts, ascending.</param>
    /// <param name="milliseconds">Cost by past, then by rows; positive.</param>
    /// <exception cref="ArgumentException">The table is empty, ragged, not ascending or not positive.</exception>
    public ForwardProfile(IReadOnlyList<int> pasts, IReadOnlyList<int> rows, IReadOnlyList<IReadOnlyList<double>> milliseconds)
    {
        _pasts = [.. pasts];
        _rows = [.. rows];
        _milliseconds = [.. milliseconds.Select(row => row.ToArray())];
        if (!IsAscending(_pasts) || !IsAscending(_rows))
        {
            throw new ArgumentException("A profile needs ascending past lengths and row counts.");
        }

        if (_milliseconds.Length != _pasts.Length || _milliseconds.Any(r => r.Length != _rows.Length || r.Any(t => !(t > 0))))
        {
            throw new ArgumentException(
                "A profile needs one positive cost for each past length and row count.",
                nameof(milliseconds)
            );
        }
    }

    /// <summary>Past lengths that were measured, ascending.</summary>
    public IReadOnlyList<int> Pasts => _pasts;

    /// <summary>Row counts that were measured, ascending.</summary>
    public IReadOnlyList<int> Rows => _rows;

    /// <summary>The measured costs, by past, then by rows.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Table => _milliseconds;

    /// <summary>Milliseconds of one forward, interpolated linearly and extrapolated beyond the table's last segment.</summary>
    /// <param name="rows">Rows fed, at least 1.</param>
    /// <param name="past">Rows in the cache.</param>
    public double Milliseconds(int rows, int past)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(past);
        var (low, high, weight) = Segment(_pasts, past);
        return (1 - weight) * AtRows(_milliseconds[low], rows) + weight * AtRows(_milliseconds[high], rows);
    }

    /// <summary>Measures a model: the quickest of a few forwards with logits of all rows, at each past length and row count that fits.</summary>
    /// <remarks>
    /// Whatever else the machine does only adds, and it adds in bursts: so row counts take turns, the quickest turn counts, and what seems
    /// to cost more than a larger forward was disturbed every time and costs as much as that one. Decorated models are measured as
    /// decorated. Takes on the order of a hundred one-row forwards.
    /// </remarks>
    public static async ValueTask<ForwardProfile> MeasureAsync(ICausalModel model, CancellationToken cancellation = default)
    {
        const int Rounds = 5;
        int context = model.Info.ContextLength;
        int[] rows = [.. new[] { 1, 2, 4, 8, 16, 32, 64 }.Where(n => n < context / 2)];
        int[] pasts = [.. new[] { 16, 512, 2048 }.Where(p => p + rows[^1] <= context)];
        if (pasts.Length == 0)
        {
            pasts = [1];
        }

        var table = new double[pasts.Length][];
        using var sequence = model.CreateSequence();
        for (int p = 0; p < pasts.Length; p++)
        {
            await Feed(model, sequence, pasts[p] - sequence.Tokens.Length, cancellation).ConfigureAwait(false);
            sequence.Commit(sequence.Provisional);
            table[p] = new double[rows.Length];
            Array.Fill(table[p], double.PositiveInfinity);

            // The first round warms up.
            for (int round = -1; round < Rounds; round++)
            {
                for (int n = 0; n < rows.Length; n++)
                {
                    long start = Stopwatch.GetTimestamp();
                    await Feed(model, sequence, rows[n], cancellation).ConfigureAwait(false);
                    double elapsed = Math.Max(1e-6, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    table[p][n] = round < 0 ? double.PositiveInfinity : Math.Min(table[p][n], elapsed);
                    sequence.Drop();
                }
            }
        }

        for (int p = pasts.Length - 1; p >= 0; p--)
        {
            for (int n = rows.Length - 1; n >= 0; n--)
            {
                double withMoreRows = n + 1 < rows.Length ? table[p][n + 1] : double.PositiveInfinity;
                double afterMore = p + 1 < pasts.Length ? table[p + 1][n] : double.PositiveInfinity;
                table[p][n] = Math.Min(table[p][n], Math.Min(withMoreRows, afterMore));
            }
        }

        return new ForwardProfile(pasts, rows, table);
    }

    private static async ValueTask Feed(ICausalModel model, ISequence sequence, int count, CancellationToken cancellation)
    {
        var item = new ForwardItem
        {
            Sequence = sequence,
            Tokens = Enumerable.Range(0, count).Select(i => i % model.Info.VocabularySize).ToArray(),
            Wanted = new Wanted(Logits: RowSelection.All),
        };
        await model.ForwardAsync(new[] { item }, cancellation).ConfigureAwait(false);
    }

    private double AtRows(double[] costs, int rows)
    {
        var (low, high, weight) = Segment(_rows, rows);
        return (1 - weight) * costs[low] + weight * costs[high];
    }

    // The two grid points around x and the weight of the upper one; beyond the end the last segment goes on, before the start it is flat.
    private static (int Low, int High, double Weight) Segment(int[] grid, int x)
    {
        if (grid.Length == 1 || x <= grid[0])
        {
            return (0, 0, 0);
        }

        int high = 1;
        while (high < grid.Length - 1 && grid[high] < x)
        {
            high++;
        }

        return (high - 1, high, (x - grid[high - 1]) / (double)(grid[high] - grid[high - 1]));
    }

    private static bool IsAscending(int[] values)
    {
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] <= values[i - 1])
            {
                return false;
            }
        }

        return values.Length > 0;
    }
}
