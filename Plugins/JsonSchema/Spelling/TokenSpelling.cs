namespace Tokenwright.Plugins.JsonSchema.Spelling;

/// <summary>Spells bytes in tokens.</summary>
internal static class TokenSpelling
{
    /// <summary>The fewest tokens whose bytes are these, longer ones first where there is a choice; null where the vocabulary cannot spell them.</summary>
    public static int[]? Fewest(VocabularyTables tables, ReadOnlySpan<byte> text)
    {
        var trie = tables.Trie;
        var count = new int[text.Length + 1];
        var step = new (int Token, int Length)[text.Length];
        for (var at = text.Length - 1; at >= 0; at--)
        {
            count[at] = int.MaxValue;
            var node = 0;
            for (var end = at; end < text.Length; )
            {
                node = trie.Child(node, text[end++]);
                if (node < 0)
                    break;
                var tokens = trie.Tokens(node);
                if (tokens.IsEmpty || count[end] == int.MaxValue || count[end] >= count[at])
                    continue;
                count[at] = count[end] + 1;
                step[at] = (tokens[0], end - at);
            }
        }
        if (count[0] == int.MaxValue)
            return null;
        var spelled = new int[count[0]];
        for (int at = 0, i = 0; at < text.Length; i++)
        {
            spelled[i] = step[at].Token;
            at += step[at].Length;
        }
        return spelled;
    }
}
