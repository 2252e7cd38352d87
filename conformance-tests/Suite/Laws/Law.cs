namespace Tokenwright.Conformance;

/// <summary>The joint law of the first tokens of a text: every possible output with its exact probability.</summary>
public sealed class Law
{
    private readonly Dictionary<string, double> _probabilities = [];

    /// <summary>The outputs, tokens joined by spaces, with their probabilities.</summary>
    public IReadOnlyDictionary<string, double> Probabilities => _probabilities;

    /// <summary>The sum of the probabilities; 1 but for rounding.</summary>
    public double Mass => _probabilities.Values.Sum();

    /// <summary>Runs that were made to find it.</summary>
    public int Runs { get; private set; }

    /// <summary>The law of what a run emits.</summary>
    /// <param name="run">A whole generation: a function of its randomness that gives the tokens it emitted.</param>
    /// <param name="maxRuns">Throws beyond this many runs.</param>
    /// <param name="allowSharedPicks">See <see cref="Enumerator"/>.</param>
    /// <exception cref="ContractViolationException">One draw decided two things, or the run is not a function of its randomness.</exception>
    public static Law Of(Func<IRandomness, IReadOnlyList<int>> run, int maxRuns = 2_000_000, bool allowSharedPicks = false)
    {
        var law = new Law();
        var randomness = new Enumerator(allowSharedPicks);
        do
        {
            var tokens = run(randomness);
            law.Add(tokens, randomness.Probability);
            if (++law.Runs > maxRuns)
            {
                throw new InvalidOperationException($"More than {maxRuns} outcomes; use a smaller table or fewer tokens.");
            }
        } while (randomness.Advance());

        return law;
    }

    /// <summary>The law that plain sampling has by definition: each token from the shaped row after the tokens before it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="shape">How its rows are shaped.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="count">Number of tokens; fewer where an end token comes.</param>
    public static Law OfTarget(TableModel model, ShapeChain shape, ReadOnlySpan<int> prompt, int count) =>
        OfTarget(tokens => model.Logits(tokens).ToArray(), model.Info, shape, prompt, count);

    /// <summary>The law of plain sampling from any function that gives logits after tokens.</summary>
    public static Law OfTarget(
        Func<int[], float[]> logits,
        ModelInfo model,
        ShapeChain shape,
        ReadOnlySpan<int> prompt,
        int count
    )
    {
        var law = new Law();
        var states = new ShapeState[shape.StateCount];
        shape.Start(states);
        Walk(prompt.ToArray(), prompt.Length, states, 1);
        return law;

        void Walk(int[] tokens, int promptLength, ShapeState[] at, double probability)
        {
            int length = tokens.Length - promptLength;
            if (length == count || (length > 0 && model.EndTokens.Contains(tokens[^1])))
            {
                law.Add(tokens[promptLength..], probability);
                return;
            }

            var row = shape.CreateDistribution();
            shape.Apply(new TokenPath(tokens, promptLength, []), at, logits(tokens), row);
            for (int token = 0; token < model.VocabularySize; token++)
            {
                double p = row.Probability(token);
                if (p > 0)
                {
                    var next = new ShapeState[at.Length];
                    shape.Next(at, row, token, next);
                    Walk([.. tokens, token], promptLength, next, probability * p);
                }
            }
        }
    }

    /// <summary>The frequencies of outputs that were counted.</summary>
    /// <param name="counts">How often each output came, tokens joined by spaces.</param>
    public static Law OfCounts(IReadOnlyDictionary<string, long> counts)
    {
        var law = new Law();
        double total = counts.Values.Sum();
        foreach (var (output, count) in counts)
        {
            law._probabilities[output] = count / total;
        }

        return law;
    }

    /// <summary>The probability of one output.</summary>
    public double Probability(params ReadOnlySpan<int> tokens) =>
        _probabilities.GetValueOrDefault(string.Join(' ', tokens.ToArray()));

    /// <summary>The law of the first tokens alone.</summary>
    public Law First(int count)
    {
        var law = new Law { Runs = Runs };
        foreach (var (tokens, probability) in _probabilities)
        {
            law.Add([.. tokens.Split(' ').Take(count).Select(int.Parse)], probability);
        }

        return law;
    }

    /// <summary>Half the sum of the differences: 0 for equal laws, 1 for laws that share no output.</summary>
    public double TotalVariation(Law other)
    {
        double sum = 0;
        foreach (string tokens in _probabilities.Keys.Union(other._probabilities.Keys))
        {
            sum += Math.Abs(_probabilities.GetValueOrDefault(tokens) - other._probabilities.GetValueOrDefault(tokens));
        }

        return sum / 2;
    }

    private void Add(IReadOnlyList<int> tokens, double probability)
    {
        string key = string.Join(' ', tokens);
        _probabilities[key] = _probabilities.GetValueOrDefault(key) + probability;
    }
}
