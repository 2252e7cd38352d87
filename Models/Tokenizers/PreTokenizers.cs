namespace Tokenwright.Models.Tokenizers;

/// <summary>A step that cuts a piece of text into smaller ones; merges never cross the cuts.</summary>
internal interface IPreTokenizer
{
    /// <summary>Appends the piece's parts to a list.</summary>
    /// <param name="piece">Normalised text, not empty.</param>
    /// <param name="first">Whether the piece begins where the whole text begins.</param>
    /// <param name="pieces">Receives the parts, in order, none empty.</param>
    void Split(string piece, bool first, List<string> pieces);
}

/// <summary>What becomes of a match (Hugging Face's SplitDelimiterBehavior).</summary>
internal enum SplitBehavior
{
    Isolated,
    Removed,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Cuts at the matches of a pattern.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="behavior">What becomes of a match.</param>
/// <param name="invert">Whether what lies between the matches counts as match, and the other way round.</param>
internal sealed class PatternSplit(SplitPattern pattern, SplitBehavior behavior, bool invert = false) : IPreTokenizer
{
    public void Split(string piece, bool first, List<string> pieces)
    {
        var previous = false;
        var (start, end) = (0, 0); // the part that may still grow
        foreach (var (from, to, matched) in Stretches(piece))
        {
            var grows = behavior switch
            {
                SplitBehavior.MergedWithPrevious => matched && !previous,
                // A match joins what follows it, unless that is a match too: then only the last of them does.
                SplitBehavior.MergedWithNext => !matched && previous,
                SplitBehavior.Contiguous => matched == previous,
                _ => false,
            };
            if (!grows)
            {
                Emit(piece, start, end, pieces);
                start = from;
            }
            end = to;
            if (behavior == SplitBehavior.Removed && matched)
                start = to;
            previous = matched;
        }
        Emit(piece, start, end, pieces);
    }

    private static void Emit(string piece, int start, int end, List<string> pieces)
    {
        if (start < end)
            pieces.Add(piece[start..end]);
    }

    private IEnumerable<(int From, int To, bool Matched)> Stretches(string piece)
    {
        var done = 0;
        foreach (var (start, end) in pattern.Matches(piece))
        {
            if (done < start)
                yield return (done, start, invert);
            yield return (start, end, !invert);
            done = end;
        }
        if (done < piece.Length)
            yield return (done, piece.Length, invert);
    }
}

/// <summary>ByteLevel's add_prefix_space: every piece begins with a space.</summary>
internal sealed class PrefixSpace : IPreTokenizer
{
    public void Split(string piece, bool first, List<string> pieces) => pieces.Add(piece.StartsWith(' ') ? piece : " " + piece);
}

/// <summary>SentencePiece's way of writing spaces: as a visible mark, one more in front.</summary>
/// <param name="mark">The mark, '▁'.</param>
/// <param name="scheme">Where a mark is put in front: "always", "first" (only where the text begins) or "never".</param>
internal sealed class Metaspace(char mark, string scheme) : IPreTokenizer
{
    public void Split(string piece, bool first, List<string> pieces)
    {
        piece = piece.Replace(' ', mark);
        var prepend = scheme == "always" || scheme == "first" && first;
        pieces.Add(prepend && !piece.StartsWith(mark) ? mark + piece : piece);
    }
}
