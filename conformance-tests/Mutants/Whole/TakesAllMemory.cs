using Tokenwright;

// Takes memory until there is none.
[LogitsProcessor("takes-all-memory", "Wrong on purpose.")]
public sealed class TakesAllMemory : ILogitsProcessor
{
    private readonly System.Collections.Generic.List<byte[]> _taken = new();

    public ShapeStage Stage => ShapeStage.Penalty;

    public bool IsActive => true;

    public bool ChangesArgMax => true;

    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        while (true)
        {
            var more = new byte[16_000_000];
            System.Array.Fill(more, (byte)1);
            _taken.Add(more);
        }
    }
}
