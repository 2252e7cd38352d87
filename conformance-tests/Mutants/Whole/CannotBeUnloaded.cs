using Tokenwright;

// PLG-006. An event of the process holds on to its code for ever.
[LogitsProcessor("cannot-be-unloaded", "Wrong on purpose.")]
public sealed class CannotBeUnloaded : ILogitsProcessor
{
    public CannotBeUnloaded() => System.AppDomain.CurrentDomain.ProcessExit += (_, _) => System.GC.KeepAlive(this);

    public ShapeStage Stage => ShapeStage.Penalty;

    public bool IsActive => true;

    public bool ChangesArgMax => true;

    public void Apply(in TokenPath path, in ShapeState state, Distribution row) { }
}
