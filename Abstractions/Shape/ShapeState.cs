namespace Tokenwright;

/// <summary>The state of a processor or constraint at one node: a value that is copied, never changed in place.</summary>
/// <param name="Bits">Whatever fits 64 bits.</param>
/// <param name="Object">An immutable object, or null.</param>
public readonly record struct ShapeState(long Bits, object? Object = null);
