namespace Tokenwright;

// A stream of random numbers, as the field calls it; not a System.IO.Stream.
#pragma warning disable CA1711
/// <summary>What a draw is for. Draws of different streams are independent of one another.</summary>
/// <remarks>Values 8 to 15 are free for plugins. A value outside 0 to 15 is refused by <see cref="DrawKey.InRound"/>.</remarks>
public enum DrawStream
#pragma warning restore CA1711
{
    /// <summary>The pick at an absolute position; only <see cref="DrawKey.At"/> makes such keys.</summary>
    Pick = 0,

    /// <summary>Is a drafted token accepted?</summary>
    Accept = 1,

    /// <summary>The pick from what is left after a rejection.</summary>
    Residual = 2,

    /// <summary>A drafter's own sampling, tree growth included.</summary>
    Draft = 3,

    /// <summary>The pick that ends a round in which every drafted token was kept.</summary>
    Bonus = 4,

    /// <summary>Draws of a schedule: which model runs, how far to look ahead.</summary>
    Schedule = 5,

    /// <summary>Anything that has no stream of its own.</summary>
    Other = 7,
}

/// <summary>
/// The name of one random draw within a generation. Equal names give equal draws; different names give independent ones.
/// </summary>
/// <remarks>
/// <para>
/// A pick is named by its absolute position, so any method that reaches the position makes the same pick. Every other draw is
/// named by the round: a name by position alone would look a second time at a draw that an earlier round already used.
/// </para>
/// <para>
/// The three words below become words 1 to 3 of the generator's counter (<see cref="Philox"/>). The layout is one-to-one: word 1 =
/// sequence (31 bits); word 2 = position or committed length (31 bits); word 3 = stream (bits 28–31), node (bits 12–27), draw
/// (bits 0–11). Word 0 belongs to the kind of draw: token ids for a pick, a constant of its own for a flip.
/// </para>
/// </remarks>
public readonly record struct DrawKey
{
    /// <summary>The largest node number, 65535.</summary>
    public const int MaxNode = (1 << 16) - 1;

    /// <summary>The largest draw number, 4095.</summary>
    public const int MaxDraw = (1 << 12) - 1;

    private readonly uint _sequence;
    private readonly uint _length;
    private readonly uint _purpose;

    private DrawKey(int sequence, int length, uint purpose)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        _sequence = (uint)sequence;
        _length = (uint)length;
        _purpose = purpose;
    }

    /// <summary>The sequence the draw belongs to.</summary>
    public int Sequence => (int)_sequence;

    /// <summary>The absolute position of a pick; the committed length at the start of the round for any other draw.</summary>
    public int Position => (int)_length;

    /// <summary>What the draw is for.</summary>
    public DrawStream Stream => (DrawStream)(_purpose >> 28);

    /// <summary>The node of the draft tree; 0 for a pick by position.</summary>
    public int Node => (int)(_purpose >> 12) & MaxNode;

    /// <summary>The number of the draw at its node; 0 for a pick by position.</summary>
    public int Draw => (int)_purpose & MaxDraw;

    /// <summary>Words 1 to 3 of the generator's counter.</summary>
    public (uint C1, uint C2, uint C3) Words => (_sequence, _length, _purpose);

    /// <summary>Names the pick at an absolute position.</summary>
    /// <param name="sequence">The sequence, 0 or more.</param>
    /// <param name="position">The index the picked token will have in the sequence, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is negative.</exception>
    public static DrawKey At(int sequence, int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        return new DrawKey(sequence, position, 0);
    }

    /// <summary>Names any other draw of a round.</summary>
    /// <param name="sequence">The sequence, 0 or more.</param>
    /// <param name="stream">What the draw is for: 1 to 15.</param>
    /// <param name="committedLength">How many tokens were committed when the round began, 0 or more.</param>
    /// <param name="node">The node of the draft tree, 0 to <see cref="MaxNode"/>.</param>
    /// <param name="draw">The number of the draw at this node, 0 to <see cref="MaxDraw"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range, or the stream is <see cref="DrawStream.Pick"/>.</exception>
    public static DrawKey InRound(int sequence, DrawStream stream, int committedLength, int node = 0, int draw = 0)
    {
        if (stream is <= DrawStream.Pick or > (DrawStream)15)
        {
            throw new ArgumentOutOfRangeException(
                nameof(stream),
                stream,
                "A draw of a round needs a stream from 1 to 15; picks by position are named with DrawKey.At."
            );
        }
        ArgumentOutOfRangeException.ThrowIfNegative(committedLength);
        ArgumentOutOfRangeException.ThrowIfNegative(node);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(node, MaxNode);
        ArgumentOutOfRangeException.ThrowIfNegative(draw);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(draw, MaxDraw);
        return new DrawKey(sequence, committedLength, ((uint)stream << 28) | ((uint)node << 12) | (uint)draw);
    }
}
