using Tokenwright.Conformance;

namespace Tokenwright.Tests.Plugins.Drafting;

/// <summary>Where a text on real weights may part from that of plain decoding: a pass over several tokens rounds differently from one over each.</summary>
internal static class NearTies
{
    /// <summary>The margin below which two tokens count as tied.</summary>
    public const float Bound = 1e-3f;

    private const int TokensPerNearTie = 30_000;

    /// <summary>The most texts that may part at a near-tie.</summary>
    public static int Most(int tokens) => 1 + tokens / TokensPerNearTie;

    /// <summary>Whether plain decoding would take another token too if that token's logit were a little higher.</summary>
    /// <param name="plain">The plain request, its parts fresh.</param>
    /// <param name="at">The place in the output.</param>
    /// <param name="token">The other token.</param>
    /// <param name="bound">The margin that counts as none.</param>
    public static async Task<bool> IsOneAsync(Request plain, int at, int token, float bound = Bound)
    {
        var nudge = new Nudge(plain.Prompt.Length + at, token, 2 * bound);
        var text = await Run.TextAsync(
            plain with
            {
                Processors = [.. plain.Processors, nudge],
                MaxTokens = at + 1,
            },
            TestContext.Current.CancellationToken
        );
        return text.Tokens[at] == token;
    }
}
