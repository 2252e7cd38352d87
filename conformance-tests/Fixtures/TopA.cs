using System.ComponentModel.DataAnnotations;
using Tokenwright;

namespace Stranger;

/// <summary>Top-a: keeps the tokens whose probability is at least a · p_max².</summary>
[LogitsProcessor("top-a", "Keeps tokens at least a times the square of the greatest probability.")]
public sealed class TopA : ILogitsProcessor
{
    /// <summary>The factor a.</summary>
    [Option("top-a", "Keeps tokens of probability at least this times the square of the greatest; 0 keeps all.")]
    [Range(0.0, 1.0)]
    public double A { get; set; }

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.Typical;

    /// <inheritdoc/>
    public bool IsActive => A > 0;

    /// <inheritdoc/>
    public bool ChangesArgMax => false;

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        double greatest = row.Probability(row.ArgMax());
        double least = Math.Log(A * greatest * greatest) + row.LogNormaliser;
        row.Sort();
        int kept = 1;
        while (kept < row.Count && row.Logits[kept] >= least)
        {
            kept++;
        }

        row.KeepTop(kept);
    }
}
