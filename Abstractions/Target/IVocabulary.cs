namespace Tokenwright;

/// <summary>
/// What every token contributes to the text, in bytes. Constraints, stop strings and streams work on these bytes, because a
/// character may be spread over several tokens and a token may hold a part of one.
/// </summary>
/// <remarks>
/// The text of a sequence is the UTF-8 reading of its tokens' bytes put one after another. Implementations are immutable, so
/// several generations may read one at the same time.
/// </remarks>
public interface IVocabulary
{
    /// <summary>Number of ids, special and added tokens included: the highest id plus one.</summary>
    /// <remarks>
    /// A model's LM head may have more rows than this (padding): ids from <see cref="Size"/> on are legal arguments, have no
    /// bytes and count as special.
    /// </remarks>
    int Size { get; }

    /// <summary>The exact bytes that a token adds to the text; not necessarily whole UTF-8 characters.</summary>
    /// <param name="id">A token id. An id that no token has yields an empty span.</param>
    /// <returns>The bytes, in memory owned by the vocabulary; empty for special tokens.</returns>
    ReadOnlySpan<byte> Bytes(int id);

    /// <summary>
    /// Whether a token steers (begin, end, padding, roles of a chat) and adds nothing to the text. True also for ids that no
    /// token has.
    /// </summary>
    /// <param name="id">A token id.</param>
    bool IsSpecial(int id);
}
