namespace Tokenwright.Conformance;

/// <summary>Randomness that takes every possible outcome once, each with its exact probability, over repeated runs of the same code.</summary>
/// <remarks>
/// <para>
/// A run asks for draws; the enumerator replays the script of outcomes it is at, takes the first outcome of every draw beyond it, and
/// multiplies the probabilities. Between runs <see cref="Advance"/> moves to the next script, depth first.
/// </para>
/// <para>
/// Asking a key again with the same weights gives the same outcome and branches nothing. Asking it with other weights means that one
/// noise decides two draws: <see cref="ContractViolationException"/>, unless <paramref name="allowSharedPicks"/> lets a pick by position be asked
/// by a drafter first; then the two are taken as independent, which is right for verifiers whose text does not depend on the draft.
/// </para>
/// </remarks>
/// <param name="allowSharedPicks">Whether a pick by position may be asked with other weights.</param>
public sealed class Enumerator(bool allowSharedPicks = false) : IRandomness
{
    private readonly List<Branch> _script = [];
    private readonly Dictionary<(DrawKey Key, bool IsFlip), List<Branch>> _asked = [];
    private int _at;

    /// <summary>The probability of the present run.</summary>
    public double Probability { get; private set; } = 1;

    /// <summary>Draws of the present run with more than one outcome.</summary>
    public int Branchings => _at;

    /// <summary>Moves to the next run.</summary>
    /// <returns>False when every outcome has been taken; the next call would begin anew.</returns>
    public bool Advance()
    {
        if (_at < _script.Count)
        {
            throw new ContractViolationException(
                "The run asked for fewer draws than before: it depends on more than its randomness."
            );
        }

        _at = 0;
        Probability = 1;
        _asked.Clear();
        while (_script.Count > 0 && ++_script[^1].Taken == _script[^1].Ids.Length)
        {
            _script.RemoveAt(_script.Count - 1);
        }

        return _script.Count > 0;
    }

    /// <inheritdoc/>
    public int Pick(in DrawKey key, ReadOnlySpan<float> logits) => Pick(key, [], logits);

    /// <inheritdoc/>
    public int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<float> logits)
    {
        double max = double.NegativeInfinity;
        foreach (float logit in logits)
        {
            if (float.IsNaN(logit) || float.IsPositiveInfinity(logit))
            {
                throw new ArgumentException($"{logit} is no score.");
            }

            max = Math.Max(max, logit);
        }

        var weights = new double[logits.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Math.Exp(logits[i] - max);
        }

        return Pick(key, ids, weights);
    }

    /// <inheritdoc/>
    public int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<double> weights)
    {
        double sum = 0;
        var support = new List<(int Id, double Weight)>();
        for (int i = 0; i < weights.Length; i++)
        {
            if (!(weights[i] >= 0) || double.IsInfinity(weights[i]))
            {
                throw new ArgumentException($"{weights[i]} is no weight.");
            }

            if (weights[i] > 0)
            {
                support.Add((ids.IsEmpty ? i : ids[i], weights[i]));
                sum += weights[i];
            }
        }

        if (support.Count == 0)
        {
            throw new InvalidOperationException("The support is empty.");
        }

        support.Sort((a, b) => a.Id.CompareTo(b.Id));
        return Take((key, false), [.. support.Select(s => s.Id)], [.. support.Select(s => s.Weight / sum)]);
    }

    /// <inheritdoc/>
    public bool Flip(in DrawKey key, double probability)
    {
        if (!(probability is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "A probability lies between 0 and 1.");
        }

        return probability switch
            {
                0 => Take((key, true), [0], [1]),
                1 => Take((key, true), [1], [1]),
                _ => Take((key, true), [0, 1], [1 - probability, probability]),
            } == 1;
    }

    private int Take((DrawKey Key, bool IsFlip) name, int[] ids, double[] probabilities)
    {
        if (_asked.TryGetValue(name, out var earlier))
        {
            if (earlier.Find(b => b.Has(ids, probabilities)) is { } same)
            {
                return same.Ids[same.Taken];
            }

            if (!allowSharedPicks || name.Key.Stream != DrawStream.Pick)
            {
                throw new ContractViolationException(
                    $"The draw {name.Key} was asked for twice with different probabilities: one noise decides two things."
                );
            }
        }
        else
        {
            _asked[name] = earlier = [];
        }

        Branch branch;
        if (ids.Length == 1)
        {
            branch = new Branch(ids, probabilities);
        }
        else if (_at < _script.Count)
        {
            branch = _script[_at++];
            if (!branch.Has(ids, probabilities))
            {
                throw new ContractViolationException(
                    "A run with the same outcomes asked for another draw: it depends on more than its randomness."
                );
            }
        }
        else
        {
            branch = new Branch(ids, probabilities);
            _script.Add(branch);
            _at++;
        }

        earlier.Add(branch);
        Probability *= branch.Probabilities[branch.Taken];
        return branch.Ids[branch.Taken];
    }

    private sealed class Branch(int[] ids, double[] probabilities)
    {
        public int[] Ids { get; } = ids;

        public double[] Probabilities { get; } = probabilities;

        public int Taken { get; set; }

        public bool Has(int[] ids, double[] probabilities)
        {
            if (!Ids.AsSpan().SequenceEqual(ids))
            {
                return false;
            }

            for (int i = 0; i < probabilities.Length; i++)
            {
                if (Math.Abs(Probabilities[i] - probabilities[i]) > 1e-12)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
