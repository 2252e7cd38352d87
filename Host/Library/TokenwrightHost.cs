namespace Tokenwright.Host;

/// <summary>What a host is loaded with. All of it is optional.</summary>
public sealed class TokenwrightOptions
{
    /// <summary>A plugins.json; null takes the one beside the executable, or built-in settings where there is none.</summary>
    public string? SettingsFile { get; set; }

    /// <summary>Settings instead of a file.</summary>
    public HostSettings? Settings { get; set; }

    /// <summary>Opens models by name.</summary>
    public IModelLibrary? Models { get; set; }
}

/// <summary>The entry: loads plugins, opens models.</summary>
/// <remarks>Safe for concurrent use.</remarks>
/// <example>
/// <code>
/// await using var tokenwright = TokenwrightHost.Load();
/// using var model = tokenwright.OpenModel("reference");
/// await foreach (var chunk in model.Generate("Once upon a time", new() { Options = { ["temperature"] = "0.8" }, Seed = 7 }))
/// {
///     Console.Write(chunk.Text);
/// }
/// </code>
/// </example>
public sealed class TokenwrightHost : IDisposable, IAsyncDisposable
{
    private readonly Planner _planner;
    private readonly IModelLibrary? _models;

    private TokenwrightHost(HostSettings settings, PluginCatalog plugins, IModelLibrary? models)
    {
        Settings = settings;
        Plugins = plugins;
        _planner = new Planner(plugins, settings);
        _models = models;
    }

    /// <summary>What plugins.json says.</summary>
    public HostSettings Settings { get; }

    /// <summary>The plugins that were found, and what is wrong with them.</summary>
    public PluginCatalog Plugins { get; }

    /// <summary>Loads the plugins that a settings file names.</summary>
    /// <param name="settingsFile">A plugins.json.</param>
    /// <exception cref="SettingsException">The file is missing or wrong.</exception>
    public static TokenwrightHost Load(string settingsFile) => Load(new TokenwrightOptions { SettingsFile = settingsFile });

    /// <summary>Loads the plugins. A broken one is reported in the catalogue's diagnostics; the others work.</summary>
    /// <exception cref="SettingsException">The settings file is missing or wrong.</exception>
    public static TokenwrightHost Load(TokenwrightOptions? options = null)
    {
        options ??= new TokenwrightOptions();
        var settings = options.Settings ?? HostSettings.Load(options.SettingsFile);
        return new TokenwrightHost(settings, PluginCatalog.Load(settings), options.Models);
    }

    /// <summary>Opens a model.</summary>
    /// <param name="name">A known name or a path; null takes the default one.</param>
    /// <param name="cancellation">Ends a long import early.</param>
    /// <exception cref="HostException">There is no such model, or it cannot be run.</exception>
    public LanguageModel OpenModel(string? name = null, CancellationToken cancellation = default)
    {
        var models = _models ?? throw new HostException("This host was loaded without a model library; pass one in its options.");
        return Use(models.Open(name ?? Settings.Defaults.Model, cancellation));
    }

    /// <summary>Uses a model that the caller opened.</summary>
    /// <param name="model">The model; the result owns it.</param>
    public LanguageModel Use(LoadedModel model) => new(_planner, model);

    /// <summary>Makes and checks the plan of a request without running it.</summary>
    /// <returns>The plan; the caller disposes it.</returns>
    /// <exception cref="PlanException">The request is refused.</exception>
    public ValueTask<Plan> PlanAsync(LoadedModel model, GenerationRequest request, CancellationToken cancellation = default) =>
        _planner.PlanAsync(model, request, cancellation);

    /// <summary>Gives the plugins up.</summary>
    public void Dispose() => Plugins.Dispose();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }
}
