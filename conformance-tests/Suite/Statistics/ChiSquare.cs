namespace Tokenwright.Conformance;

/// <summary>
/// Tests of counts against probabilities. Each gives a p-value: the chance of a deviation at least as large if the probabilities are
/// right. A check that fails below 10⁻⁶ raises a false alarm once in a million seeds.
/// </summary>
/// <remarks>
/// The p-values are asymptotic: merge cells until each is expected at least five times, or use <see cref="Pooled"/>, which does.
/// </remarks>
public static class ChiSquare
{
    /// <summary>Pearson's test of goodness of fit. A count where the probability is 0 gives a p-value of 0.</summary>
    /// <param name="counts">How often each outcome was seen.</param>
    /// <param name="probabilities">Non-negative weights of the outcomes, not necessarily normalised.</param>
    public static double Fit(ReadOnlySpan<long> counts, ReadOnlySpan<double> probabilities)
    {
        var (total, mass) = Totals(counts, probabilities);
        double statistic = 0;
        var cells = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (probabilities[i] == 0)
            {
                if (counts[i] > 0)
                {
                    return 0;
                }
                continue;
            }
            var expected = total * probabilities[i] / mass;
            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
            cells++;
        }
        return PValue(statistic, cells - 1);
    }

    /// <summary>The likelihood-ratio test (G-test) of goodness of fit.</summary>
    /// <param name="counts">How often each outcome was seen.</param>
    /// <param name="probabilities">Non-negative weights of the outcomes, not necessarily normalised.</param>
    public static double GTest(ReadOnlySpan<long> counts, ReadOnlySpan<double> probabilities)
    {
        var (total, mass) = Totals(counts, probabilities);
        double statistic = 0;
        var cells = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (probabilities[i] == 0)
            {
                if (counts[i] > 0)
                {
                    return 0;
                }
                continue;
            }
            if (counts[i] > 0)
            {
                statistic += 2 * counts[i] * Math.Log(counts[i] / (total * probabilities[i] / mass));
            }
            cells++;
        }
        return PValue(statistic, cells - 1);
    }

    /// <summary>Pearson's test after merging the rarest outcomes until each cell is expected at least <paramref name="least"/> times.</summary>
    /// <param name="counts">How often each outcome was seen.</param>
    /// <param name="probabilities">Non-negative weights of the outcomes, not necessarily normalised.</param>
    /// <param name="least">The least expected count of a cell.</param>
    public static double Pooled(ReadOnlySpan<long> counts, ReadOnlySpan<double> probabilities, double least = 5)
    {
        var (total, mass) = Totals(counts, probabilities);
        var order = new int[counts.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }
        Array.Sort(probabilities.ToArray(), order);

        var pooledCounts = new List<long>();
        var pooledMass = new List<double>();
        long count = 0;
        double share = 0;
        foreach (var i in order)
        {
            if (probabilities[i] == 0 && counts[i] > 0)
            {
                return 0;
            }
            count += counts[i];
            share += probabilities[i];
            if (total * share / mass >= least)
            {
                pooledCounts.Add(count);
                pooledMass.Add(share);
                count = 0;
                share = 0;
            }
        }
        if (share > 0)
        {
            if (pooledCounts.Count == 0)
            {
                return 1;
            }
            pooledCounts[^1] += count;
            pooledMass[^1] += share;
        }
        return Fit(pooledCounts.ToArray(), pooledMass.ToArray());
    }

    /// <summary>Pearson's test of independence of the rows and columns of a table of counts, rows one after another.</summary>
    /// <param name="table">The counts, <c>columns</c> per row.</param>
    /// <param name="columns">The number of columns.</param>
    public static double Independence(ReadOnlySpan<long> table, int columns)
    {
        if (columns < 1 || table.Length % columns != 0)
        {
            throw new ArgumentException($"{table.Length} counts do not make rows of {columns}.", nameof(columns));
        }
        var rows = table.Length / columns;
        var rowSums = new double[rows];
        var columnSums = new double[columns];
        double total = 0;
        for (var i = 0; i < table.Length; i++)
        {
            rowSums[i / columns] += table[i];
            columnSums[i % columns] += table[i];
            total += table[i];
        }
        double statistic = 0;
        for (var i = 0; i < table.Length; i++)
        {
            var expected = rowSums[i / columns] * columnSums[i % columns] / total;
            if (expected > 0)
            {
                statistic += (table[i] - expected) * (table[i] - expected) / expected;
            }
        }
        var usedRows = rowSums.Count(sum => sum > 0);
        var usedColumns = columnSums.Count(sum => sum > 0);
        return PValue(statistic, (usedRows - 1) * (usedColumns - 1));
    }

    /// <summary>Half the sum of |frequency − probability|: 0 for a perfect fit, 1 for disjoint supports.</summary>
    /// <param name="counts">How often each outcome was seen.</param>
    /// <param name="probabilities">Non-negative weights of the outcomes, not necessarily normalised.</param>
    public static double TotalVariation(ReadOnlySpan<long> counts, ReadOnlySpan<double> probabilities)
    {
        var (total, mass) = Totals(counts, probabilities);
        double distance = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            distance += Math.Abs(counts[i] / total - probabilities[i] / mass);
        }
        return distance / 2;
    }

    /// <summary>The chance that a chi-square variable reaches a value.</summary>
    /// <param name="statistic">The value, 0 or more.</param>
    /// <param name="degreesOfFreedom">The degrees of freedom; with 0 the answer is 1.</param>
    public static double PValue(double statistic, int degreesOfFreedom) =>
        degreesOfFreedom <= 0 ? 1 : UpperGamma(degreesOfFreedom / 2.0, statistic / 2);

    /// <summary>The regularised upper incomplete gamma function Q(a, x) = Γ(a, x) / Γ(a), for a &gt; 0 and x ≥ 0.</summary>
    /// <param name="a">The shape.</param>
    /// <param name="x">The lower end of the integral.</param>
    public static double UpperGamma(double a, double x)
    {
        if (!(a > 0) || !(x >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(x), $"Q({a}, {x}) needs a > 0 and x ≥ 0.");
        }
        if (x == 0)
        {
            return 1;
        }
        var scale = Math.Exp(a * Math.Log(x) - x - LogGamma(a));
        if (x < a + 1)
        {
            // P(a, x) = xᵃ e⁻ˣ / Γ(a) · Σ xⁿ / (a (a+1) ... (a+n))
            var term = 1 / a;
            var sum = term;
            for (var n = 1; term > sum * 1e-17 && n < 100_000; n++)
            {
                term *= x / (a + n);
                sum += term;
            }
            return Math.Clamp(1 - sum * scale, 0, 1);
        }
        // Legendre's continued fraction, evaluated by Lentz's method.
        var b = x + 1 - a;
        var c = 1e300;
        var d = 1 / b;
        var fraction = d;
        for (var n = 1; n < 100_000; n++)
        {
            var numerator = -n * (n - a);
            b += 2;
            d = 1 / NotZero(numerator * d + b);
            c = NotZero(b + numerator / c);
            fraction *= d * c;
            if (Math.Abs(d * c - 1) < 1e-16)
            {
                break;
            }
        }
        return Math.Clamp(fraction * scale, 0, 1);
    }

    /// <summary>log Γ(x) for x &gt; 0: Stirling's series after shifting x above 15.</summary>
    private static double LogGamma(double x)
    {
        double shift = 0;
        while (x < 15)
        {
            shift += Math.Log(x);
            x++;
        }
        var square = 1 / (x * x);
        var series = (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680 - square / 1188)))) / x;
        return (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI) + series - shift;
    }

    private static double NotZero(double value) => Math.Abs(value) < 1e-300 ? 1e-300 : value;

    private static (double Total, double Mass) Totals(ReadOnlySpan<long> counts, ReadOnlySpan<double> probabilities)
    {
        if (counts.Length != probabilities.Length)
        {
            throw new ArgumentException($"There are {counts.Length} counts but {probabilities.Length} probabilities.");
        }
        double total = 0;
        double mass = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] < 0 || !(probabilities[i] >= 0))
            {
                throw new ArgumentException(
                    $"Outcome {i} has count {counts[i]} and probability {probabilities[i]}; both must be ≥ 0."
                );
            }
            total += counts[i];
            mass += probabilities[i];
        }
        if (total == 0 || mass == 0)
        {
            throw new ArgumentException("A test needs at least one count and one positive probability.");
        }
        return (total, mass);
    }
}
