using System.Security.Cryptography;
using System.Text;
using Tokenwright.Models.Builder;

namespace Tokenwright.Host;

/// <summary>The copy of a plugin that is loaded: what was hashed is what runs, and the author's files may be replaced meanwhile.</summary>
/// <remarks>
/// Copies lie in the folder <c>plugins</c> of the cache, found by content; a copy appears complete or not at all, and is hashed again at every
/// use. Of those that nobody holds the last few are kept.
/// </remarks>
/// <param name="Folder">Where it lies.</param>
/// <param name="Hashes">The SHA-256 of every file by its path below the folder, in ordinal order.</param>
internal sealed record ShadowCopy(string Folder, IReadOnlyDictionary<string, string> Hashes)
{
    private const string Stage = "copying it";
    private const int MostUnused = 32;
    private static readonly TimeSpan Young = TimeSpan.FromHours(1);

    /// <summary>Finds or makes the copy of a plugin.</summary>
    /// <exception cref="RefusedException">It is too large, or changes meanwhile.</exception>
    /// <exception cref="IOException">It cannot be read, or the cache cannot be written.</exception>
    public static ShadowCopy Of(PluginSource source)
    {
        var files = source.Files();
        CheckSize(source, files);
        var hashes = Hash(source.Root, files);
        string cache = Path.Combine(Path.GetFullPath(GraphCache.DefaultFolder), "plugins");
        MakeFolder(cache);
        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Listing(hashes))));

        // A copy that somebody damaged may still be in use, so another one is made beside it.
        for (int turn = 0; ; turn++)
        {
            string folder = Path.Combine(cache, turn == 0 ? name : $"{name}-{turn}");
            if (!Directory.Exists(folder))
            {
                Make(source, hashes, folder);
                Prune(cache, MostUnused);
            }

            if (IsIntact(folder, hashes))
            {
                Touch(folder);
                return new ShadowCopy(folder, hashes);
            }
        }
    }

    /// <summary>The hash of every file.</summary>
    public static SortedDictionary<string, string> Hash(string root, IEnumerable<string> files)
    {
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in files)
        {
            hashes.Add(file, HashFile(Path.Combine(root, file)));
        }

        return hashes;
    }

    // What sha256sum prints of the files in ordinal order.
    private static string Listing(IReadOnlyDictionary<string, string> hashes) =>
        string.Concat(hashes.Select(file => $"{file.Value}  {file.Key}\n"));

    private static string HashFile(string file)
    {
        // A pipe or a device has no length, and opening one may never end.
        if (Length(file) == 0)
        {
            return Convert.ToHexStringLower(SHA256.HashData([]));
        }

        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static void CheckSize(PluginSource source, IReadOnlyList<string> files)
    {
        long total = files.Sum(file => Length(Path.Combine(source.Root, file)));
        if (total > PluginSource.MostBytes)
        {
            throw PluginSource.TooLarge(
                $"Its files have {total >> 20} MiB together; at most {PluginSource.MostBytes >> 20} MiB may be loaded."
            );
        }
    }

    private static long Length(string file) => new FileInfo(PluginSource.Real(file)).Length;

    private static void Make(PluginSource source, IReadOnlyDictionary<string, string> hashes, string folder)
    {
        string part = $"{folder}.{Path.GetRandomFileName()}.part";
        try
        {
            Directory.CreateDirectory(part);
            foreach (string file in hashes.Keys)
            {
                string target = Path.Combine(part, file);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                string from = PluginSource.Real(Path.Combine(source.Root, file));
                if (Length(from) == 0)
                {
                    File.Create(target).Dispose();
                }
                else
                {
                    File.Copy(from, target);
                }
            }

            if (!IsIntact(part, hashes))
            {
                throw new RefusedException(
                    PluginFault.LoadFailed,
                    Stage,
                    "Its files changed while they were read.",
                    "Load it again once they are all there."
                );
            }

            Directory.Move(part, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process was faster.
        }
        finally
        {
            if (Directory.Exists(part))
            {
                Directory.Delete(part, recursive: true);
            }
        }
    }

    private static bool IsIntact(string folder, IReadOnlyDictionary<string, string> hashes)
    {
        try
        {
            string[] files = [.. new PluginSource(Path.GetFileName(folder), folder, IsFolder: true).Files()];
            return files.SequenceEqual(hashes.Keys) && Hash(folder, files).SequenceEqual(hashes);
        }
        catch (Exception error) when (error is RefusedException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // Nobody else may write there: what was checked is loaded a moment later.
    private static void MakeFolder(string cache)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(cache);
            }
            else
            {
                Directory.CreateDirectory(cache, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(
                PluginFault.LoadFailed,
                Stage,
                $"The folder for copies of plugins, {cache}, cannot be made: {error.Message}",
                $"Set {GraphCache.FolderVariable} to a folder that can be written."
            );
        }
    }

    private static void Touch(string folder)
    {
        try
        {
            Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It only looks unused then, and is made again when it is gone.
        }
    }

    /// <summary>Keeps a copy from being deleted; dispose it when the copy is no longer needed.</summary>
    /// <param name="file">A file of the copy.</param>
    public static FileStream Hold(string file) => new(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);

    /// <summary>Deletes the copies that nobody holds but for those used last.</summary>
    /// <param name="cache">The folder of the copies.</param>
    /// <param name="kept">How many stay whether they are in use or not.</param>
    public static void Prune(string cache, int kept)
    {
        var old = new DirectoryInfo(cache)
            .EnumerateDirectories()
            .OrderByDescending(copy => copy.LastWriteTimeUtc)
            .Skip(kept)
            .Where(copy => DateTime.UtcNow - copy.LastWriteTimeUtc > Young);
        foreach (var copy in old)
        {
            try
            {
                if (!copy.EnumerateFiles("*", SearchOption.AllDirectories).Any(IsHeld))
                {
                    copy.Delete(recursive: true);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Later, then.
            }
        }
    }

    private static bool IsHeld(FileInfo file)
    {
        try
        {
            using var alone = file.Open(FileMode.Open, FileAccess.Read, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
