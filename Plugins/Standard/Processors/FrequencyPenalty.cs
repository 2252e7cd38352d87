using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Standard;

/// <summary>Makes a token less likely each time the output repeats it.</summary>
/// <remarks>As the OpenAI API defines it: only tokens of the output count.</remarks>
[LogitsProcessor("frequency-penalty", "Makes tokens less likely with every occurrence in the output.")]
public sealed class FrequencyPenalty : ILogitsProcessor
{
    private TokenCounts? _counts;

    /// <summary>The penalty in nats; positive discourages repetition, negative invites it.</summary>
    [Option("frequency-penalty", "Subtracted from a token's logit once per occurrence in the output; 0 is off.")]
    [Range(-2.0, 2.0, ErrorMessage = "frequency-penalty must lie between -2 and 2; 0 turns it off.")]
    public double Penalty { get; set; }

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.Penalty;

    /// <inheritdoc/>
    public bool IsActive => Penalty != 0;

    /// <inheritdoc/>
    public bool ChangesArgMax => true;

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        _counts = IsActive ? new TokenCounts(context.Target.Info) : null;
        return default;
    }

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        _counts!.MoveTo(path, outputOnly: true);
        float penalty = (float)Penalty;
        var logits = row.ChangeDense();
        foreach (int token in _counts.Tokens)
        {
            logits[token] -= penalty * _counts[token];
        }
    }
}
