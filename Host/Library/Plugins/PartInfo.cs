namespace Tokenwright.Host;

/// <summary>What a plugin says about one of its parts; nothing of the plugin runs to learn it.</summary>
/// <param name="Seam">What it fills.</param>
/// <param name="Id">What users type; unique per seam.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Lossless">The promise of a method or a verifier; null where none is made.</param>
/// <param name="Plugin">The plugin's name.</param>
/// <param name="File">The plugin's main DLL.</param>
/// <param name="Options">The options it declares, in the order of declaration.</param>
public sealed record PartInfo(
    Seam Seam,
    string Id,
    string Summary,
    Lossless? Lossless,
    string Plugin,
    string File,
    IReadOnlyList<OptionInfo> Options
)
{
    /// <summary>The part as messages name it: <c>drafter 'hydra'</c>.</summary>
    public override string ToString() => $"{Seam.ToString().ToLowerInvariant()} '{Id}'";
}

/// <summary>An option of a part.</summary>
/// <param name="Name">What users type.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Type">What it takes, in words: "a number", "true or false", "one of a, b".</param>
/// <param name="Range">The values allowed, in words; null where the type says all.</param>
public sealed record OptionInfo(string Name, string Description, string Type, string? Range);

/// <summary>A plugin that works: at least one of its parts can be used.</summary>
/// <param name="Name">The name of its folder, or of its DLL where it has no folder of its own; the key in plugins.json.</param>
/// <param name="Version">The version its author gave.</param>
/// <param name="File">Its main DLL.</param>
/// <param name="Parts">Its parts, by seam and id.</param>
public sealed record PluginInfo(string Name, string Version, string File, IReadOnlyList<PartInfo> Parts);
