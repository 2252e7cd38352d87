using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Standard;

/// <summary>Keeps the k most likely tokens.</summary>
/// <remarks>Ties at the cut go to the lower id.</remarks>
[LogitsProcessor("top-k", "Keeps the k most likely tokens.")]
public sealed class TopKCut : ILogitsProcessor
{
    /// <summary>The cut.</summary>
    [Option("top-k", "How many of the most likely tokens stay; 0 is off.")]
    [Range(0, int.MaxValue, ErrorMessage = "top-k must be 0 or more; 0 turns it off.")]
    public int Value { get; set; }

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.TopK;

    /// <inheritdoc/>
    public bool IsActive => Value > 0;

    /// <inheritdoc/>
    public bool ChangesArgMax => false;

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row) => row.KeepTop(Value);
}
