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

    /// <summary>What is demanded of the hashes of plugins.</summary>
    public HashPolicy Hashes { get; init; }

    /// <summary>
    /// How long a part may work without a sign of life before its request fails; <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.
    /// </summary>
    public TimeSpan HangLimit { get; init; } = TimeSpan.FromMinutes(2);

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

/// <summary>What is demanded of the hashes of plugins.</summary>
public enum HashPolicy
{
    /// <summary>The files that plugins.json pins must be the ones it pins; a plugin of which it says nothing is loaded.</summary>
    Pinned,

    /// <summary>Every plugin must be pinned: for production.</summary>
    Strict,

    /// <summary>What is not pinned, or is another file, is reported and loaded.</summary>
    Warn,

    /// <summary>Nothing is checked: for development.</summary>
    Off,
}

/// <summary>What plugins.json says of one plugin.</summary>
public sealed record PluginSettings
{
    /// <summary>Whether it is loaded.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The versions of the contracts it may be used with, as a NuGet range such as <c>[0.1,1.0)</c>; null takes any.</summary>
    public string? Contract { get; init; }

    /// <summary>
    /// The SHA-256 of every file of the plugin, 64 lower-case hexadecimal digits, by its path in the plugin's folder; empty pins nothing.
    /// </summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

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
