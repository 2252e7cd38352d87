using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Standard;

/// <summary>Keeps the tokens at least p times as likely as the most likely one.</summary>
/// <remarks>Nguyen et al., 2024.</remarks>
[LogitsProcessor("min-p", "Keeps the tokens at least p times as likely as the most likely one.")]
public sealed class MinPCut : ILogitsProcessor
{
    /// <summary>The cut.</summary>
    [Option("min-p", "Least probability that stays, as a share of the greatest; 0 is off.")]
    [Range(0.0, 1.0, MaximumIsExclusive = true, ErrorMessage = "min-p must be at least 0 and below 1; 0 turns it off.")]
    public double Value { get; set; }

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.MinP;

    /// <inheritdoc/>
    public bool IsActive => Value > 0;

    /// <inheritdoc/>
    public bool ChangesArgMax => false;

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row) => row.KeepMinP(Value);
}
