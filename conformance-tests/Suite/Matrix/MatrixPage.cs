using System.Globalization;
using System.Text;

namespace Tokenwright.Conformance;

/// <summary>The page of what goes with what, <c>docs/compatibility.md</c>.</summary>
public static class MatrixPage
{
    private const string Head = """
        # What goes with what

        <!-- Written by the long tier: TOKENWRIGHT_FULL=1 TOKENWRIGHT_WRITE_DOCS=1 dotnet test -c Release -- --filter-class "*MatrixTests" -->

        Every pair of constraint, drafter, verifier, sampler and target, the rest being plain: no drafter, `agree`, no constraint, temperature 1, a
        target that takes trees. *proven*: the planner accepts it, and it was run against plain decoding, text for text by seed, or (token, block,
        rrsw in sampling) by enumerating the law of the text. *refused*: before the first token, for the reason below. *lossy*: by declaration. There
        is nothing else; a combination that cannot be kept is never let through.

        Targets: `trees` is a table model that can do everything, `chains` one without trees, `end tokens` one whose texts end soon and anywhere.
        Constraints are those of the JSON Schema plugin over the letters a and b. `ends inside a window` is over after one or two tokens, so any longer
        draft runs beyond it; `begins inside a window` is free until a marker that begins inside a token; `forced` leaves one text; `closed by the
        budget` steers to an ending. The samplers with history have repetition and frequency penalties, whose counts follow every branch of a draft.

        """;

    /// <summary>The page.</summary>
    /// <param name="matrix">A matrix whose pairs have been run.</param>
    /// <param name="cells">The cell of each pair.</param>
    /// <param name="summary">What else was run, a sentence.</param>
    public static string Text(Matrix matrix, IReadOnlyList<Cell> cells, string summary)
    {
        var page = new StringBuilder(Head).Append(summary).Append('\n');
        var reasons = new List<string>();
        var dimensions = matrix.Dimensions;
        for (int a = 0; a < dimensions.Count; a++)
        {
            for (int b = a + 1; b < dimensions.Count; b++)
            {
                // The longer one goes down.
                var (down, across) = dimensions[a].Values.Count >= dimensions[b].Values.Count ? (a, b) : (b, a);
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"\n## {dimensions[down].Name} and {dimensions[across].Name}\n\n| | {string.Join(" | ", dimensions[across].Values)} |\n|---|{string.Concat(dimensions[across].Values.Select(_ => "---|"))}\n"
                );
                foreach (string row in dimensions[down].Values)
                {
                    page.Append(CultureInfo.InvariantCulture, $"| {row} |");
                    foreach (string column in dimensions[across].Values)
                    {
                        page.Append(CultureInfo.InvariantCulture, $" {Of(Find(down, row, across, column))} |");
                    }

                    page.Append('\n');
                }
            }
        }

        page.Append("\n## Why\n\n");
        for (int i = 0; i < reasons.Count; i++)
        {
            page.Append(CultureInfo.InvariantCulture, $"{i + 1}. {reasons[i]}\n");
        }

        return page.ToString();

        Cell Find(int a, string one, int b, string other) =>
            cells.First(cell =>
                cell.Values[a] == one
                && cell.Values[b] == other
                && cell.Values.Where((value, d) => d != a && d != b && value != dimensions[d].Values[0]).FirstOrDefault() is null
            );

        string Of(Cell cell)
        {
            switch (cell.Verdict)
            {
                case Verdict.Proven:
                    return "proven";
                case Verdict.Lossy:
                    return "lossy";
                case Verdict.Broken:
                    return "BROKEN";
            }

            int reason = reasons.IndexOf(cell.Why);
            if (reason < 0)
            {
                reason = reasons.Count;
                reasons.Add(cell.Why);
            }

            return string.Create(CultureInfo.InvariantCulture, $"refused ({reason + 1})");
        }
    }
}
