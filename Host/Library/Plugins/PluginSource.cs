namespace Tokenwright.Host;

/// <summary>A plugin as it lies in a plugin folder: a folder of its own, or a loose DLL.</summary>
/// <param name="Name">The name of the folder, or of the DLL.</param>
/// <param name="Location">The folder, or the DLL.</param>
/// <param name="IsFolder">Which of both.</param>
internal sealed record PluginSource(string Name, string Location, bool IsFolder)
{
    /// <summary>The most files and folders of a plugin.</summary>
    public const int MostEntries = 2000;

    /// <summary>The most bytes of all its files.</summary>
    public const long MostBytes = 512L << 20;

    private const string Stage = "listing its files";
    private const int MostLinks = 40;

    // What belongs to a loose DLL: the files of its name.
    private static readonly string[] Companions = [".deps.json", ".pdb", ".runtimeconfig.json"];

    /// <summary>The folder that holds its files.</summary>
    public string Root => IsFolder ? Location : Path.GetDirectoryName(Location)!;

    /// <summary>The plugins of a folder by ordinal path.</summary>
    public static IEnumerable<PluginSource> Find(string folder)
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
        {
            bool isFolder = Directory.Exists(entry);
            string name = isFolder ? Path.GetFileName(entry) : Path.GetFileNameWithoutExtension(entry);
            if (!name.StartsWith('.') && (isFolder || IsDll(entry)))
            {
                yield return new PluginSource(name, entry, isFolder);
            }
        }
    }

    public static bool IsDll(string file) => Path.GetExtension(file).Equals(".dll", StringComparison.OrdinalIgnoreCase);

    /// <summary>Its files by their paths below <see cref="Root"/>, joined by '/', in ordinal order; nothing is opened.</summary>
    /// <exception cref="RefusedException">A link leads out, or there is too much.</exception>
    public IReadOnlyList<string> Files()
    {
        string above = Real(Path.GetDirectoryName(Location)!);
        string real = Real(Location);
        if (!IsBelow(above, real))
        {
            throw new RefusedException(
                PluginFault.OutsideFolder,
                Stage,
                $"A link leads out of the plugin folder {Path.GetDirectoryName(Location)}.",
                "Copy the plugin into the folder, or name the folder where it lies in plugins.json."
            );
        }

        if (!IsFolder)
        {
            return
            [
                Path.GetFileName(Location),
                .. Companions
                    .Select(extension => Path.ChangeExtension(Location, extension))
                    .Where(file => File.Exists(file) && IsBelow(above, Real(file)))
                    .Select(file => Path.GetFileName(file)),
            ];
        }

        var files = new List<string>();
        var folders = new Stack<string>([Location]);
        for (int entries = 0; folders.TryPop(out string? folder); )
        {
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                string path = Path.GetRelativePath(Location, entry.FullName).Replace(Path.DirectorySeparatorChar, '/');
                if (++entries > MostEntries)
                {
                    throw TooLarge($"It has more than {MostEntries} files and folders.");
                }

                if (entry.LinkTarget is not null && (entry is DirectoryInfo || !IsBelow(real, Real(entry.FullName))))
                {
                    throw new RefusedException(
                        PluginFault.OutsideFolder,
                        Stage,
                        $"{path} is a link that leads out of the plugin, or to a folder.",
                        "Put the files themselves there; a link may lead to a file of the same plugin."
                    );
                }

                if (entry is DirectoryInfo)
                {
                    folders.Push(entry.FullName);
                }
                else
                {
                    files.Add(path);
                }
            }
        }

        files.Sort(StringComparer.Ordinal);
        return files;
    }

    /// <summary>The refusal of a plugin that is larger than any plugin is.</summary>
    public static RefusedException TooLarge(string cause) =>
        new(
            PluginFault.TooLarge,
            Stage,
            cause,
            "Leave out what the plugin does not load; models and data are opened by path, from a folder of their own."
        );

    /// <summary>Whether a path lies below a folder; both are real.</summary>
    public static bool IsBelow(string folder, string path) =>
        path.StartsWith(
            Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar,
            StringComparison.Ordinal
        );

    /// <summary>The path without links, those of its folders included.</summary>
    public static string Real(string path)
    {
        int links = 0;
        return Resolve(Path.GetFullPath(path), ref links);
    }

    private static string Resolve(string path, ref int links)
    {
        string real = Path.GetPathRoot(path)!;
        foreach (string part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            if (File.ResolveLinkTarget(real, returnFinalTarget: true) is not { } target)
            {
                continue;
            }

            // A link into itself has no end.
            if (++links > MostLinks)
            {
                throw new IOException($"{path} leads through more than {MostLinks} links.");
            }

            real = Resolve(target.FullName, ref links);
        }

        return real;
    }
}

/// <summary>Why a plugin is not loaded; becomes a diagnostic.</summary>
internal sealed class RefusedException(PluginFault fault, string stage, string cause, string fix) : Exception(cause)
{
    public PluginDiagnostic About(string plugin, string file) => new(fault, plugin, file, stage, Message, fix);
}
