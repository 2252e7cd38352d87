using System.ComponentModel.DataAnnotations;
using Tokenwright;

namespace MyMethod;

/// <summary>Remembers what followed each token the last time, in the prompt and in the text so far, and drafts the chain of these.</summary>
/// <remarks>One is made for every text. Whatever it drafts, the verifier keeps the text what it would have been.</remarks>
[Drafter("my-method", "Drafts what followed each token the last time.")]
public sealed class SuccessorDrafter : IDrafter
{
    private int[] _successor = [];
    private int _read = 1;

    /// <summary>The most tokens of a draft, from 1 to 64.</summary>
    [Option("my-method-length", "The most tokens of a draft.")]
    [Range(1, 64)]
    public int Length { get; set; } = 4;

    /// <inheritdoc/>
    public ProposalModes Proposes => ProposalModes.Deterministic;

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        _successor = new int[context.Target.Info.VocabularySize];
        Array.Fill(_successor, -1);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        var text = context.Committed;
        for (; _read < text.Length; _read++)
        {
            _successor[text[_read - 1]] = text[_read];
        }

        int node = 0;
        int token = _successor[text[^1]];
        for (int i = 0; i < Length && token >= 0 && tree.Room > 0 && tree.Depth(node) < tree.MaxDepth; i++)
        {
            node = tree.Add(node, token);
            token = _successor[token];
        }

        return default;
    }
}
