namespace Tokenwright.Conformance;

/// <summary>Balanced brackets: token 0 opens, 1 closes, 2 is a filler, 3 ends the text; at most three levels deep.</summary>
public sealed class BracketConstraint : ITokenConstraint
{
    /// <inheritdoc/>
    public bool IsActive => true;

    /// <inheritdoc/>
    public ShapeState Start => new(0);

    /// <inheritdoc/>
    public void Mask(in ShapeState state, Span<ulong> allowed)
    {
        allowed.Clear();
        for (int token = 0; token < 4; token++)
        {
            if (Allows(state, token))
            {
                allowed[0] |= 1ul << token;
            }
        }
    }

    /// <inheritdoc/>
    public ShapeState Next(in ShapeState state, int token) =>
        Allows(state, token) && token != 3
            ? new ShapeState(
                state.Bits
                    + (
                        token == 0 ? 1
                        : token == 1 ? -1
                        : 0
                    )
            )
            : throw new ArgumentException($"Token {token} is not allowed at depth {state.Bits}.");

    /// <inheritdoc/>
    public bool Allows(in ShapeState state, int token) =>
        token switch
        {
            0 => state.Bits < 3,
            1 => state.Bits > 0,
            2 => true,
            3 => state.Bits == 0,
            _ => false,
        };
}
