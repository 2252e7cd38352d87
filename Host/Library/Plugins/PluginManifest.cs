namespace Tokenwright.Host;

/// <summary>What a plugin's author says of it: the file plugin.json beside the DLL, written by <c>tokenwright plugins pack</c>.</summary>
/// <remarks>The schema is docs/plugin.schema.json. A plugin needs none.</remarks>
public sealed record PluginManifest
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "plugin.json";

    /// <summary>The name that its folder is meant to have; null where it does not say.</summary>
    public string? Name { get; init; }

    /// <summary>The version its author gave; null where it does not say.</summary>
    public string? Version { get; init; }

    /// <summary>The versions of the contracts it works with, as a NuGet range such as <c>[0.1,1.0)</c>; null takes any.</summary>
    public string? Contract { get; init; }

    /// <summary>
    /// The SHA-256 of every other file of the plugin, 64 lower-case hexadecimal digits, by its path in the folder; empty where it does not say.
    /// </summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();
}
