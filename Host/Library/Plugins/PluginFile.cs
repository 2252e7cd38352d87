namespace Tokenwright.Host;

/// <summary>Where a plugin is: its name and its main DLL.</summary>
internal sealed record PluginFile(string Name, string MainDll)
{
    private const string Stage = "looking for its main DLL";

    /// <summary>Finds the plugins of a folder by ordinal path: each sub-directory is one, each loose DLL is one.</summary>
    public static IEnumerable<PluginFile> Find(string folder, Action<PluginDiagnostic> report)
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
        {
            bool isDirectory = Directory.Exists(entry);
            string name = isDirectory ? Path.GetFileName(entry) : Path.GetFileNameWithoutExtension(entry);
            if (name.StartsWith('.') || (!isDirectory && !IsDll(entry)))
            {
                continue;
            }

            if (Locate(folder, entry, isDirectory, name, report) is { } mainDll)
            {
                yield return new PluginFile(name, mainDll);
            }
        }
    }

    private static string? Locate(string folder, string entry, bool isDirectory, string name, Action<PluginDiagnostic> report)
    {
        PluginDiagnostic At(PluginFault fault, string cause, string fix) => new(fault, name, entry, Stage, cause, fix);
        try
        {
            string? mainDll = isDirectory ? Main(entry, name, report) : entry;
            if (mainDll is not null && IsOutside(folder, entry, mainDll))
            {
                report(
                    At(
                        PluginFault.OutsideFolder,
                        $"A link leads out of the plugin folder {folder}.",
                        "Copy the plugin into the folder, or name the folder where it lies in plugins.json."
                    )
                );
                return null;
            }

            return mainDll;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            report(At(PluginFault.LoadFailed, $"It cannot be read: {error.Message}", "Check its permissions."));
            return null;
        }
    }

    private static string? Main(string directory, string name, Action<PluginDiagnostic> report)
    {
        string[] files = [.. Directory.EnumerateFiles(directory).Where(IsDll).Order(StringComparer.Ordinal)];
        string named = Path.Combine(directory, name + ".dll");
        if (files.Contains(named))
        {
            return named;
        }

        string? only =
            Only(files)
            ?? Only(files.Where(file => File.Exists(Path.ChangeExtension(file, ".deps.json"))))
            ?? Only(files.Where(file => AssemblyFacts.Read(file)?.Contract is not null));
        if (only is null)
        {
            report(
                new PluginDiagnostic(
                    PluginFault.LoadFailed,
                    name,
                    directory,
                    Stage,
                    files.Length == 0
                        ? "The folder holds no DLL."
                        : $"The folder holds {files.Length} DLLs and none of them is clearly the plugin.",
                    $"Name the plugin's DLL {name}.dll, like its folder."
                )
            );
        }

        return only;
    }

    private static string? Only(IEnumerable<string> files) => files.Take(2).ToArray() is [var only] ? only : null;

    private static bool IsDll(string file) => Path.GetExtension(file).Equals(".dll", StringComparison.OrdinalIgnoreCase);

    private static bool IsOutside(string folder, string entry, string mainDll)
    {
        string root = Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar;
        return new[] { Directory.ResolveLinkTarget(entry, true), File.ResolveLinkTarget(mainDll, true) }.Any(target =>
            target is not null && !target.FullName.StartsWith(root, StringComparison.Ordinal)
        );
    }
}
