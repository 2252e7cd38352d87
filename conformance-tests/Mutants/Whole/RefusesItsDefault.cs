using System.ComponentModel.DataAnnotations;
using Tokenwright;

// PLG-004. Its default lies outside its own range.
[LogitsProcessor("refuses-its-default", "Wrong on purpose.")]
public sealed class RefusesItsDefault : ILogitsProcessor
{
    [Option("strength", "How strong.")]
    [Range(1.0, 2.0)]
    public double Strength { get; set; }

    public ShapeStage Stage => ShapeStage.Penalty;

    public bool IsActive => true;

    public bool ChangesArgMax => true;

    public void Apply(in TokenPath path, in ShapeState state, Distribution row) { }
}
