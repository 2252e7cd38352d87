namespace Tokenwright.Conformance;

/// <summary>Tables whose greedy text is known.</summary>
public static class Cycle
{
    /// <summary>The next token is the last one plus 1, around; the further ranks are the tokens after it.</summary>
    public static TableModel Of(int vocabulary, int context = 512)
    {
        var table = new float[vocabulary + 1][];
        for (int last = 0; last <= vocabulary; last++)
        {
            table[last] = new float[vocabulary];
            for (int token = 0; token < vocabulary; token++)
            {
                table[last][token] = -((token - last - 1 + 2 * vocabulary) % vocabulary);
            }
        }

        return new TableModel(table, order: 1) { ContextLength = context };
    }
}
