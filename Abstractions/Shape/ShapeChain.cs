namespace Tokenwright;

/// <summary>The processors and the constraint of one generation in their fixed order: a pure function from path, states and row to a distribution.</summary>
/// <remarks>
/// A node's state is <see cref="StateCount"/> values, one per processor and one for the constraint; callers keep them per node. Shared by
/// all sequences of a generation; not safe for concurrent use.
/// </remarks>
public sealed class ShapeChain
{
    private readonly ILogitsProcessor[] _processors;
    private readonly ITokenConstraint? _constraint;
    private readonly int _constraintAt;
    private readonly ulong[] _mask;
    private readonly int _vocabularySize;
    private readonly bool[] _ends;

    /// <summary>Orders the active parts. Once one takes the arg-max, what follows has nothing left to do and what cannot change it is skipped.</summary>
    /// <param name="processors">Processors with their ids, any order; inactive ones are left out.</param>
    /// <param name="constraint">The constraint, or null.</param>
    /// <param name="model">The vocabulary's size and the end tokens, which no constraint is asked to follow.</param>
    public ShapeChain(
        IEnumerable<KeyValuePair<string, ILogitsProcessor>> processors,
        ITokenConstraint? constraint,
        ModelInfo model
    )
    {
        var ordered = processors
            .Where(p => p.Value.IsActive)
            .OrderBy(p => p.Value.Stage)
            .ThenBy(p => p.Value.TakesArgMax)
            .ThenBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => p.Value)
            .ToList();
        int last = ordered.FindIndex(p => p.TakesArgMax);
        if (last >= 0)
        {
            ordered = [.. ordered.Take(last).Where(p => p.ChangesArgMax), ordered[last]];
        }

        _processors = [.. ordered];
        _constraint = constraint;
        _constraintAt = Array.FindIndex(_processors, p => p.Stage > ShapeStage.Constraint);
        if (_constraintAt < 0)
        {
            _constraintAt = _processors.Length;
        }

        _vocabularySize = model.VocabularySize;
        _mask = constraint is null ? [] : new ulong[TokenMask.Words(_vocabularySize)];
        _ends = new bool[_vocabularySize];
        foreach (int end in model.EndTokens)
        {
            _ends[end] = true;
        }

        TakesArgMax = last >= 0;
        IsPlainArgMax = last >= 0 && _processors.Length == 1 && constraint is null;
    }

    /// <summary>The constraint, or null.</summary>
    public ITokenConstraint? Constraint => _constraint;

    /// <summary>Number of states a node has: one per processor, then the constraint's.</summary>
    public int StateCount => _processors.Length + 1;

    /// <summary>Whether every distribution is a single token.</summary>
    public bool TakesArgMax { get; }

    /// <summary>Whether the shaped token is simply the arg-max of the model's row: then nobody needs the logits.</summary>
    public bool IsPlainArgMax { get; }

    /// <summary>Creates a distribution of the right size.</summary>
    public Distribution CreateDistribution() => new(_vocabularySize);

    /// <summary>Writes the states before the first output token.</summary>
    /// <param name="states"><see cref="StateCount"/> values.</param>
    public void Start(Span<ShapeState> states)
    {
        for (int i = 0; i < _processors.Length; i++)
        {
            states[i] = _processors[i].Start;
        }

        states[_processors.Length] = _constraint?.Start ?? default;
    }

    /// <summary>Shapes one row.</summary>
    /// <param name="path">The tokens before the row.</param>
    /// <param name="states">The states at the row.</param>
    /// <param name="logits">The model's logits, [vocabulary]; not changed.</param>
    /// <param name="shaped">Receives the distribution.</param>
    /// <exception cref="InvalidOperationException">No token is left, or the logits are not numbers.</exception>
    public void Apply(in TokenPath path, ReadOnlySpan<ShapeState> states, ReadOnlySpan<float> logits, Distribution shaped)
    {
        shaped.Load(logits);
        for (int i = 0; i <= _processors.Length; i++)
        {
            if (i == _constraintAt && _constraint is not null)
            {
                _constraint.Mask(states[^1], _mask);
                shaped.Mask(_mask);
            }

            if (i < _processors.Length)
            {
                _processors[i].Apply(path, states[i], shaped);
            }
        }
    }

    /// <summary>Writes the states after a token.</summary>
    /// <param name="states">The states at the row.</param>
    /// <param name="row">The shaped row.</param>
    /// <param name="token">The token taken from it.</param>
    /// <param name="next">Receives the states; may be the same span.</param>
    public void Next(ReadOnlySpan<ShapeState> states, Distribution row, int token, Span<ShapeState> next)
    {
        for (int i = 0; i < _processors.Length; i++)
        {
            next[i] = _processors[i].Next(states[i], row, token);
        }

        next[_processors.Length] =
            _constraint is null || _ends[token]
                ? states[_processors.Length]
                : _constraint.Next(states[_processors.Length], token);
    }
}
