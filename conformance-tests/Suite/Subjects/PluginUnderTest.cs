using Tokenwright.Host;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Conformance;

/// <summary>A plugin as the host loads it, from a copy of its folder, beside the plugins that it is composed with.</summary>
public sealed class PluginUnderTest : IDisposable
{
    private readonly string _copy;
    private readonly HostSettings _settings;

    private PluginUnderTest(string copy, string name, HostSettings settings, Declaration declaration)
    {
        _copy = copy;
        _settings = settings;
        Name = name;
        Declaration = declaration;
        Host = TokenwrightHost.Load(new TokenwrightOptions { Settings = settings });
    }

    /// <summary>The plugin's name: that of its DLL.</summary>
    public string Name { get; }

    /// <summary>What its author declares.</summary>
    public Declaration Declaration { get; }

    /// <summary>The host that loaded it, its companions with it.</summary>
    public TokenwrightHost Host { get; }

    /// <summary>Its parts; empty where it does not load.</summary>
    public IReadOnlyList<PartInfo> Parts => Host.Plugins.Plugins.FirstOrDefault(plugin => plugin.Name == Name)?.Parts ?? [];

    /// <summary>What the host says is wrong with it.</summary>
    public IEnumerable<PluginDiagnostic> Diagnostics => Host.Plugins.Diagnostics.Where(one => one.Plugin == Name);

    /// <summary>Options that are set on every part that has them, over those of its samples.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Opens models for parts that need a real one; null where there are none.</summary>
    public IModelLibrary? Models { get; set; }

    /// <summary>Loads a plugin.</summary>
    /// <param name="dll">Its main DLL; all files of its folder are copied with it.</param>
    /// <param name="companions">
    /// Folders of plugins to compose it with, the standard ones among them; null takes the standard plugin that the suite was built with.
    /// </param>
    /// <param name="options">Options that are set on every part that has them.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">Its conformance.json is wrong.</exception>
    public static PluginUnderTest Load(
        string dll,
        IReadOnlyList<string>? companions = null,
        IReadOnlyDictionary<string, string>? options = null
    )
    {
        if (!File.Exists(dll))
        {
            throw new FileNotFoundException($"There is no plugin {dll}: build it first, or correct the path.", dll);
        }

        string source = Path.GetDirectoryName(Path.GetFullPath(dll))!;
        var declaration = Declaration.Read(source);
        string name = Path.GetFileNameWithoutExtension(dll);
        string copy = Directory.CreateTempSubdirectory("tokenwright-conform-").FullName;
        CopyFolder(source, Path.Combine(copy, "plugin", name));
        if (companions is null)
        {
            string standard = typeof(Agree).Assembly.Location;
            string folder = Path.Combine(copy, "companions", "Standard");
            Directory.CreateDirectory(folder);
            File.Copy(standard, Path.Combine(folder, Path.GetFileName(standard)));
            companions = [Path.Combine(copy, "companions")];
        }

        var settings = new HostSettings { Folders = [Path.Combine(copy, "plugin"), .. companions] };
        return new PluginUnderTest(copy, name, settings, declaration) { Options = options ?? new Dictionary<string, string>() };
    }

    /// <summary>A part, fresh, set up as a sample says; not prepared.</summary>
    internal IPart Make(PartInfo part, Sample sample)
    {
        var made = Make(part, sample.Options).Part;
        if (made is ICombinedDrafter combined)
        {
            combined.Drafters =
            [
                .. combined.DrafterIds.Select(id =>
                    Host.Plugins.Find(Seam.Drafter, id) is { } inner
                        ? (IDrafter)Make(inner, sample.Options).Part
                        : throw new NotApplicableException($"It combines the drafter '{id}', which is not here.")
                ),
            ];
        }

        return made;
    }

    /// <summary>Another catalogue of the same plugin: what is loaded twice is two plugins.</summary>
    internal PluginCatalog LoadAgain() => PluginCatalog.Load(_settings with { Folders = [Path.Combine(_copy, "plugin")] });

    /// <summary>The samples of a part.</summary>
    internal IReadOnlyList<Sample> SamplesOf(PartInfo part) =>
        Declaration.Samples.GetValueOrDefault($"{part.Seam.ToString().ToLowerInvariant()} {part.Id}") ?? [Sample.Default];

    /// <summary>Gives the plugin up and deletes the copy.</summary>
    public void Dispose()
    {
        Host.Dispose();
        Directory.Delete(_copy, recursive: true);
    }

    private LivePart Make(PartInfo part, IReadOnlyDictionary<string, string> sample)
    {
        var live = Host.Plugins.Create(part);
        var values = part
            .Options.Select(option =>
                (option.Name, Value: Options.GetValueOrDefault(option.Name) ?? sample.GetValueOrDefault(option.Name))
            )
            .Where(option => option.Value is not null)
            .ToDictionary(option => option.Name, option => option.Value!);
        live.Set(values);
        return live;
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
