using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Standard;

/// <summary>Forbids the end of the text until the output has a number of tokens, unless nothing else can follow.</summary>
/// <remarks>It acts behind the constraint: where a constraint allows an end alone, the text is complete, and no longer one would be valid.</remarks>
[LogitsProcessor("min-tokens", "Forbids the end of the text before a number of output tokens.")]
public sealed class MinTokens : ILogitsProcessor
{
    private int[] _ends = [];
    private float[] _logitsOfEnds = [];

    /// <summary>Output tokens before an end token may come.</summary>
    [Option("min-tokens", "Output tokens that must come before an end token may, unless nothing else can; 0 is off.")]
    [Range(0, int.MaxValue, ErrorMessage = "min-tokens must be 0 or more; 0 turns it off.")]
    public int Count { get; set; }

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.Temperature;

    /// <inheritdoc/>
    public bool IsActive => Count > 0;

    /// <inheritdoc/>
    public bool ChangesArgMax => true;

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        _ends = [.. context.Target.Info.EndTokens];
        _logitsOfEnds = new float[_ends.Length];
        return default;
    }

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        if (path.OutputLength >= Count)
        {
            return;
        }

        var logits = row.ChangeDense();
        for (int i = 0; i < _ends.Length; i++)
        {
            _logitsOfEnds[i] = logits[_ends[i]];
            logits[_ends[i]] = float.NegativeInfinity;
        }

        if (!logits.ContainsAnyExcept(float.NegativeInfinity))
        {
            for (int i = 0; i < _ends.Length; i++)
            {
                logits[_ends[i]] = _logitsOfEnds[i];
            }
        }
    }
}
