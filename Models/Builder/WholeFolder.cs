namespace Tokenwright.Models.Builder;

/// <summary>Folders that appear complete or not at all: written under a hidden name beside the final one, then renamed.</summary>
internal static class WholeFolder
{
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    /// <summary>Writes a folder. Whatever ends the writing early leaves what was there before.</summary>
    /// <param name="final">The folder's path.</param>
    /// <param name="write">Writes everything into the empty folder it is given.</param>
    /// <param name="isKept">Whether a folder that has the final name by then stays, and what was written is given up.</param>
    public static void Write(string final, Action<string> write, Func<string, bool> isKept)
    {
        string parent = Path.GetDirectoryName(final)!;
        string name = Path.GetFileName(final);
        string temporary = Path.Combine(parent, $".{name[..Math.Min(16, name.Length)]}.{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(temporary);
            SweepAbandoned(parent);
            write(temporary);
            Publish(temporary, final, isKept);
        }
        finally
        {
            TryDelete(temporary);
        }
    }

    /// <summary>Removes a folder: gone at once under its name, whatever becomes of the files.</summary>
    public static void Remove(string folder)
    {
        string hidden = Path.Combine(Path.GetDirectoryName(folder)!, $".removed.{Guid.NewGuid():N}");
        Directory.Move(folder, hidden);
        TryDelete(hidden);
    }

    // The rename is the moment a folder exists. Whoever comes second finds the name taken and uses what is there.
    private static void Publish(string temporary, string final, Func<string, bool> isKept)
    {
        if (Directory.Exists(final) && !isKept(final))
        {
            Remove(final);
        }

        try
        {
            Directory.Move(temporary, final);
        }
        catch (IOException) when (isKept(final)) { }
    }

    // What killed processes left behind.
    private static void SweepAbandoned(string parent)
    {
        foreach (string folder in Directory.EnumerateDirectories(parent, ".*"))
        {
            if (DateTime.UtcNow - Directory.GetLastWriteTimeUtc(folder) > Abandoned)
            {
                TryDelete(folder);
            }
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is invisible and swept later.
        }
    }
}
