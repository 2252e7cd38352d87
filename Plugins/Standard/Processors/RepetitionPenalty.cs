using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Standard;

/// <summary>Makes tokens of the prompt and the output less likely, once each: a positive logit is divided by the penalty, another multiplied.</summary>
/// <remarks>Keskar et al., "CTRL" (2019), with the sign rule of Hugging Face's RepetitionPenaltyLogitsProcessor.</remarks>
[LogitsProcessor("repetition-penalty", "Makes tokens that occurred in the prompt or the output less likely.")]
public sealed class RepetitionPenalty : ILogitsProcessor
{
    private TokenCounts? _counts;

    /// <summary>The penalty; above 1 discourages repetition, below 1 invites it.</summary>
    [Option("repetition-penalty", "Divides positive logits of tokens that occurred and multiplies negative ones; 1 is off.")]
    [Range(0.01, 100.0, ErrorMessage = "repetition-penalty must lie between 0.01 and 100; 1 turns it off.")]
    public double Penalty { get; set; } = 1;

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.Penalty;

    /// <inheritdoc/>
    public bool IsActive => Penalty != 1;

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
        _counts!.MoveTo(path, outputOnly: false);
        float penalty = (float)Penalty;
        var logits = row.ChangeDense();
        foreach (int token in _counts.Tokens)
        {
            float logit = logits[token];
            logits[token] = logit > 0 ? logit / penalty : logit * penalty;
        }
    }
}
