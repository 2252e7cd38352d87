namespace Tokenwright;

/// <summary>
/// The randomness of a generation. Parts ask for picks and flips by name and never see a raw uniform, so whatever enumerates
/// all outcomes with their exact probabilities is just another implementation.
/// </summary>
/// <remarks>
/// A pick is Gumbel-max: the id with the greatest score + noise, where the noise depends on the key and the token id alone; equal
/// sums go to the lowest id. So the same ids with the same scores give the same pick however they are listed, and leaving out
/// ids that did not win does not change the winner.
/// </remarks>
public interface IRandomness
{
    /// <summary>Picks a token from a dense row with probability softmax(<paramref name="logits"/>).</summary>
    /// <param name="key">The name of the draw.</param>
    /// <param name="logits">One score per id, in nats, not normalised; −∞ means not in the support.</param>
    /// <returns>The picked id.</returns>
    /// <exception cref="InvalidOperationException">The support is empty.</exception>
    /// <exception cref="ArgumentException">A score is NaN or +∞.</exception>
    int Pick(in DrawKey key, ReadOnlySpan<float> logits);

    /// <summary>Picks a token from a sparse row with probability softmax(<paramref name="logits"/>).</summary>
    /// <param name="key">The name of the draw.</param>
    /// <param name="ids">Different token ids, not negative, in any order.</param>
    /// <param name="logits">The score of each of <paramref name="ids"/>, in nats, not normalised.</param>
    /// <returns>The picked id, the same as from the dense row with −∞ everywhere else.</returns>
    /// <exception cref="InvalidOperationException">The support is empty.</exception>
    /// <exception cref="ArgumentException">A score is NaN or +∞, a candidate's id is negative, or the lengths differ.</exception>
    int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<float> logits);

    /// <summary>Picks a token with probability proportional to its weight.</summary>
    /// <param name="key">The name of the draw.</param>
    /// <param name="ids">Different token ids, not negative, in any order; empty when the index is the id.</param>
    /// <param name="weights">Finite weights of 0 or more, not normalised.</param>
    /// <returns>The picked id; never one of weight 0.</returns>
    /// <exception cref="InvalidOperationException">No weight is positive.</exception>
    /// <exception cref="ArgumentException">A weight is negative, NaN or +∞, a candidate's id is negative, or the lengths differ.</exception>
    int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<double> weights);

    /// <summary>True with the given probability; always for 1, never for 0.</summary>
    /// <param name="key">The name of the draw.</param>
    /// <param name="probability">From 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="probability"/> is NaN or outside 0 to 1.</exception>
    bool Flip(in DrawKey key, double probability);
}
