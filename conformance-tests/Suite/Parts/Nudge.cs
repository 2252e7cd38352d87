namespace Tokenwright.Conformance;

/// <summary>Raises the logit of one token at one position: where that decides, there was a near-tie.</summary>
/// <param name="position">The absolute position.</param>
/// <param name="token">The token.</param>
/// <param name="by">What is added to its logit.</param>
public sealed class Nudge(int position, int token, float by) : ILogitsProcessor
{
    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.Penalty;

    /// <inheritdoc/>
    public bool IsActive => true;

    /// <inheritdoc/>
    public bool ChangesArgMax => true;

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        if (path.Length == position)
        {
            row.ChangeDense()[token] += by;
        }
    }
}
