using Tokenwright.Host;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Conformance;

/// <summary>The smallest embedded model as a target, and what counts as a near-tie on it.</summary>
internal static class Reference
{
    private const string Name = "draft";

    // Twice the gap that two kernels were seen to make in a logit of these models.
    private const float NearTie = 2e-3f;

    // Story beginnings, as its tokenizer cuts them.
    private static readonly int[][] Prompts =
    [
        [453, 1471, 330, 3128, 349, 271, 3447, 1471, 16, 74, 82, 509],
        [453, 3691, 16, 3831, 496, 2363, 287, 306, 80, 1051, 795, 262, 266, 3659],
    ];

    private static readonly Lock Gate = new();
    private static readonly Dictionary<IModelLibrary, ICausalModel> Opened = [];

    /// <summary>Greedy and at temperature 1 what is tried makes the texts of plain decoding, but for near-ties; 32 tokens after each prompt.</summary>
    public static async Task SameTextsAsync(Trial trial, Func<ICausalModel, Request, Request> tried)
    {
        var model = Open(trial);
        foreach (bool greedy in new[] { true, false })
        {
            foreach (int[] prompt in Prompts)
            {
                await SameAsync(
                        trial,
                        $"reference model '{model.Info.Name}', {(greedy ? "greedy" : "temperature 1")}",
                        randomness => Texts.Plain(model, prompt, 32, randomness, new Temperature { Value = greedy ? 0 : 1 }),
                        request => tried(model, request)
                    )
                    .ConfigureAwait(false);
            }
        }
    }

    /// <summary>Opens the model once for a library; the clause does not apply where there is none.</summary>
    private static ICausalModel Open(Trial trial)
    {
        if (trial.Plugin.Models is not { } library)
        {
            Trial.Skip("The embedded models are not here.");
            throw new InvalidOperationException();
        }

        lock (Gate)
        {
            if (!Opened.TryGetValue(library, out var model))
            {
                Opened.Add(library, model = library.Open(Name).Model);
            }

            return model;
        }
    }

    /// <summary>Two requests make the same text, or part where plain decoding would take the other token too if its logit were a little higher.</summary>
    private static async Task SameAsync(Trial trial, string what, Func<IRandomness, Request> plain, Func<Request, Request> tried)
    {
        var seed = new KeyedRandomness((ulong)trial.Seed);
        trial.Case = what;
        var expected = await Run.TextAsync(plain(seed), trial.Cancellation).ConfigureAwait(false);
        var observed = await Run.TextAsync(tried(plain(seed)), trial.Cancellation).ConfigureAwait(false);
        int at = expected.Tokens.ToArray().AsSpan().CommonPrefixLength(observed.Tokens.ToArray());
        if (at == expected.Tokens.Count && at == observed.Tokens.Count)
        {
            return;
        }

        int? taken = at < observed.Tokens.Count ? observed.Tokens[at] : null;
        if (taken is { } token)
        {
            var request = plain(seed);
            var nudged = await Run.TextAsync(
                    request with
                    {
                        Processors = [.. request.Processors, new Nudge(request.Prompt.Length + at, token, NearTie)],
                        MaxTokens = at + 1,
                    },
                    trial.Cancellation
                )
                .ConfigureAwait(false);
            if (nudged.Tokens[at] == token)
            {
                return;
            }
        }

        trial.Break(
            $"The text parts from that of plain decoding at output token {at}, where plain decoding is sure.",
            [.. expected.Tokens.Take(at)],
            at < expected.Tokens.Count ? $"token {expected.Tokens[at]}" : "the end",
            taken is null ? "the end" : $"token {taken}"
        );
    }
}
