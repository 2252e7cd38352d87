using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Tokenwright.Plugins.Standard;

/// <summary>The ordinary loop: draft, one forward over the whole draft, verify, commit, learn. Without a drafter it is plain decoding.</summary>
[DecodingLoop("draft-then-verify", "Drafts, checks the draft in one forward, commits what was verified.")]
public sealed class DraftThenVerify : IDecodingLoop
{
    /// <summary>The most nodes that one draft may have.</summary>
    [Option("max-nodes", "The most nodes of one draft; 0 drafts nothing.")]
    [Range(0, 1024, ErrorMessage = "max-nodes must lie between 0 and 1024; 0 drafts nothing.")]
    public int MaxNodes { get; set; } = 128;

    /// <inheritdoc/>
    public async IAsyncEnumerable<Step> RunAsync(
        Generation generation,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        long begin = Stopwatch.GetTimestamp();
        var statistics = generation.Statistics;
        var verification = generation.Verification;
        var tree = verification.Tree;
        var drafter = generation.Drafter;
        var forward = new ForwardItem[1];
        using var lease = generation.LeaseSequence();
        var sequence = lease.Sequence;

        // The last part of the prompt is fed like a draft: its last row is the root, and nothing follows it yet.
        int done = await generation.FeedPromptAsync(sequence, cancellation).ConfigureAwait(false);
        var fed = generation.TokensFrom(done);
        var wanted = (drafter?.PromptRows ?? default) | generation.Wanted(RowSelection.Last);
        verification.Begin(maxNodes: 0);
        tree.Arrange(root: fed.Length - 1);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            forward[0] = new ForwardItem
            {
                Sequence = sequence,
                Tokens = fed,
                Parents = tree.FedParents,
                Wanted = wanted,
            };
            long start = Stopwatch.GetTimestamp();
            await generation.Target.ForwardAsync(forward, cancellation).ConfigureAwait(false);
            statistics.CountForward(fed.Length, Stopwatch.GetElapsedTime(start), isPrompt: statistics.Steps == 0);

            start = Stopwatch.GetTimestamp();
            var shaping = statistics.Shape;
            verification.Bind(sequence.Rows);
            generation.Verifier.Verify(verification);
            statistics.Verify += Stopwatch.GetElapsedTime(start) - (statistics.Shape - shaping);

            if (statistics.Steps == 0)
            {
                sequence.Commit(fed.Length);
            }
            else
            {
                sequence.Commit(verification.KeptRows);
            }

            if (drafter is not null)
            {
                start = Stopwatch.GetTimestamp();
                drafter.Observe(verification.Observe(fed.Span));
                statistics.Draft += Stopwatch.GetElapsedTime(start);
            }

            generation.Trace?.Record(generation, verification.Observe(fed.Span));
            verification.End();
            statistics.Total = Stopwatch.GetElapsedTime(begin);
            yield return generation.TakeStep();
            if (generation.IsFinished)
            {
                break;
            }

            verification.Begin(drafter is null ? 0 : MaxNodes);
            if (drafter is not null && tree.Room > 0)
            {
                start = Stopwatch.GetTimestamp();
                await drafter.DraftAsync(generation.DraftContext, tree, cancellation).ConfigureAwait(false);
                statistics.Draft += Stopwatch.GetElapsedTime(start);
            }

            tree.Arrange();
            fed = tree.FedTokens;
            wanted = (drafter?.StepRows ?? default) | generation.Wanted(RowSelection.All);
        }
    }
}
