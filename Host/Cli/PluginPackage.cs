using System.IO.Compression;
using System.Text.Json;
using Tokenwright.Host;

namespace Tokenwright.Cli;

/// <summary>A packed plugin.</summary>
/// <param name="Archive">A zip whose one folder is the plugin's.</param>
/// <param name="Pins">The entry for plugins.json.</param>
internal sealed record PluginPackage(string Archive, PluginPins Pins)
{
    // The time of every entry, so that the same plugin gives the same archive; the first that the format knows.
    private static readonly DateTimeOffset EntryTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Packs a plugin that loads without a complaint.</summary>
    /// <param name="path">The folder of its build, or its main DLL.</param>
    /// <param name="archive">The zip; null names it after the plugin and its version.</param>
    /// <exception cref="BadInputException">There is none, or something is wrong with it.</exception>
    public static PluginPackage Pack(string path, string? archive)
    {
        archive = archive is null ? null : OutputFile.Check("--out", archive);
        string staging = Directory.CreateTempSubdirectory("tokenwright-pack-").FullName;
        try
        {
            string name = Stage(path, staging);
            var plugin = Load(staging);
            var source = new PluginSource(name, Path.Combine(staging, name), IsFolder: true);
            var pin = PluginPin.Of(source);
            var manifest = new ManifestDocument(name, plugin.Version, pin.Contract, pin.Files);
            File.WriteAllText(
                Path.Combine(source.Location, PluginManifest.FileName),
                JsonSerializer.Serialize(manifest, PluginsJson.Default.ManifestDocument) + "\n"
            );
            Load(staging);
            archive ??= Path.GetFullPath($"{name}-{plugin.Version}.zip");
            var pins = new Dictionary<string, PluginPin> { [name] = PluginPin.Of(source) };
            Zip(staging, name, pins[name].Files.Keys, archive);
            return new PluginPackage(archive, new PluginPins(pins));
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }

    // Lays the plugin's files into a folder of its name, as they will lie where it is installed.
    private static string Stage(string path, string staging)
    {
        bool isDll = File.Exists(path) && PluginSource.IsDll(path);
        if (!isDll && !Directory.Exists(path))
        {
            throw new BadInputException(
                $"{path} is neither the folder of a built plugin nor its DLL. Build the plugin, and name bin/Release/net10.0."
            );
        }

        string folder = Path.TrimEndingDirectorySeparator(
            Path.GetFullPath(isDll ? Path.GetDirectoryName(Path.GetFullPath(path))! : path)
        );
        var source = new PluginSource(Path.GetFileName(folder), folder, IsFolder: true);
        try
        {
            string main = isDll
                ? Path.GetFileName(path)
                : Path.GetFileName(PluginFile.Locate(source, ShadowCopy.Of(source)).MainDll);
            string name = Path.GetFileNameWithoutExtension(main);
            foreach (string file in source.Files().Where(file => IsPacked(file, name)))
            {
                string target = Path.Combine(staging, name, file);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(Path.Combine(folder, file), target);
            }

            return name;
        }
        catch (RefusedException refused)
        {
            throw new BadInputException(refused.About(source.Name, folder).ToString());
        }
    }

    // What the host does not read stays behind: an earlier manifest, the documentation for compilers, the settings of an executable.
    private static bool IsPacked(string file, string name) =>
        file != PluginManifest.FileName && file != name + ".xml" && file != name + ".runtimeconfig.json";

    private static PluginInfo Load(string staging)
    {
        using var catalog = PluginCatalog.Load(new HostSettings { Folders = [staging] });
        return catalog.Diagnostics is [var first, ..]
            ? throw new BadInputException($"It is not packed: {first}")
            : catalog.Plugins.Single();
    }

    private static void Zip(string staging, string name, IEnumerable<string> files, string archive)
    {
        string part = archive + ".part";
        using (var zip = new ZipArchive(File.Create(part), ZipArchiveMode.Create))
        {
            foreach (string file in files)
            {
                var entry = zip.CreateEntry($"{name}/{file}", CompressionLevel.Optimal);
                entry.LastWriteTime = EntryTime;
                using var target = entry.Open();
                using var content = File.OpenRead(Path.Combine(staging, name, file));
                content.CopyTo(target);
            }
        }

        File.Move(part, archive, overwrite: true);
    }
}
