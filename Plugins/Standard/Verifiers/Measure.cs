using System.Numerics;
using System.Numerics.Tensors;

namespace Tokenwright.Plugins.Standard;

/// <summary>What is left of a distribution while candidates are rejected: float64 masses by token, zero outside the support.</summary>
/// <remarks>Owns buffers of the vocabulary's size and is reused; allocates nothing after its first use. Costs follow the support, not the vocabulary.</remarks>
internal sealed class Measure
{
    // Below this a difference of two distributions is rounding alone.
    private const double Nothing = 1e-12;

    private double[] _mass = [];
    private double[] _difference = [];
    private int[] _ids = [];
    private int _count;
    private bool _isDense;
    private double _total;

    /// <summary>The normalised mass of a token; 0 where nothing is left.</summary>
    public double Probability(int token) => _total > 0 ? _mass[token] / _total : 0;

    /// <summary>Becomes a distribution's probabilities.</summary>
    public void Load(Distribution distribution)
    {
        Clear(distribution.VocabularySize);
        double normaliser = distribution.LogNormaliser;
        var logits = distribution.Logits;
        _isDense = distribution.IsDense;
        _total = 1;
        if (_isDense)
        {
            TensorPrimitives.ConvertTruncating(logits, _mass);
            TensorPrimitives.Subtract(_mass, normaliser, _mass);
            TensorPrimitives.Exp<double>(_mass, _mass);
            return;
        }

        _count = logits.Length;
        if (_ids.Length < _count)
        {
            _ids = new int[Math.Max(_count, Math.Min(_mass.Length, 2 * _ids.Length))];
        }

        distribution.Ids.CopyTo(_ids);
        for (int i = 0; i < _count; i++)
        {
            _mass[_ids[i]] = Math.Exp(logits[i] - normaliser);
        }
    }

    /// <summary>Takes a token out.</summary>
    public void Remove(int token)
    {
        _mass[token] = 0;

        // Summed anew: what is left may be far below the rounding of the old sum.
        _total = _isDense ? TensorPrimitives.Sum<double>(_mass) : 0;
        foreach (int id in Ids)
        {
            _total += _mass[id];
        }
    }

    /// <summary>Becomes [scale·p − q]₊ of the normalised masses; stays p where nothing but rounding is left.</summary>
    /// <param name="q">What is subtracted.</param>
    /// <param name="scale">From 0 to 1.</param>
    /// <returns>Σ [scale·p − q]₊.</returns>
    public double Subtract(Measure q, double scale = 1)
    {
        double mine = scale / _total;

        // An emptied q subtracts nothing.
        double theirs = q._total > 0 ? 1 / q._total : 0;
        double sum = _isDense ? SubtractAll(q, mine, theirs) : SubtractFew(q, mine, theirs);
        if (sum < Nothing)
        {
            return sum;
        }

        _total = sum;
        if (_isDense)
        {
            (_mass, _difference) = (_difference, _mass);
            return sum;
        }

        for (int i = 0; i < _count; i++)
        {
            _mass[_ids[i]] = _difference[i];
        }

        return sum;
    }

    /// <summary>Draws a token in proportion to the masses.</summary>
    public int Draw(Verification verification, int node)
    {
        if (_isDense)
        {
            return verification.Draw(DrawStream.Residual, node, 0, [], _mass);
        }

        for (int i = 0; i < _count; i++)
        {
            _difference[i] = _mass[_ids[i]];
        }

        return verification.Draw(DrawStream.Residual, node, 0, Ids, _difference.AsSpan(0, _count));
    }

    // The support of a sparse measure; empty for a dense one.
    private ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    private double SubtractAll(Measure q, double mine, double theirs)
    {
        var sums = Vector<double>.Zero;
        int i = 0;
        for (; i <= _mass.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            var left = Vector.Max(
                Vector<double>.Zero,
                new Vector<double>(_mass, i) * mine - new Vector<double>(q._mass, i) * theirs
            );
            left.CopyTo(_difference, i);
            sums += left;
        }

        double sum = Vector.Sum(sums);
        for (; i < _mass.Length; i++)
        {
            sum += _difference[i] = Math.Max(0, _mass[i] * mine - q._mass[i] * theirs);
        }

        return sum;
    }

    private double SubtractFew(Measure q, double mine, double theirs)
    {
        double sum = 0;
        for (int i = 0; i < _count; i++)
        {
            sum += _difference[i] = Math.Max(0, _mass[_ids[i]] * mine - q._mass[_ids[i]] * theirs);
        }

        return sum;
    }

    private void Clear(int vocabulary)
    {
        if (_mass.Length != vocabulary)
        {
            _mass = new double[vocabulary];
            _difference = new double[vocabulary];
        }
        else if (_isDense)
        {
            _mass.AsSpan().Clear();
        }
        else
        {
            foreach (int id in Ids)
            {
                _mass[id] = 0;
            }
        }

        _count = 0;
    }
}
