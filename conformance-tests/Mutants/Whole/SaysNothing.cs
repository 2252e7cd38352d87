using Tokenwright;

// PLG-003. Nobody learns what it does.
[LogitsProcessor("says-nothing", "")]
public sealed class SaysNothing : ILogitsProcessor
{
    public ShapeStage Stage => ShapeStage.Penalty;

    public bool IsActive => true;

    public bool ChangesArgMax => true;

    public void Apply(in TokenPath path, in ShapeState state, Distribution row) { }
}
