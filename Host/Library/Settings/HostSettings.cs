namespace Tokenwright.Host;

/// <summary>What plugins.json says: which plugins are loaded, from where, with which options, and which method is the default.</summary>
/// <remarks>The schema is docs/plugins.schema.json.</remarks>
public sealed record HostSettings
{
    /// <summary>The name of the file beside the executable.</summary>
    public const string FileName = "plugins.json";

    private static readonly PluginSettings NoEntry = new();

    /// <summary>The file it came from; null for built-in settings.</summary>
    public string? File { get; init; }

    /// <summary>Folders that hold plugins, as full paths. Of two parts with one id, that of the earlier folder is used.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>What is said of single plugins, by name. A plugin without an entry is loaded, with the defaults of its options.</summary>
    public IReadOnlyDictionary<string, PluginSettings> Plugins { get; init; } = new Dictionary<string, PluginSettings>();

    /// <summary>What a request that says nothing gets.</summary>
    public DefaultSettings Defaults { get; init; } = new();

    /// <summary>What holds where there is no file: the folder <c>plugins</c> beside the executable.</summary>
    public static HostSettings BuiltIn
    {
        get
        {
            string folder = Path.Combine(AppContext.BaseDirectory, "plugins");
            return new HostSettings { Folders = Directory.Exists(folder) ? [folder] : [] };
        }
    }

    /// <summary>Reads a file.</summary>
    /// <param name="file">The file; null takes plugins.json beside the executable, or <see cref="BuiltIn"/> where there is none.</param>
    /// <exception cref="SettingsException">The file that was named is missing, or what is in it is wrong.</exception>
    public static HostSettings Load(string? file = null)
    {
        if (file is null)
        {
            file = Path.Combine(AppContext.BaseDirectory, FileName);
            if (!System.IO.File.Exists(file))
            {
                return BuiltIn;
            }
        }

        if (file.Length == 0)
        {
            throw new SettingsException("The path of the plugin settings is empty. Name a plugins.json, or leave it out.");
        }

        file = Path.GetFullPath(file);
        try
        {
            return SettingsFile.Read(file, System.IO.File.ReadAllBytes(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{file} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>What is said of a plugin.</summary>
    public PluginSettings For(string plugin) => Plugins.GetValueOrDefault(plugin, NoEntry);
}

/// <summary>What plugins.json says of one plugin.</summary>
public sealed record PluginSettings
{
    /// <summary>Whether it is loaded.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The SHA-256 that its main DLL must have, 64 lower-case hexadecimal digits; null takes any.</summary>
    /// <remarks>The plugin's other files are not covered.</remarks>
    public string? Sha256 { get; init; }

    /// <summary>Values of its options, by name, as users type them; the command line overrides them.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

/// <summary>What a request that says nothing gets.</summary>
public sealed record DefaultSettings
{
    /// <summary>The method where no temperature above 0 is given.</summary>
    public string Method { get; init; } = "greedy";

    /// <summary>The method where a temperature above 0 is given.</summary>
    public string SamplingMethod { get; init; } = "sampling";

    /// <summary>The drafter of a constrained text whose request names neither a method nor a drafter; "none" drafts nothing.</summary>
    public string ConstrainedDrafter { get; init; } = "forced";

    /// <summary>The model; null leaves the choice to whoever opens models.</summary>
    public string? Model { get; init; }
}
