using System.Collections.Concurrent;

namespace Tokenwright.Host;

/// <summary>The plugins that were found, their parts, and what is wrong with those that do not work.</summary>
/// <remarks>
/// Immutable until disposed and safe for concurrent use. Nothing of a plugin runs while it is listed; a part is made by
/// <see cref="Create"/>. The order is that of the folders in plugins.json, within a folder that of the paths (ordinal).
/// </remarks>
public sealed class PluginCatalog : IDisposable
{
    private readonly List<Plugin> _loaded = [];
    private readonly List<PluginDiagnostic> _diagnostics = [];
    private readonly Dictionary<(Seam, string), (PartInfo Part, Plugin Plugin)> _parts = [];
    private readonly ConcurrentDictionary<string, PluginDiagnostic> _faults = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, PluginDiagnostic> _hanging = new(StringComparer.Ordinal);
    private bool _isDisposed;

    private PluginCatalog() { }

    /// <summary>The plugins that work.</summary>
    public IReadOnlyList<PluginInfo> Plugins { get; private set; } = [];

    /// <summary>All parts, in the order of their plugins.</summary>
    public IReadOnlyList<PartInfo> Parts { get; private set; } = [];

    /// <summary>What is wrong. A plugin may be here and work, where only some of it is left out.</summary>
    public IReadOnlyList<PluginDiagnostic> Diagnostics => _diagnostics;

    /// <summary>What went wrong while texts were generated: of each plugin the last fault (PLG014, PLG015).</summary>
    public IReadOnlyCollection<PluginDiagnostic> Faults => [.. _faults.Values];

    /// <summary>Finds and loads plugins. Never throws because of a plugin: what does not work is in <see cref="Diagnostics"/>.</summary>
    public static PluginCatalog Load(HostSettings settings)
    {
        var catalog = new PluginCatalog();
        catalog.LoadAll(settings);
        return catalog;
    }

    /// <summary>The parts of a seam.</summary>
    public IEnumerable<PartInfo> Of(Seam seam) => Parts.Where(part => part.Seam == seam);

    /// <summary>A part by id; null when there is none.</summary>
    public PartInfo? Find(Seam seam, string id) => _parts.TryGetValue((seam, id), out var found) ? found.Part : null;

    /// <summary>Makes a part, with its defaults; the caller disposes it.</summary>
    /// <exception cref="PluginException">Its constructor threw (PLG007), or a part of its plugin hangs (PLG015).</exception>
    /// <exception cref="ObjectDisposedException">The catalogue was disposed.</exception>
    public LivePart Create(PartInfo part)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_hanging.TryGetValue(part.Plugin, out var hanging))
        {
            throw new PluginException(hanging);
        }

        var plugin = _parts[(part.Seam, part.Id)].Plugin;
        try
        {
            return plugin.Create(part);
        }
        catch (Exception error)
        {
            throw new PluginException(ConstructorFailure(part, error), error);
        }
    }

    /// <summary>Gives the plugins up and waits until their code is gone.</summary>
    /// <param name="limit">The longest to wait.</param>
    /// <returns>One diagnostic (PLG008) per plugin that something still holds on to.</returns>
    public IReadOnlyList<PluginDiagnostic> Unload(TimeSpan limit)
    {
        var traces = _loaded.ConvertAll(plugin => (plugin.Info, plugin.Trace));
        Dispose();
        var end = DateTime.UtcNow + limit;
        while (traces.Exists(trace => trace.Trace.IsAlive))
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            if (DateTime.UtcNow > end)
            {
                break;
            }
        }

        return
        [
            .. traces
                .Where(trace => trace.Trace.IsAlive)
                .Select(trace => new PluginDiagnostic(
                    PluginFault.UnloadLeaked,
                    trace.Info.Name,
                    trace.Info.File,
                    "unloading",
                    "Something still holds on to it: a running generation, a thread or a static of another assembly.",
                    "End what uses it; else restart the process."
                )),
        ];
    }

    /// <summary>Gives the plugins up. Parts that are still in use go on working; their code is unloaded after them.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _parts.Clear();
        foreach (var plugin in _loaded)
        {
            plugin.Dispose();
        }

        _loaded.Clear();
    }

    /// <summary>Notes what a part did wrong.</summary>
    internal void Note(PluginDiagnostic fault) => _faults[fault.Plugin] = fault;

    /// <summary>Refuses the parts of a plugin until it comes back.</summary>
    internal void Mark(PluginDiagnostic hanging)
    {
        Note(hanging);
        _hanging[hanging.Plugin] = hanging;
    }

    /// <summary>Offers the parts of a plugin again.</summary>
    internal void Unmark(string plugin) => _hanging.TryRemove(plugin, out _);

    private static PluginDiagnostic ConstructorFailure(PartInfo part, Exception error)
    {
        for (; error.InnerException is { } inner; error = inner) { }

        return new PluginDiagnostic(
            PluginFault.ConstructorFailed,
            part.Plugin,
            part.File,
            $"making its {part}",
            $"{error.GetType().Name}: {error.Message.TrimEnd('.')}.",
            error is FileNotFoundException
                ? "Put the missing assembly beside the plugin's DLL."
                : "Ask the plugin's author; a part needs a constructor without parameters that does not throw."
        );
    }

    private void LoadAll(HostSettings settings)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var check = new PluginCheck(settings, _diagnostics.Add);
        foreach (string folder in settings.Folders)
        {
            if (!Directory.Exists(folder))
            {
                Miss(settings, folder, $"There is no folder {folder}.", "Create it, or correct \"folders\" in plugins.json.");
                continue;
            }

            PluginSource[] sources;
            try
            {
                sources = [.. PluginSource.Find(folder)];
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Miss(settings, folder, $"The folder cannot be read: {error.Message}", "Check its permissions.");
                continue;
            }

            foreach (var source in sources)
            {
                seen.Add(source.Name);
                if (settings.For(source.Name).Enabled && Load(source, check) is { } plugin)
                {
                    Add(plugin);
                }
            }
        }

        Plugins = [.. _loaded.Select(plugin => plugin.Info)];
        Parts = [.. Plugins.SelectMany(plugin => plugin.Parts)];
        CheckEntries(settings, seen);
    }

    private void Add(Plugin plugin)
    {
        foreach (var part in plugin.Info.Parts)
        {
            if (_parts.TryGetValue((part.Seam, part.Id), out var first))
            {
                _diagnostics.Add(Plugin.Duplicate(first.Part, part));
                plugin.LeaveOut(part);
            }
            else
            {
                _parts.Add((part.Seam, part.Id), (part, plugin));
            }
        }

        _loaded.Add(plugin);
    }

    private Plugin? Load(PluginSource source, PluginCheck check)
    {
        string file = source.Location;
        try
        {
            var copy = ShadowCopy.Of(source);
            var found = PluginFile.Locate(source, copy);
            file = found.MainDll;
            return Plugin.Load(found, check.Check(found, copy), _diagnostics.Add);
        }
        catch (RefusedException refused)
        {
            _diagnostics.Add(refused.About(source.Name, file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _diagnostics.Add(
                new PluginDiagnostic(
                    PluginFault.LoadFailed,
                    source.Name,
                    file,
                    "reading it",
                    $"It cannot be read: {error.Message}",
                    "Check that it is there, and its permissions."
                )
            );
        }

        return null;
    }

    private void CheckEntries(HostSettings settings, HashSet<string> seen)
    {
        foreach (var (name, entry) in settings.Plugins)
        {
            if (!seen.Contains(name))
            {
                Miss(
                    settings,
                    name,
                    $"plugins.json has an entry for it, and no folder holds such a plugin.{Spelling.Hint(name, seen)}",
                    "Correct the name, or take the entry out."
                );
                continue;
            }

            if (Plugins.FirstOrDefault(plugin => plugin.Name == name) is not { } known)
            {
                continue;
            }

            string[] declared = [.. known.Parts.SelectMany(part => part.Options).Select(option => option.Name).Distinct()];
            foreach (string option in entry.Options.Keys.Where(option => !declared.Contains(option)))
            {
                Miss(
                    settings,
                    name,
                    $"plugins.json sets its option '{option}', which none of its parts declares.{Spelling.Hint(option, declared)}",
                    declared.Length == 0
                        ? "It has no options."
                        : $"Its options are {string.Join(", ", declared.Order(StringComparer.Ordinal))}."
                );
            }
        }
    }

    private void Miss(HostSettings settings, string plugin, string cause, string fix) =>
        _diagnostics.Add(
            new PluginDiagnostic(
                PluginFault.NothingThere,
                plugin,
                settings.File ?? "built-in settings",
                "applying plugins.json",
                cause,
                fix
            )
        );
}
