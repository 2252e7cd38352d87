namespace Tokenwright.Models.Onnx;

/// <summary>How numbers are stored in a few bits: value = scale · (code − zero), one scale for each block of a row.</summary>
/// <param name="Bits">4 or 8.</param>
/// <param name="Size">Values per block: a power of two from 16 to 256.</param>
/// <remarks>
/// Codes lie in order, two to a byte with the first in the low half if they have 4 bits; a row ends with a whole block. That is what
/// ONNX Runtime's MatMulNBits and GatherBlockQuantized read without further inputs.
/// </remarks>
public readonly record struct BlockFormat(int Bits, int Size)
{
    /// <summary>The code that stands for zero; as many steps lie below it as there are at and above it.</summary>
    public int Zero => 1 << (Bits - 1);

    /// <summary>Blocks of a row.</summary>
    /// <param name="width">Values of the row.</param>
    public int Blocks(int width) => (width + Size - 1) / Size;

    /// <summary>Bytes of a block's codes.</summary>
    public int BlockBytes => Size * Bits / 8;
}
