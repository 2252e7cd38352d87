using Tokenwright;

// Never comes back: its clause is ended from outside, and the others run.
[LogitsProcessor("hangs", "Wrong on purpose.")]
public sealed class Hangs : ILogitsProcessor
{
    public ShapeStage Stage => ShapeStage.Penalty;

    public bool IsActive => true;

    public bool ChangesArgMax => true;

    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        while (true) { }
    }
}
