using System.Text.Json.Serialization;
using Tokenwright.Host;

namespace Tokenwright.Cli;

/// <summary>The object of <c>plugins list --format json</c>.</summary>
internal sealed record PluginsDocument(IReadOnlyList<PluginDocument> Plugins, IReadOnlyList<DiagnosticDocument> Diagnostics)
{
    public static PluginsDocument From(PluginCatalog catalog) =>
        new(
            [
                .. catalog.Plugins.Select(plugin => new PluginDocument(
                    plugin.Name,
                    plugin.Version,
                    plugin.File,
                    [
                        .. plugin.Parts.Select(part => new PartDocument(
                            part.Seam.ToString().ToLowerInvariant(),
                            part.Id,
                            part.Summary,
                            Promise(part.Lossless),
                            [.. part.Options.Select(o => new OptionDocument(o.Name, o.Description, o.Type, o.Range))]
                        )),
                    ]
                )),
            ],
            [.. catalog.Diagnostics.Select(d => new DiagnosticDocument(d.Id, d.Plugin, d.File, d.Stage, d.Cause, d.Fix))]
        );

    /// <summary>A promise of losslessness in a word or two; null where none is made.</summary>
    public static string? Promise(Lossless? lossless) =>
        lossless switch
        {
            null => null,
            Lossless.Seed => "same text by seed",
            Lossless.Yes => "lossless",
            Lossless.Greedy => "lossless at temperature 0",
            Lossless.Sampling => "lossless in sampling",
            _ => "lossy",
        };
}

internal sealed record PluginDocument(string Name, string Version, string File, IReadOnlyList<PartDocument> Parts);

internal sealed record PartDocument(
    string Seam,
    string Id,
    string Summary,
    string? Promise,
    IReadOnlyList<OptionDocument> Options
);

internal sealed record OptionDocument(string Name, string Description, string Type, string? Range);

internal sealed record DiagnosticDocument(string Code, string Plugin, string File, string Stage, string Cause, string Fix);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NewLine = "\n",
    WriteIndented = true
)]
[JsonSerializable(typeof(PluginsDocument))]
internal sealed partial class PluginsJson : JsonSerializerContext;
