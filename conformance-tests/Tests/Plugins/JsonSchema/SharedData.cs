using System.IO.Compression;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>Data beside the repository that is not part of it; tests that need it skip where it is absent.</summary>
internal static class SharedData
{
    public static string Root { get; } = FindRoot();

    public static string File(params string[] parts)
    {
        var path = Path.Combine([Root, "..", "shared", "data", .. parts]);
        Assert.SkipUnless(System.IO.File.Exists(path), $"needs {string.Join('/', parts)} in ../shared/data");
        return path;
    }

    public static IEnumerable<string> MaskBench(int every, int offset)
    {
        using var zipped = new GZipStream(System.IO.File.OpenRead(File("maskbench-dev.jsonl.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(zipped);
        for (var i = 0; reader.ReadLine() is { } line; i++)
        {
            if (i % every == offset)
                yield return line;
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "Tokenwright.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("the tests run outside the repository");
    }
}
