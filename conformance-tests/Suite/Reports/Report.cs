using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Xml.Linq;

namespace Tokenwright.Conformance;

/// <summary>What came of holding one plugin to the clauses, and all that is needed to do it again.</summary>
public sealed record Report
{
    /// <summary>The version of the suite.</summary>
    public string Suite { get; init; } = VersionOf(typeof(Report).Assembly);

    /// <summary>The version of the contracts.</summary>
    public string Contracts { get; init; } = VersionOf(typeof(IPart).Assembly);

    /// <summary>The plugin's name.</summary>
    public required string Plugin { get; init; }

    /// <summary>The SHA-256 of its main DLL.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>The runtime.</summary>
    public string Runtime { get; init; } = RuntimeInformation.FrameworkDescription;

    /// <summary>The operating system and the processor's architecture.</summary>
    public string System { get; init; } = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}";

    /// <summary>What was found, clause by clause.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Whether no promise is broken and something was tested.</summary>
    [JsonPropertyOrder(-1)]
    public bool Conforms => Findings.Any(one => one.Outcome == Outcome.Passed) && !Findings.Any(one => one.IsBroken);

    /// <summary>A report of findings on a DLL.</summary>
    public static Report Of(string dll, int seed, IReadOnlyList<Finding> findings)
    {
        using var file = File.OpenRead(dll);
        return new Report
        {
            Plugin = Path.GetFileNameWithoutExtension(dll),
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(file)),
            Seed = seed,
            Findings = findings,
        };
    }

    /// <summary>The report as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SuiteJson.Default.Report) + "\n";

    /// <summary>The report in the format of JUnit, which build servers read.</summary>
    public string ToJUnit()
    {
        var cases = Findings.Select(finding => new XElement(
            "testcase",
            new XAttribute("classname", $"{Plugin}.{finding.Part}"),
            new XAttribute("name", $"{finding.Clause} {Clause.Find(finding.Clause)?.Promise}"),
            new XAttribute("time", finding.Seconds.ToString("0.000", CultureInfo.InvariantCulture)),
            finding.Outcome switch
            {
                Outcome.Passed => null,
                Outcome.NotApplicable => new XElement("skipped", new XAttribute("message", Clean(finding.Message))),
                Outcome.Failed => new XElement(
                    "failure",
                    new XAttribute("message", Clean(finding.Message)),
                    Clean(Detail(finding))
                ),
                _ => new XElement("error", new XAttribute("message", Clean(finding.Message)), finding.Outcome),
            }
        ));
        var suite = new XElement(
            "testsuite",
            new XAttribute("name", $"Tokenwright.Conformance {Plugin}"),
            new XAttribute("tests", Findings.Count),
            new XAttribute("failures", Findings.Count(one => one.Outcome == Outcome.Failed)),
            new XAttribute("errors", Findings.Count(one => one.Outcome is Outcome.TimedOut or Outcome.Crashed)),
            new XAttribute("skipped", Findings.Count(one => one.Outcome == Outcome.NotApplicable)),
            cases
        );
        return new XDocument(new XDeclaration("1.0", "utf-8", null), new XElement("testsuites", suite)) + "\n";
    }

    /// <summary>The report as a page.</summary>
    public string ToMarkdown()
    {
        var page = new StringBuilder();
        page.Append(
            CultureInfo.InvariantCulture,
            $"""
            # {Plugin}: {(Conforms ? "conforms" : "does not conform")}

            Tokenwright.Conformance {Suite}, contracts {Contracts}, seed {Seed}, {Runtime}, {System}. SHA-256 of the DLL: `{Sha256}`.

            | clause | level | part | outcome | |
            |---|---|---|---|---|

            """
        );
        foreach (var finding in Findings)
        {
            string detail = Detail(finding).Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
            page.Append(
                CultureInfo.InvariantCulture,
                $"| {finding.Clause} | {Clause.Find(finding.Clause)?.Level.Name()} | {finding.Part} | {InWords(finding.Outcome)} | {detail} |\n"
            );
        }

        return page.ToString();
    }

    /// <summary>An outcome as people read it.</summary>
    public static string InWords(Outcome outcome) =>
        outcome switch
        {
            Outcome.Passed => "passed",
            Outcome.Failed => "failed",
            Outcome.NotApplicable => "not applicable",
            Outcome.TimedOut => "timed out",
            _ => "crashed",
        };

    private static string Detail(Finding finding) =>
        finding.Counterexample is { } example ? $"{finding.Message} {example}" : finding.Message;

    // Characters that XML cannot hold.
    private static string Clean(string text) => new([.. text.Where(c => c >= ' ' || c is '\n' or '\t')]);

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}

/// <summary>How reports and findings are written as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NewLine = "\n",
    WriteIndented = true,
    Converters = [typeof(OutcomeJson)]
)]
[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(Finding))]
public sealed partial class SuiteJson : JsonSerializerContext;

/// <summary>Outcomes as words: passed, failed, not_applicable, timed_out, crashed.</summary>
public sealed class OutcomeJson() : JsonStringEnumConverter<Outcome>(JsonNamingPolicy.SnakeCaseLower);
