namespace Tokenwright.Tests;

/// <summary>Where the tests find what the repository holds, and what stands beside it.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string ReferenceModel(string name) => Path.Combine(Root, "Models", "Reference", name);

    public static string Golden(params string[] path) => Path.Combine([AppContext.BaseDirectory, "Golden", .. path]);

    /// <summary>A file or folder of the shared data, which a clone may lack: the test is skipped then.</summary>
    public static string Shared(params string[] path)
    {
        string full = Path.GetFullPath(Path.Combine([Root, "..", "shared", .. path]));
        Assert.SkipUnless(Path.Exists(full), $"The shared data is not here: {string.Join('/', path)}.");
        return full;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Tokenwright.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
