namespace Tokenwright.Conformance;

/// <summary>The comparisons that clauses are made of; each breaks the clause with the smallest case that differs.</summary>
internal static class Compare
{
    // Between two exact computations in float64 of laws with some thousand outcomes.
    private const double Exact = 1e-9;

    /// <summary>For some seeds two requests make the same text, and end it for the same reason.</summary>
    public static async Task TextsAsync(
        Trial trial,
        string what,
        int seeds,
        Func<IRandomness, Request> plain,
        Func<IRandomness, Request> tried
    )
    {
        (int At, ulong Seed, Text Plain, Text Tried)? shortest = null;
        for (int i = 0; i < seeds; i++)
        {
            ulong seed = (ulong)(trial.Seed * 1000 + i);
            trial.Case = $"{what}, text seed {seed}";
            var expected = await Run.TextAsync(plain(new KeyedRandomness(seed)), trial.Cancellation).ConfigureAwait(false);
            var observed = await Run.TextAsync(tried(new KeyedRandomness(seed)), trial.Cancellation).ConfigureAwait(false);
            int same = Common(expected.Tokens, observed.Tokens);
            bool differ = same < expected.Tokens.Count || same < observed.Tokens.Count || expected.Reason != observed.Reason;
            if (differ && (shortest is null || same < shortest.Value.At))
            {
                shortest = (same, seed, expected, observed);
            }
        }

        if (shortest is var (at, of, ought, came))
        {
            trial.Case = $"{what}, text seed {of}";
            trial.Break(
                at < ought.Tokens.Count || at < came.Tokens.Count
                    ? $"The text parts from that of plain decoding at output token {at}."
                    : "The text is that of plain decoding and ends for another reason.",
                [.. ought.Tokens.Take(at)],
                Next(ought, at),
                Next(came, at)
            );
        }
    }

    /// <summary>A request has a law, by enumerating every outcome of every draw.</summary>
    public static void Law(Trial trial, string what, Law expected, Func<IRandomness, Request> request, bool sharesPicks = false)
    {
        trial.Case = what;
        Law observed;
        try
        {
            observed = Conformance.Law.Of(
                randomness => Run.TextAsync(request(randomness), trial.Cancellation).GetAwaiter().GetResult().Tokens,
                allowSharedPicks: sharesPicks
            );
        }
        catch (ContractViolationException error)
        {
            trial.Break(error.Message);
            return;
        }

        if (LawDifference.Find(expected, observed, Exact) is { } difference)
        {
            trial.Break(
                FormattableString.Invariant(
                    $"The law of the text is not that of plain sampling: total variation {expected.TotalVariation(observed):0.0e+0}."
                ),
                difference.Prefix,
                LawDifference.Text(difference.Expected),
                LawDifference.Text(difference.Observed)
            );
        }
    }

    /// <summary>Texts drawn with the randomness of real use have a law, as far as a sample can tell.</summary>
    public static async Task SampledLawAsync(
        Trial trial,
        string what,
        Law expected,
        int samples,
        Func<IRandomness, Request> request
    )
    {
        trial.Case = what;
        var counts = new Dictionary<string, long>();
        for (int i = 0; i < samples; i++)
        {
            var randomness = new KeyedRandomness((ulong)trial.Seed * 1_000_003 + (ulong)i);
            var text = await Run.TextAsync(request(randomness), trial.Cancellation).ConfigureAwait(false);
            string output = string.Join(' ', text.Tokens);
            counts[output] = counts.GetValueOrDefault(output) + 1;
        }

        Fit(trial, expected, counts, samples);
    }

    /// <summary>Counts of outputs fit a law.</summary>
    public static void Fit(Trial trial, Law expected, IReadOnlyDictionary<string, long> counts, int samples)
    {
        string[] outputs = [.. expected.Probabilities.Keys.Union(counts.Keys)];
        long[] seen = [.. outputs.Select(output => counts.GetValueOrDefault(output))];
        double[] probabilities = [.. outputs.Select(output => expected.Probabilities.GetValueOrDefault(output))];
        double p = ChiSquare.Pooled(seen, probabilities);
        if (p >= Power.FalseAlarm)
        {
            return;
        }

        var observed = Conformance.Law.OfCounts(counts);
        var difference = LawDifference.Find(expected, observed, 3 / Math.Sqrt(samples))!;
        trial.Break(
            FormattableString.Invariant(
                $"{samples} texts do not have the law of plain sampling: the chance of such a sample is {p:0.0e+0}, total variation {expected.TotalVariation(observed):0.000}."
            ),
            difference.Prefix,
            LawDifference.Text(difference.Expected),
            LawDifference.Text(difference.Observed)
        );
    }

    private static int Common(IReadOnlyList<int> one, IReadOnlyList<int> other)
    {
        int at = 0;
        while (at < one.Count && at < other.Count && one[at] == other[at])
        {
            at++;
        }

        return at;
    }

    private static string Next(Text text, int at) =>
        at < text.Tokens.Count ? $"token {text.Tokens[at]}" : $"the end ({text.Reason})";
}
