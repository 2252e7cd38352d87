using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Standard;

/// <summary>Keeps the fewest most likely tokens whose probability reaches p.</summary>
/// <remarks>Holtzman et al., 2020. The token that crosses p stays; ties at the cut go to the lower id.</remarks>
[LogitsProcessor("top-p", "Keeps the fewest most likely tokens whose probability reaches p.")]
public sealed class TopPCut : ILogitsProcessor
{
    /// <summary>The cut.</summary>
    [Option("top-p", "Probability that the tokens that stay must reach; 1 is off.")]
    [Range(0.0, 1.0, MinimumIsExclusive = true, ErrorMessage = "top-p must be above 0 and at most 1; 1 turns it off.")]
    public double Value { get; set; } = 1;

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.TopP;

    /// <inheritdoc/>
    public bool IsActive => Value < 1;

    /// <inheritdoc/>
    public bool ChangesArgMax => false;

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row) => row.KeepTopP(Value);
}
