namespace Tokenwright;

/// <summary>A decoding method: a named choice of parts. A user takes it by id and may override any one part.</summary>
public interface IDecodingMethod : IPart
{
    /// <summary>The parts, by id.</summary>
    Recipe Recipe { get; }
}
