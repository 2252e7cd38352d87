using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Standard;

/// <summary>Forbids the end of the text until the output has a number of tokens.</summary>
[LogitsProcessor("min-tokens", "Forbids the end of the text before a number of output tokens.")]
public sealed class MinTokens : ILogitsProcessor
{
    private int[] _ends = [];

    /// <summary>Output tokens before an end token may come.</summary>
    [Option("min-tokens", "Output tokens that must come before an end token may; 0 is off.")]
    [Range(0, int.MaxValue, ErrorMessage = "min-tokens must be 0 or more; 0 turns it off.")]
    public int Count { get; set; }

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.Penalty;

    /// <inheritdoc/>
    public bool IsActive => Count > 0;

    /// <inheritdoc/>
    public bool ChangesArgMax => true;

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        _ends = [.. context.Target.Info.EndTokens];
        return default;
    }

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        if (path.OutputLength < Count)
        {
            var logits = row.ChangeDense();
            foreach (int end in _ends)
            {
                logits[end] = float.NegativeInfinity;
            }
        }
    }
}
