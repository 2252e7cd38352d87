using System.Globalization;
using System.Text;
using Tokenwright.Host;

namespace Tokenwright.Conformance;

/// <summary>The page of all clauses, <c>docs/conformance.md</c>.</summary>
public static class ClausePage
{
    private const string Head = """
        # Conformance

        <!-- Written from the code by the tests: TOKENWRIGHT_WRITE_DOCS=1 dotnet test -c Release -- --filter-class "*ClausePageTests" -->

        Every plugin is held to numbered clauses, ours like a stranger's. One command runs them on a bare DLL, in a process of its own:

        ```sh
        tokenwright conform MyPlugin.dll
        tokenwright conform MyPlugin.dll --level lossless-in-law --out report
        tokenwright conform suffix --clause DRF-020 --seed 7
        tokenwright conform --explain DRF-020
        ```

        A clause that hangs, takes the process down or takes too much memory (`--timeout`, `--memory`) is broken; the others run all the same. A
        broken clause shows the smallest case: what was decoded with what, the output tokens before the place, what ought to come and what
        came, the seed. The same clause with the same seed shows it again. Exit codes: 0 conforms · 1 a clause is broken · 2 bad input.

        In a test project of your own, reference `Tokenwright.Conformance.Xunit` and derive one class per seam that the plugin fills:

        ```csharp
        public sealed class Plugin : PluginSpecs { protected override string PluginDll => "path/to/MyPlugin.dll"; }
        public sealed class Drafter : DrafterSpecs { protected override string PluginDll => "path/to/MyPlugin.dll"; }
        ```

        Each clause is a test that can be overridden; a forgotten class is a failing test.

        A processor or constraint that does nothing by default is tried only with options that make it do something. They stand in
        `conformance.json` beside the DLL, by part; a constraint may name the tokens that it is tried on (`a`, `b` and `ab` otherwise; an end token is
        always added):

        ```json
        { "samples": { "processor top-a": [ { "options": { "top-a": "0.2" } } ],
                       "constraint even": [ { "options": { "even": "true" }, "tokens": ["0", "1", "2"] } ] } }
        ```

        A part that declares no promise of losslessness is not held to it: the finding says "lossy by declaration".

        Clauses are exact, by comparison of texts or by enumerating every outcome of every draw on small tables, unless they say what their
        samples can tell.

        """;

    /// <summary>The page.</summary>
    public static string Text()
    {
        var page = new StringBuilder(Head);
        page.Append("| level | what it means | clauses |\n|---|---|---|\n");
        foreach (var level in Enum.GetValues<Level>())
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"| {level.Name()} | {Meaning(level)} | {Clause.All.Count(clause => clause.Level == level)} |\n"
            );
        }

        foreach (var group in Clause.All.GroupBy(clause => clause.Seam))
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {Heading(group.Key)}\n");
            foreach (var clause in group)
            {
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"""

                    ### {clause.Id} {clause.Promise.TrimEnd('.')}

                    Level {clause.Level.Name()}{(
                        clause.Needs == Lossless.No ? "" : $", asked of parts that declare `{clause.Needs}`"
                    )}.

                    - Why: {clause.Why}
                    - How: {clause.How}
                    - A failure shows: {clause.Failure}

                    """
                );
                if (clause.Power is { } power)
                {
                    page.Append(CultureInfo.InvariantCulture, $"- {power.InWords()}\n");
                }
            }
        }

        return page.ToString();
    }

    private static string Meaning(Level level) =>
        level switch
        {
            Level.Loads => "the host can load it, make its parts and give it up again",
            Level.Behaves => "every part keeps the contract of its seam",
            Level.Greedy => "at temperature 0, and by seed where that is promised, texts are those of plain decoding",
            Level.Law => "sampled texts have the law of plain sampling",
            Level.Constrained => "both hold under constraints",
            Level.Concurrent => "both hold beside other texts",
            _ => "it does the work that makes it worth having, and no more",
        };

    private static string Heading(Seam? seam) =>
        seam switch
        {
            null => "Plugins",
            Seam.Method => "Methods",
            Seam.Target => "Target decorators",
            Seam.Processor => "Processors",
            Seam.Constraint => "Constraints",
            Seam.Drafter => "Drafters",
            Seam.Verifier => "Verifiers",
            _ => "Loops",
        };
}
