using System.Text.Json.Serialization;
using Tokenwright.Host;

namespace Tokenwright.Cli;

/// <summary>The object of <c>plugins list --json</c> and <c>plugins doctor --json</c>.</summary>
internal sealed record PluginsDocument(IReadOnlyList<PluginDocument> Plugins, IReadOnlyList<DiagnosticDocument> Diagnostics)
{
    public static PluginsDocument From(PluginCatalog catalog) => From(catalog, catalog.Diagnostics);

    public static PluginsDocument From(PluginCatalog catalog, IEnumerable<PluginDiagnostic> diagnostics) =>
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
            [.. diagnostics.Select(d => new DiagnosticDocument(d.Id, d.Plugin, d.File, d.Stage, d.Cause, d.Fix))]
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

/// <summary>Entries for plugins.json.</summary>
internal sealed record PluginPins(IReadOnlyDictionary<string, PluginPin> Plugins)
{
    /// <summary>The pins of the plugins that lie in the folders of the settings.</summary>
    /// <param name="settings">The folders.</param>
    /// <param name="names">Which plugins; none means all.</param>
    /// <exception cref="BadInputException">There is no such plugin, or it cannot be read.</exception>
    public static PluginPins Of(HostSettings settings, IReadOnlyCollection<string> names)
    {
        var pins = new SortedDictionary<string, PluginPin>(StringComparer.Ordinal);
        var found = settings.Folders.Where(Directory.Exists).SelectMany(PluginSource.Find).ToList();
        foreach (string name in names)
        {
            if (!found.Exists(source => source.Name == name))
            {
                throw new BadInputException(
                    $"No folder of plugins.json holds a plugin '{name}'.{Spelling.Hint(name, found.Select(source => source.Name))} Known: {string.Join(", ", found.Select(source => source.Name))}."
                );
            }
        }

        foreach (var source in found.Where(source => names.Count == 0 || names.Contains(source.Name)))
        {
            pins.TryAdd(source.Name, PluginPin.Of(source));
        }

        return new PluginPins(pins);
    }
}

/// <summary>What pins one plugin.</summary>
internal sealed record PluginPin(string? Contract, IReadOnlyDictionary<string, string> Files)
{
    /// <exception cref="BadInputException">It cannot be read.</exception>
    public static PluginPin Of(PluginSource source)
    {
        try
        {
            var copy = ShadowCopy.Of(source);
            return new PluginPin(AssemblyFacts.Read(PluginFile.Locate(source, copy).Copy)?.ContractRange, copy.Hashes);
        }
        catch (RefusedException refused)
        {
            throw new BadInputException(refused.About(source.Name, source.Location).ToString());
        }
    }
}

/// <summary>The file plugin.json.</summary>
internal sealed record ManifestDocument(string Name, string Version, string? Contract, IReadOnlyDictionary<string, string> Files);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NewLine = "\n",
    WriteIndented = true
)]
[JsonSerializable(typeof(PluginsDocument))]
[JsonSerializable(typeof(PluginPins))]
[JsonSerializable(typeof(ManifestDocument))]
internal sealed partial class PluginsJson : JsonSerializerContext;
