using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Standard;

/// <summary>Keeps the tokens whose surprise is closest to the expected one, until their probability reaches p.</summary>
/// <remarks>Locally typical sampling, Meister et al., 2023. The most likely token may go.</remarks>
[LogitsProcessor("typical", "Keeps the tokens whose surprise is closest to the expected one, until their probability reaches p.")]
public sealed class TypicalCut : ILogitsProcessor
{
    /// <summary>The cut.</summary>
    [Option("typical", "Probability that the tokens that stay must reach; 1 is off.")]
    [Range(0.0, 1.0, MinimumIsExclusive = true, ErrorMessage = "typical must be above 0 and at most 1; 1 turns it off.")]
    public double Value { get; set; } = 1;

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.Typical;

    /// <inheritdoc/>
    public bool IsActive => Value < 1;

    /// <inheritdoc/>
    public bool ChangesArgMax => true;

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row) => row.KeepTypical(Value);
}
