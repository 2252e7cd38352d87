namespace Tokenwright;

/// <summary>Draws from distributions.</summary>
public static class RandomnessExtensions
{
    /// <summary>Picks a token from a distribution, dense or sparse.</summary>
    /// <param name="randomness">The randomness.</param>
    /// <param name="key">The name of the draw.</param>
    /// <param name="p">The distribution.</param>
    public static int Pick(this IRandomness randomness, in DrawKey key, Distribution p) =>
        p.IsDense ? randomness.Pick(key, p.Logits) : randomness.Pick(key, p.Ids, p.Logits);
}
