using System.Globalization;
using Spectre.Console;
using Tokenwright.Host;

namespace Tokenwright.Cli;

/// <summary>The table of <c>run --stats</c>.</summary>
internal static class StatisticsTable
{
    public static void Write(GenerationResult result)
    {
        var s = result.Statistics;
        double generated = (s.Total - s.Prefill).TotalSeconds;
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("", "");
        Row("method", result.Method);
        Row("prompt tokens", Number(result.PromptLength));
        Row("tokens", $"{Number(result.Tokens.Count)} ({result.FinishReason.ToString().ToLowerInvariant()})");
        Row("seed", result.Seed.ToString(CultureInfo.InvariantCulture));
        Row("steps · forward passes · rows", $"{Number(s.Steps)} · {Number(s.ForwardPasses)} · {Number(s.Rows)}");
        Row("drafted · accepted", $"{Number(s.Drafted)} · {Number(s.Accepted)}");
        Row("tokens per pass", s.TokensPerPass.ToString("0.00", CultureInfo.InvariantCulture));
        Row(
            "tokens per second",
            generated > 0 ? (Math.Max(0, s.Tokens - 1) / generated).ToString("0", CultureInfo.InvariantCulture) : "–"
        );
        Row("total", Ms(s.Total));
        Row("prefill · model", $"{Ms(s.Prefill)} · {Ms(s.Model)}");
        Row("draft · shape · verify · own", $"{Ms(s.Draft)} · {Ms(s.Shape)} · {Ms(s.Verify)} · {Ms(s.Own)}");
        Talk.Console.Write(table);

        void Row(string name, string value) => table.AddRow(Markup.Escape(name), Markup.Escape(value));
        static string Number(long n) => n.ToString("N0", CultureInfo.InvariantCulture);
        static string Ms(TimeSpan time) => time.TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture) + " ms";
    }
}
