using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Tokenwright.Conformance;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands.Conform;

/// <summary><c>tokenwright conform</c>: holds a plugin to the clauses, in a process of its own.</summary>
internal static class ConformCommand
{
    public static Command Create()
    {
        var plugin = new Argument<string?>("PLUGIN")
        {
            Description = "A plugin's DLL, its name, or the id of one of its parts.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var all = new Option<bool>("--all") { Description = "Every plugin that is found." };
        var level = new Option<string?>("--level")
        {
            Description = $"Clauses up to this level: {string.Join(", ", Levels.Names)}.",
            HelpName = "level",
        };
        var clauses = new Option<string[]>("--clause") { Description = "This clause only; repeatable.", HelpName = "id" };
        var part = new Option<string?>("--part") { Description = "Parts of this id only.", HelpName = "id" };
        var seed = new NumberOption<int>("--seed", 0, int.MaxValue / 2)
        {
            Description = "The seed of tables and texts; 1 if not given.",
        };
        var set = new Option<string[]>("--set")
        {
            Description = "An option of the parts, over those of their samples; repeatable.",
            HelpName = "key=value",
        };
        var explain = new Option<string?>("--explain") { Description = "Explains a clause and ends.", HelpName = "id" };
        var output = new Option<string?>("--out")
        {
            Description = "A folder that the report is written to, as JSON, JUnit and Markdown.",
            HelpName = "folder",
        };
        var timeout = new NumberOption<int>("--timeout", 1, 86_400)
        {
            Description = "Seconds that one clause may take; 120 if not given.",
        };
        var memory = new NumberOption<int>("--memory", 64, 1 << 20)
        {
            Description = "Megabytes that the process may take; 4096 if not given.",
        };
        var settings = new Option<string?>("--plugins") { Description = "Another plugins.json." };
        var format = new ChoiceOption<OutputFormat>("--format") { Description = "text or json." };
        var command = new Command("conform", "Holds a plugin to the clauses of the conformance suite.")
        {
            plugin,
            all,
            level,
            clauses,
            part,
            seed,
            set,
            explain,
            output,
            timeout,
            memory,
            settings,
            format,
        };
        return command.Does(
            async (parsed, cancellation) =>
            {
                if (parsed.GetValue(explain) is { } id)
                {
                    return Explain(Find(id));
                }

                var selection = new Selection
                {
                    UpTo = parsed.GetValue(level) is { } name ? FindLevel(name) : null,
                    Clauses = [.. (parsed.GetValue(clauses) ?? []).Select(one => Find(one).Id)],
                    Seed = parsed.GetValue(seed) ?? 1,
                };
                string? folder = parsed.GetValue(output);
                if (folder is not null)
                {
                    Directory.CreateDirectory(folder);
                }

                var limits = new Limits(
                    TimeSpan.FromSeconds(parsed.GetValue(timeout) ?? 120),
                    (parsed.GetValue(memory) ?? 4096) * 1_000_000L
                );
                var options = Pairs(parsed.GetValue(set) ?? []);
                var reports = new List<Report>();
                foreach (var target in Targets(parsed.GetValue(plugin), parsed.GetValue(all), parsed.GetValue(settings)))
                {
                    var work = new Work(
                        target.Dll,
                        target.Companions,
                        options,
                        selection with
                        {
                            PartId = parsed.GetValue(part) ?? target.PartId,
                        },
                        []
                    );
                    var findings = await ChildProcess.RunAsync(work, limits, cancellation).ConfigureAwait(false);
                    if (findings.Count == 0)
                    {
                        throw new BadInputException(
                            $"Nothing of {Path.GetFileName(target.Dll)} is held to what was selected: it has no part of those clauses' seams."
                        );
                    }

                    var report = Report.Of(target.Dll, selection.Seed, findings);
                    reports.Add(report);
                    if (folder is not null)
                    {
                        Write(folder, report);
                    }

                    if (parsed.GetValue(format) == OutputFormat.Text)
                    {
                        Print(report, Again(target.Dll, parsed.GetValue(part) ?? target.PartId, parsed.GetValue(set) ?? []));
                    }
                }

                if (parsed.GetValue(format) == OutputFormat.Json)
                {
                    Data.WriteJson([.. reports], ConformJson.Default.ReportArray);
                }

                return reports.TrueForAll(report => report.Conforms) ? ExitCode.Done : ExitCode.Failed;
            }
        );
    }

    private sealed record Target(string Dll, string? PartId, IReadOnlyList<string> Companions);

    private static IEnumerable<Target> Targets(string? plugin, bool all, string? settingsFile)
    {
        if (all == plugin is not null)
        {
            throw new BadInputException("Name one plugin, by its DLL, its name or a part's id; or take --all.");
        }

        using var host = TokenwrightHost.Load(new TokenwrightOptions { SettingsFile = settingsFile });
        var companions = host.Settings.Folders;
        if (all)
        {
            return [.. host.Plugins.Plugins.Select(one => new Target(one.File, null, companions))];
        }

        if (plugin!.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) || File.Exists(plugin))
        {
            return File.Exists(plugin)
                ? [new Target(Path.GetFullPath(plugin), null, companions)]
                : throw new BadInputException($"There is no plugin {plugin}: build it first, or correct the path.");
        }

        if (host.Plugins.Plugins.FirstOrDefault(one => one.Name.Equals(plugin, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return [new Target(found.File, null, companions)];
        }

        PartInfo[] parts = [.. host.Plugins.Parts.Where(part => part.Id == plugin)];
        string[] known = [.. host.Plugins.Plugins.Select(one => one.Name), .. host.Plugins.Parts.Select(part => part.Id)];
        return parts.Length > 0
            ? [.. parts.Select(part => part.File).Distinct().Select(file => new Target(file, plugin, companions))]
            : throw new BadInputException(
                $"There is no plugin or part '{plugin}', and no such file.{Spelling.Hint(plugin, known)} 'tokenwright plugins list' lists them."
            );
    }

    // The command that holds the plugin to one clause again, without the clause.
    private static string Again(string dll, string? part, string[] set) =>
        string.Concat([
            $"tokenwright conform {dll}",
            part is null ? "" : $" --part {part}",
            .. set.Select(one => $" --set {one}"),
        ]);

    private static void Print(Report report, string again)
    {
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title(Markup.Escape(report.Plugin))
            .AddColumns("clause", "level", "part", "outcome", "s", "promise");
        foreach (var finding in report.Findings)
        {
            var clause = Clause.Find(finding.Clause)!;
            table.AddRow(
                finding.Clause,
                clause.Level.Name(),
                Markup.Escape(finding.Part),
                finding.Outcome switch
                {
                    Outcome.Passed => "[green]passed[/]",
                    Outcome.NotApplicable => "[grey]not applicable[/]",
                    _ => $"[red]{Report.InWords(finding.Outcome)}[/]",
                },
                finding.Seconds.ToString("0.0", CultureInfo.InvariantCulture),
                Markup.Escape(clause.Promise)
            );
        }

        Data.Console.Write(table);
        foreach (var finding in report.Findings.Where(one => one.IsBroken))
        {
            Data.Console.WriteLine();
            Data.Console.MarkupLineInterpolated($"[red]{finding.Clause}[/] {finding.Part}: {finding.Message}");
            if (finding.Counterexample is { } example)
            {
                Data.Console.WriteLine($"  {example}");
            }

            Console.Out.WriteLine($"  again: {again} --clause {finding.Clause} --seed {report.Seed}");
        }

        int Of(Outcome outcome) => report.Findings.Count(one => one.Outcome == outcome);
        Data.Console.WriteLine(
            $"{report.Plugin}: {(report.Conforms ? "conforms" : "does not conform")}. {Of(Outcome.Passed)} passed, {report.Findings.Count(one => one.IsBroken)} broken, {Of(Outcome.NotApplicable)} not applicable."
        );
    }

    private static int Explain(Clause clause)
    {
        var console = Data.Console;
        console.WriteLine($"{clause.Id} ({clause.Seam?.ToString().ToLowerInvariant() ?? "plugin"}, level {clause.Level.Name()})");
        console.WriteLine(clause.Promise);
        console.WriteLine($"Why: {clause.Why}");
        console.WriteLine($"How: {clause.How}");
        console.WriteLine($"A failure shows: {clause.Failure}");
        if (clause.Needs != Lossless.No)
        {
            console.WriteLine($"Asked of parts that declare Lossless.{clause.Needs}.");
        }

        if (clause.Power is { } power)
        {
            console.WriteLine(power.InWords());
        }

        return ExitCode.Done;
    }

    private static Clause Find(string id) =>
        Clause.Find(id)
        ?? throw new BadInputException(
            $"There is no clause '{id}'.{Spelling.Hint(id, Clause.All.Select(clause => clause.Id))} docs/conformance.md lists them."
        );

    private static Level FindLevel(string name) =>
        Levels.Find(name)
        ?? throw new BadInputException(
            $"There is no level '{name}'.{Spelling.Hint(name, Levels.Names)} Levels: {string.Join(", ", Levels.Names)}."
        );

    private static Dictionary<string, string> Pairs(string[] pairs)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string pair in pairs)
        {
            int at = pair.IndexOf('=', StringComparison.Ordinal);
            values[at > 0 ? pair[..at] : throw new BadInputException($"--set takes KEY=VALUE; '{pair}' is not that.")] = pair[
                (at + 1)..
            ];
        }

        return values;
    }

    private static void Write(string folder, Report report)
    {
        string file = Path.Combine(folder, report.Plugin);
        File.WriteAllText(file + ".json", report.ToJson());
        File.WriteAllText(file + ".junit.xml", report.ToJUnit());
        File.WriteAllText(file + ".md", report.ToMarkdown());
    }
}
