using System.ComponentModel.DataAnnotations;
using System.Numerics.Tensors;

namespace Tokenwright.Plugins.Standard;

/// <summary>Divides the logits by the temperature; 0 leaves the most likely token alone.</summary>
[LogitsProcessor("temperature", "Flattens or sharpens the distribution.")]
public sealed class Temperature : ILogitsProcessor
{
    // Below this a logit divided by the temperature may overflow a float, and only the most likely token has any probability.
    private const double Zero = 1e-30;

    /// <summary>The temperature.</summary>
    [Option("temperature", "Divides the logits; 0 takes the most likely token, 1 leaves the distribution as it is.")]
    [Range(0.0, 100.0, ErrorMessage = "temperature must lie between 0 and 100; 0 takes the most likely token.")]
    public double Value { get; set; }

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.Temperature;

    /// <inheritdoc/>
    public bool IsActive => Value != 1;

    /// <inheritdoc/>
    public bool ChangesArgMax => false;

    /// <inheritdoc/>
    public bool TakesArgMax => Value < Zero;

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        if (TakesArgMax)
        {
            row.KeepOnly(row.ArgMax());
            return;
        }

        var logits = row.Change();
        TensorPrimitives.Divide(logits, (float)Value, logits);
    }
}
