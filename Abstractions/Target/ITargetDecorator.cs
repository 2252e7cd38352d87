namespace Tokenwright;

/// <summary>The Target seam: makes from a model another one whose distribution is decoded instead (SCMoE, guidance, contrast…).</summary>
public interface ITargetDecorator : IPart
{
    /// <summary>Wraps the model.</summary>
    /// <remarks>
    /// The result offers only capabilities it re-derives, and does not own <paramref name="target"/>: disposing it frees what it opened
    /// itself. One sequence of it may hold several sequences of the target.
    /// </remarks>
    ICausalModel Decorate(ICausalModel target);
}
