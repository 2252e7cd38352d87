namespace Tokenwright.Host;

/// <summary>What can be wrong with a plugin. The numbers are stable: 4 is shown as PLG004.</summary>
public enum PluginFault
{
    /// <summary>A file is not the one that plugins.json or the plugin's manifest pins, or is not named there; the plugin is not loaded.</summary>
    HashMismatch = 1,

    /// <summary>It was made for other versions of the contracts; the plugin is not loaded.</summary>
    ContractVersion = 2,

    /// <summary>It brings its own copy of the contracts, or refers to them and yet exports no part.</summary>
    PrivateContract = 3,

    /// <summary>It, or one of its types, cannot be loaded: not a .NET DLL, a missing dependency, another contract.</summary>
    LoadFailed = 4,

    /// <summary>Two parts of one seam have the same id; the later one is left out.</summary>
    DuplicateId = 5,

    /// <summary>What a part says about itself is incomplete or wrong; the part is left out.</summary>
    Metadata = 6,

    /// <summary>A part threw while it was made.</summary>
    ConstructorFailed = 7,

    /// <summary>It was unloaded, and something still holds on to it.</summary>
    UnloadLeaked = 8,

    /// <summary>It lies outside the plugin folder, behind a link; the plugin is not loaded.</summary>
    OutsideFolder = 9,

    /// <summary>plugins.json names a folder, a plugin or an option that is not there.</summary>
    NothingThere = 10,

    /// <summary>plugins.json pins none of its files, and the policy demands it; the plugin is not loaded.</summary>
    NotPinned = 11,

    /// <summary>It has more files or bytes than any plugin; the plugin is not loaded.</summary>
    TooLarge = 12,

    /// <summary>Its manifest plugin.json is wrong; the plugin is not loaded.</summary>
    Manifest = 13,

    /// <summary>A part threw, or gave what makes no sense, while a text was generated; that request failed.</summary>
    PartFailed = 14,

    /// <summary>A part gave no sign of life; its request failed, and the plugin is refused until it comes back.</summary>
    PartHangs = 15,
}

/// <summary>One thing that is wrong with one plugin. The other plugins work all the same.</summary>
/// <param name="Fault">What kind of thing.</param>
/// <param name="Plugin">The plugin's name.</param>
/// <param name="File">The file or folder.</param>
/// <param name="Stage">What the host was doing.</param>
/// <param name="Cause">What is wrong, a sentence.</param>
/// <param name="Fix">What to do, a sentence.</param>
public sealed record PluginDiagnostic(PluginFault Fault, string Plugin, string File, string Stage, string Cause, string Fix)
{
    /// <summary>The stable id: PLG001 and so on.</summary>
    public string Id => $"PLG{(int)Fault:000}";

    /// <summary>All of it in one line.</summary>
    public override string ToString() => $"{Id} plugin '{Plugin}' ({File}), {Stage}: {Cause} {Fix}";
}
