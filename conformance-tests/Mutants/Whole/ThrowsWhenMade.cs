using Tokenwright;

// PLG-002. Needs a file that only its author has.
[LogitsProcessor("throws-when-made", "Wrong on purpose.")]
public sealed class ThrowsWhenMade : ILogitsProcessor
{
    public ThrowsWhenMade() => throw new System.IO.FileNotFoundException("No such table.");

    public ShapeStage Stage => ShapeStage.Penalty;

    public bool IsActive => true;

    public bool ChangesArgMax => true;

    public void Apply(in TokenPath path, in ShapeState state, Distribution row) { }
}
