using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Standard;

/// <summary>Drafts what the constraint of the generation says must come next. Without a constraint it drafts nothing.</summary>
/// <remarks>
/// Keys, punctuation and closing brackets of a document cost no forward of their own then. A hint is a guess about spelling and is
/// verified like any draft, so the text stays the same. Every token is checked with the constraint before it is proposed.
/// </remarks>
[Drafter("forced", "A chain of what the constraint forces: keys, punctuation, the end of the text.")]
public sealed class Forced : IDrafter
{
    // Nearly certain, and the nearer the likelier: where drafts are merged, forced text goes first.
    private const float LogStep = -0.01f;

    private int[] _tokens = [];
    private bool[] _isEnd = [];

    /// <summary>The most tokens of a draft.</summary>
    [Option("forced-length", "The most tokens of a draft.")]
    [Range(1, 1024)]
    public int Length { get; set; } = 32;

    /// <inheritdoc/>
    public ProposalModes Proposes => ProposalModes.Deterministic;

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        _tokens = new int[Length];
        _isEnd = new bool[context.Target.Info.VocabularySize];
        foreach (int end in context.Target.Info.EndTokens)
        {
            _isEnd[end] = true;
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        if (context.Shape.Constraint is not { } constraint)
        {
            return default;
        }

        var state = context.RootStates[^1];
        int count = constraint.Forced(state, _tokens.AsSpan(0, Math.Min(Length, Math.Min(tree.Room, tree.MaxDepth))));
        int node = 0;
        for (int i = 0; i < count && constraint.Allows(state, _tokens[i]); i++)
        {
            node = tree.Add(node, _tokens[i], tree.Score(node) + LogStep);
            if (_isEnd[_tokens[i]])
            {
                break;
            }

            state = constraint.Next(state, _tokens[i]);
        }

        return default;
    }
}
