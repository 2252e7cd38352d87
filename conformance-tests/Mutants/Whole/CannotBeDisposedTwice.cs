using Tokenwright;

// PLG-005. Gives a buffer back that it has given back.
[LogitsProcessor("cannot-be-disposed-twice", "Wrong on purpose.")]
public sealed class CannotBeDisposedTwice : ILogitsProcessor, System.IDisposable
{
    private float[]? _buffer = new float[8];

    public void Dispose()
    {
        _buffer![0] = 0;
        _buffer = null;
    }

    public ShapeStage Stage => ShapeStage.Penalty;

    public bool IsActive => true;

    public bool ChangesArgMax => true;

    public void Apply(in TokenPath path, in ShapeState state, Distribution row) { }
}
