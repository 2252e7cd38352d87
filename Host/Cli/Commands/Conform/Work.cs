using System.Text.Json.Serialization;
using Tokenwright.Conformance;

namespace Tokenwright.Cli.Commands.Conform;

/// <summary>What a child process is to do.</summary>
/// <param name="Dll">The plugin.</param>
/// <param name="Companions">Folders of the plugins it is composed with.</param>
/// <param name="Options">Options of its parts.</param>
/// <param name="Selection">The clauses.</param>
/// <param name="Done">Clauses on parts that have been run before, <see cref="Key"/> of each.</param>
internal sealed record Work(
    string Dll,
    IReadOnlyList<string> Companions,
    IReadOnlyDictionary<string, string> Options,
    Selection Selection,
    IReadOnlyList<string> Done
)
{
    /// <summary>The name of a clause on a part.</summary>
    public static string Key(Finding finding) => $"{finding.Clause} {finding.Part}";
}

/// <summary>A line that a child process writes: a clause that begins, or what came of it.</summary>
/// <param name="Finding">The clause and the part; what is found counts where <paramref name="IsDone"/>.</param>
/// <param name="IsDone">Whether the clause has ended.</param>
internal sealed record Line(Finding Finding, bool IsDone);

/// <summary>What a child process may take.</summary>
/// <param name="Clause">The time of one clause.</param>
/// <param name="Memory">Bytes of the whole process.</param>
internal sealed record Limits(TimeSpan Clause, long Memory);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NewLine = "\n",
    Converters = [typeof(OutcomeJson)]
)]
[JsonSerializable(typeof(Work))]
[JsonSerializable(typeof(Line))]
[JsonSerializable(typeof(Report[]))]
internal sealed partial class ConformJson : JsonSerializerContext;
