using System.Runtime.CompilerServices;

namespace Tokenwright.Tests.Seams;

/// <summary>
/// Drafts the next window while the target verifies the present one (the idea of PEARL). The target's rows stay provisional over
/// several forwards while everything is kept, and are committed when something is not.
/// </summary>
internal sealed class OverlappedLoop(int window) : IDecodingLoop
{
    private readonly List<int> _ahead = [];
    private readonly List<int> _kept = [];
    private ICausalModel? _draft;

    /// <summary>The most forwards that one provisional region of the target spanned.</summary>
    public int LongestSpan { get; private set; }

    public Capabilities Needs => Capabilities.Rewind;

    public async ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
        _draft = await context.Models!.OpenAsync("draft", null, cancellation);

    public async IAsyncEnumerable<Step> RunAsync(
        Generation generation,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        var verification = generation.Verification;
        var tree = verification.Tree;
        using var target = generation.Target.CreateSequence();
        using var draft = _draft!.CreateSequence();
        int done = await generation.FeedPromptAsync(target, cancellation);
        var fed = generation.TokensFrom(done);
        verification.Begin(0);
        tree.Arrange(root: fed.Length - 1);
        int span = 0;
        while (true)
        {
            // Rows of the forward are numbered from 0; in the sequence they follow those that are provisional still.
            int before = target.Provisional;
            var item = new ForwardItem
            {
                Sequence = target,
                Tokens = fed,
                Wanted = generation.Wanted(RowSelection.All),
            };
            var verifying = generation.Target.ForwardAsync(new[] { item }, cancellation);

            // As if everything drafted would be kept: the window after it, one more for the token that the target adds.
            await DraftAheadAsync(draft, [.. generation.Tokens, .. tree.FedTokens.Span[1..]], cancellation);
            await verifying;
            span++;
            verification.Bind(target.Rows);
            generation.Verifier.Verify(verification);
            for (int row = 0; row < fed.Length - tree.Count; row++)
            {
                _kept.Add(before + row);
            }

            foreach (int row in verification.KeptRows)
            {
                _kept.Add(before + row);
            }

            bool all = verification.Kept.Length == tree.Count;
            verification.End();
            yield return generation.TakeStep();
            if (generation.IsFinished)
            {
                yield break;
            }

            LongestSpan = Math.Max(LongestSpan, span);
            bool goesOn = all && _ahead[0] == generation.Tokens[^1];
            int room = generation.Target.Info.ContextLength - target.Tokens.Length - target.Provisional - 1;
            if (!goesOn || room < window)
            {
                target.Commit(_kept.ToArray());
                _kept.Clear();
                span = 0;
                room = generation.Target.Info.ContextLength - target.Tokens.Length - 1;
            }

            if (!goesOn)
            {
                await DraftAheadAsync(draft, generation.Tokens[..^1].ToArray(), cancellation, generation.Tokens[^1]);
            }

            verification.Begin(Math.Min(window, room));
            int node = 0;
            for (int i = 1; i < _ahead.Count && tree.Room > 0 && tree.Depth(node) < tree.MaxDepth; i++)
            {
                node = tree.Add(node, _ahead[i]);
            }

            tree.Arrange();
            fed = tree.FedTokens;
        }
    }

    // The likeliest window + 1 tokens after a text; the first of them may be given.
    private async ValueTask DraftAheadAsync(ISequence draft, int[] text, CancellationToken cancellation, int first = -1)
    {
        _ahead.Clear();
        int common = draft.Tokens.CommonPrefixLength(text.AsSpan(0, text.Length - 1));
        draft.Rewind(common);
        int[] next = text[common..];
        int rows = next.Length;
        while (_ahead.Count <= window && draft.Tokens.Length + draft.Provisional + next.Length <= _draft!.Info.ContextLength)
        {
            var item = new ForwardItem
            {
                Sequence = draft,
                Tokens = next,
                Wanted = new Wanted(ArgMax: RowSelection.Last),
            };
            await _draft.ForwardAsync(new[] { item }, cancellation);
            int token = _ahead.Count == 0 && first >= 0 ? first : draft.Rows.ArgMax(next.Length - 1);
            _ahead.Add(token);
            next = [token];
        }

        draft.Commit(rows);
    }
}
