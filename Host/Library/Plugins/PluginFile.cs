using System.Text.Json;

namespace Tokenwright.Host;

/// <summary>A plugin that is about to be loaded.</summary>
/// <param name="Name">Its name.</param>
/// <param name="MainDll">Its main DLL where the author put it: the one that messages name.</param>
/// <param name="Copy">The same DLL in the <see cref="ShadowCopy"/>: the one that is loaded.</param>
internal sealed record PluginFile(string Name, string MainDll, string Copy)
{
    private const string Stage = "looking for its main DLL";

    /// <summary>Finds the main DLL; only the copy is read.</summary>
    /// <exception cref="RefusedException">There is none, or what lies beside it leads elsewhere.</exception>
    public static PluginFile Locate(PluginSource source, ShadowCopy copy)
    {
        string main = source.IsFolder ? Main(source, copy) : Path.GetFileName(source.Location);
        var file = new PluginFile(source.Name, Path.Combine(source.Root, main), Path.Combine(copy.Folder, main));
        string dependencies = Path.ChangeExtension(main, ".deps.json");
        if (copy.Hashes.ContainsKey(dependencies))
        {
            CheckDependencies(dependencies, Path.Combine(copy.Folder, dependencies));
        }

        return file;
    }

    private static string Main(PluginSource source, ShadowCopy copy)
    {
        string[] files = [.. copy.Hashes.Keys.Where(file => !file.Contains('/') && PluginSource.IsDll(file))];
        string named = source.Name + ".dll";
        return files.Contains(named)
            ? named
            : Only(files)
                ?? Only(files.Where(file => copy.Hashes.ContainsKey(Path.ChangeExtension(file, ".deps.json"))))
                ?? Only(files.Where(file => AssemblyFacts.Read(Path.Combine(copy.Folder, file))?.Contract is not null))
                ?? throw new RefusedException(
                    PluginFault.LoadFailed,
                    Stage,
                    files.Length == 0
                        ? "The folder holds no DLL."
                        : $"The folder holds {files.Length} DLLs and none of them is clearly the plugin.",
                    $"Name the plugin's DLL {named}, like its folder."
                );
    }

    private static string? Only(IEnumerable<string> files) => files.Take(2).ToArray() is [var only] ? only : null;

    // The runtime reads the file in native code and follows whatever path stands in it.
    private static void CheckDependencies(string name, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            CheckPaths(name, document.RootElement);
        }
        catch (JsonException error)
        {
            throw new RefusedException(
                PluginFault.LoadFailed,
                Stage,
                $"{name} is not valid JSON: {error.Message}",
                "Build the plugin again; the build writes the file."
            );
        }
    }

    private static void CheckPaths(string name, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    if (property.Name.Split('/', '\\').Contains("..") || Path.IsPathRooted(property.Name))
                    {
                        throw new RefusedException(
                            PluginFault.OutsideFolder,
                            Stage,
                            $"{name} names a file outside the plugin: {property.Name}.",
                            "Build the plugin again; if you did not build it, do not trust it."
                        );
                    }

                    CheckPaths(name, property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var child in element.EnumerateArray())
                {
                    CheckPaths(name, child);
                }

                break;
        }
    }
}
