using Tokenwright.Conformance;
using Tokenwright.Host;
using Tokenwright.Models;
using Tokenwright.Tests.Cli;

namespace Tokenwright.Tests.Suite;

/// <summary>The plugins as they lie beside the executable, each loaded once for the suite.</summary>
public sealed class ShippedPlugins : IDisposable
{
    private readonly Dictionary<string, PluginUnderTest> _loaded = [];
    private readonly string _cache = Directory.CreateTempSubdirectory("tokenwright-tests-").FullName;
    private readonly ModelLibrary _models;

    public ShippedPlugins() =>
        _models = new ModelLibrary(
            new LanguageModelOptions { CacheFolder = _cache },
            Path.Combine(Repository.Root, "Models", "Reference")
        );

    public static string Folder { get; } = Path.Combine(CommandLine.Installed, "plugins");

    /// <summary>The folders' names, those under Plugins/ in the repository.</summary>
    public static string[] Names { get; } =
    [
        .. Directory
            .GetDirectories(Path.Combine(Repository.Root, "Plugins"))
            .Where(folder => Directory.GetFiles(folder, "*.csproj").Length == 1)
            .Select(folder => Path.GetFileName(folder))
            .Order(StringComparer.Ordinal),
    ];

    public static string Dll(string name) => Path.Combine(Folder, name, $"Tokenwright.Plugins.{name}.dll");

    public PluginUnderTest Get(string name)
    {
        if (!_loaded.TryGetValue(name, out var plugin))
        {
            plugin = PluginUnderTest.Load(Dll(name), [Folder]);
            plugin.Models = _models;
            _loaded.Add(name, plugin);
        }

        return plugin;
    }

    public void Dispose()
    {
        foreach (var plugin in _loaded.Values)
        {
            plugin.Dispose();
        }

        Directory.Delete(_cache, recursive: true);
    }
}
