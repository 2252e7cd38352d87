namespace Tokenwright.Cli;

/// <summary>Files that commands write.</summary>
internal static class OutputFile
{
    /// <summary>The full path of a file that can be written.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="BadInputException">It names no file, or one in a folder that does not exist.</exception>
    public static string Check(string option, string name)
    {
        if (name.Length == 0 || Directory.Exists(name))
        {
            throw new BadInputException($"{option} '{name}' names no file; give one.");
        }

        string file = Path.GetFullPath(name);
        string folder = Path.GetDirectoryName(file)!;
        return Directory.Exists(folder)
            ? file
            : throw new BadInputException($"{option} {name}: there is no folder {folder}. Create it, or write elsewhere.");
    }
}
