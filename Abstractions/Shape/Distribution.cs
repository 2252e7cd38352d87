namespace Tokenwright;

/// <summary>The distribution of one token: dense logits, or the few candidates that are left. The same type for target (p) and draft (q).</summary>
/// <remarks>
/// <para>Holds unnormalised log-probabilities (natural units). Probabilities are normalised on demand, with sums in float64. Starts dense;
/// a truncation makes it sparse, ordered by (logit descending, id ascending), and it stays so until the next <see cref="Load(ReadOnlySpan{float})"/>.</para>
/// <para>Owns buffers of the vocabulary's size and is reused; allocates nothing after its first use. Not safe for concurrent use.</para>
/// </remarks>
public sealed class Distribution
{
    private readonly float[] _dense;
    private int[] _ids = [];
    private float[] _sparse = [];
    private int _count;
    private double _logNormaliser = double.NaN;

    /// <summary>Creates an empty distribution over a vocabulary.</summary>
    public Distribution(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        _dense = new float[vocabularySize];
    }

    /// <summary>Number of tokens there are.</summary>
    public int VocabularySize => _dense.Length;

    /// <summary>Whether every id has a logit; else only those in <see cref="Ids"/> have.</summary>
    public bool IsDense { get; private set; } = true;

    /// <summary>Number of logits held: the vocabulary, or the candidates left.</summary>
    public int Count => IsDense ? _dense.Length : _count;

    /// <summary>The candidates of a sparse distribution by (logit descending, id ascending); empty when dense.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, IsDense ? 0 : _count);

    /// <summary>The logits: by id when dense, else in the order of <see cref="Ids"/>. −∞ is out of the support.</summary>
    public ReadOnlySpan<float> Logits => IsDense ? _dense : _sparse.AsSpan(0, _count);

    /// <summary>log Σ exp(logit) over the support.</summary>
    /// <exception cref="InvalidOperationException">Nothing is left in the support.</exception>
    public double LogNormaliser
    {
        get
        {
            if (double.IsNaN(_logNormaliser))
            {
                _logNormaliser = Nucleus.LogSumExp(Logits);
                if (!double.IsFinite(_logNormaliser))
                {
                    throw new InvalidOperationException(
                        double.IsNegativeInfinity(_logNormaliser)
                            ? "No token is left in the support: the constraint and the processors together forbid every token."
                            : "The logits are not numbers: the model, or a processor, gave NaN or infinity."
                    );
                }
            }

            return _logNormaliser;
        }
    }

    /// <summary>Makes the distribution dense, with these logits.</summary>
    /// <param name="logits">One per token of the vocabulary.</param>
    public void Load(ReadOnlySpan<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, _dense.Length, nameof(logits));
        logits.CopyTo(_dense);
        IsDense = true;
        _logNormaliser = double.NaN;
    }

    /// <summary>Makes this a copy of another one over the same vocabulary.</summary>
    public void Load(Distribution other)
    {
        if (other.IsDense)
        {
            Load(other._dense);
        }
        else
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(other.VocabularySize, VocabularySize, nameof(other));
            Load(other.Ids, other.Logits);
        }

        _logNormaliser = other._logNormaliser;
    }

    /// <summary>Makes the distribution sparse, with these candidates.</summary>
    /// <param name="ids">Distinct ids by (logit descending, id ascending).</param>
    /// <param name="logits">Their logits.</param>
    public void Load(ReadOnlySpan<int> ids, ReadOnlySpan<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, ids.Length, nameof(logits));
        ArgumentOutOfRangeException.ThrowIfZero(ids.Length, nameof(ids));
        Reserve(ids.Length);
        ids.CopyTo(_ids);
        logits.CopyTo(_sparse);
        _count = ids.Length;
        IsDense = false;
        _logNormaliser = double.NaN;
    }

    /// <summary>The logits for changing in place. A change must keep a sparse distribution in order.</summary>
    public Span<float> Change()
    {
        _logNormaliser = double.NaN;
        return IsDense ? _dense : _sparse.AsSpan(0, _count);
    }

    /// <summary>The logits by id, for changing in place.</summary>
    /// <exception cref="InvalidOperationException">The distribution is sparse: bias and penalties come before truncation.</exception>
    public Span<float> ChangeDense() =>
        IsDense ? Change() : throw new InvalidOperationException("Bias and penalties come before truncation.");

    /// <summary>Keeps the k most likely tokens, ties by the lower id.</summary>
    public void KeepTop(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (k < Count)
        {
            Reserve(k);
            Keep(IsDense ? TopK.Select(_dense, _ids.AsSpan(0, k), _sparse) : k);
        }
    }

    /// <summary>Keeps the fewest most likely tokens whose probability reaches p.</summary>
    /// <param name="p">Above 0, at most 1; the token that crosses it stays.</param>
    public void KeepTopP(double p)
    {
        Reserve(Count);
        Keep(IsDense ? Nucleus.TopP(_dense, p, _ids, _sparse) : Nucleus.TopP(Logits, p));
    }

    /// <summary>Keeps the tokens at least p times as likely as the most likely one.</summary>
    /// <param name="p">Above 0, at most 1.</param>
    public void KeepMinP(double p)
    {
        Reserve(Count);
        Keep(IsDense ? Nucleus.MinP(_dense, p, _ids, _sparse) : Nucleus.MinP(Logits, p));
    }

    /// <summary>Keeps the tokens whose surprise is closest to the expected one until their probability reaches p.</summary>
    /// <param name="p">Above 0, at most 1; the token that crosses it stays.</param>
    public void KeepTypical(double p)
    {
        Reserve(Count);
        Keep(
            IsDense
                ? Nucleus.Typical(_dense, p, _ids, _sparse)
                : Nucleus.Typical(_ids.AsSpan(0, _count), _sparse.AsSpan(0, _count), p)
        );
    }

    /// <summary>Makes a dense distribution sparse without dropping anything of the support, so that it can be read in order.</summary>
    public void Sort()
    {
        if (IsDense)
        {
            Reserve(_dense.Length);
            Keep(TopK.Select(_dense, _ids.AsSpan(0, _dense.Length), _sparse));
        }
    }

    /// <summary>Keeps one token alone.</summary>
    public void KeepOnly(int token)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)token, (uint)VocabularySize, nameof(token));
        Reserve(1);
        _ids[0] = token;
        _sparse[0] = 0;
        _count = 1;
        IsDense = false;
        _logNormaliser = 0;
    }

    /// <summary>Takes from the support every token whose bit is not set.</summary>
    /// <param name="allowed">Bit id%64 of word id/64; ⌈vocabulary/64⌉ words.</param>
    public void Mask(ReadOnlySpan<ulong> allowed)
    {
        if (!IsDense)
        {
            throw new InvalidOperationException("A mask comes before truncation.");
        }

        TokenMask.Apply(allowed, _dense);
        _logNormaliser = double.NaN;
    }

    /// <summary>The most likely token, the lowest id on ties.</summary>
    public int ArgMax() => IsDense ? TopK.ArgMax(_dense) : _ids[0];

    /// <summary>The logit of a token; −∞ outside the support.</summary>
    public float LogitOf(int token)
    {
        if (IsDense)
        {
            return _dense[token];
        }

        int at = Ids.IndexOf(token);
        return at < 0 ? float.NegativeInfinity : _sparse[at];
    }

    /// <summary>The natural logarithm of a token's probability; −∞ outside the support.</summary>
    public double LogProbability(int token) => LogitOf(token) - LogNormaliser;

    /// <summary>A token's probability.</summary>
    public double Probability(int token) => Math.Exp(LogProbability(token));

    // The candidates are the first ones of the sparse buffers.
    private void Keep(int count)
    {
        _count = count;
        IsDense = false;
        _logNormaliser = double.NaN;
    }

    private void Reserve(int count)
    {
        if (_ids.Length < count)
        {
            int size = Math.Min(VocabularySize, Math.Max(count, 64));
            Array.Resize(ref _ids, size);
            Array.Resize(ref _sparse, size);
        }
    }
}
