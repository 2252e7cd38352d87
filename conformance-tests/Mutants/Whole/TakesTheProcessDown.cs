using Tokenwright;

// Ends the process that it runs in.
[LogitsProcessor("takes-the-process-down", "Wrong on purpose.")]
public sealed class TakesTheProcessDown : ILogitsProcessor
{
    public ShapeStage Stage => ShapeStage.Penalty;

    public bool IsActive => true;

    public bool ChangesArgMax => true;

    public void Apply(in TokenPath path, in ShapeState state, Distribution row) => System.Environment.FailFast("Out of luck.");
}
