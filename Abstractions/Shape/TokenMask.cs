namespace Tokenwright;

/// <summary>Sets of tokens as bits: bit id%64 of word id/64.</summary>
public static class TokenMask
{
    /// <summary>Number of words for a vocabulary.</summary>
    public static int Words(int vocabularySize) => (vocabularySize + 63) / 64;

    /// <summary>Whether a token is in the set.</summary>
    public static bool Contains(ReadOnlySpan<ulong> set, int token) => (set[token >> 6] >> (token & 63) & 1) != 0;

    /// <summary>Sets the logit of every token that is not in the set to −∞.</summary>
    /// <param name="set">⌈logits/64⌉ words.</param>
    /// <param name="logits">One per token.</param>
    public static void Apply(ReadOnlySpan<ulong> set, Span<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(set.Length, Words(logits.Length), nameof(set));
        for (int w = 0; w < set.Length; w++)
        {
            ulong word = set[w];
            if (word == ulong.MaxValue)
            {
                continue;
            }

            var part = logits[(w * 64)..Math.Min(logits.Length, w * 64 + 64)];
            if (word == 0)
            {
                part.Fill(float.NegativeInfinity);
                continue;
            }

            for (int i = 0; i < part.Length; i++)
            {
                if ((word >> i & 1) == 0)
                {
                    part[i] = float.NegativeInfinity;
                }
            }
        }
    }
}
