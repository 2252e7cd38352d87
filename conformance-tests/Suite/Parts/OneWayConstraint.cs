namespace Tokenwright.Conformance;

/// <summary>Allows one text: the tokens 0, 1, 2 … around, then an end token; and says so to whoever asks what is forced.</summary>
/// <param name="end">The end token; the tokens before it make the text.</param>
/// <param name="length">The length of the text without the end.</param>
public sealed class OneWayConstraint(int end, int length) : ITokenConstraint
{
    /// <inheritdoc/>
    public bool IsActive => true;

    /// <inheritdoc/>
    public ShapeState Start => new(0);

    /// <inheritdoc/>
    public void Mask(in ShapeState state, Span<ulong> allowed)
    {
        allowed.Clear();
        int token = Next(state.Bits);
        allowed[token / 64] |= 1ul << token % 64;
    }

    /// <inheritdoc/>
    public ShapeState Next(in ShapeState state, int token) =>
        Allows(state, token) && token != end
            ? new ShapeState(state.Bits + 1)
            : throw new ArgumentException($"Token {token} is not allowed after {state.Bits} tokens.");

    /// <inheritdoc/>
    public bool Allows(in ShapeState state, int token) => token == Next(state.Bits);

    /// <inheritdoc/>
    public int Forced(in ShapeState state, Span<int> tokens)
    {
        int count = (int)Math.Min(tokens.Length, length + 1 - state.Bits);
        for (int i = 0; i < count; i++)
        {
            tokens[i] = Next(state.Bits + i);
        }

        return count;
    }

    private int Next(long at) => at >= length ? end : (int)(at % end);
}
