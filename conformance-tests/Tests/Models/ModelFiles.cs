using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tokenwright.Models.Builder;

namespace Tokenwright.Tests.Models;

/// <summary>Where the checkpoints and golden outputs of these tests are, and a graph cache that ends with the process.</summary>
internal static class ModelFiles
{
    private static readonly Lazy<GraphCache> s_cache = new(() =>
    {
        string folder = Path.Combine(Path.GetTempPath(), $"tokenwright-tests-{Environment.ProcessId}");
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        };
        return new GraphCache(folder);
    });

    public static GraphCache Cache => s_cache.Value;

    public static BuiltGraph Graph(string checkpoint, GraphOptions options) =>
        Cache.Get(checkpoint, options, TestContext.Current.CancellationToken);

    public static string Golden => Path.Combine(AppContext.BaseDirectory, "Golden");

    public static string Repository
    {
        get
        {
            string? folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Combine(folder, "Tokenwright.slnx")))
            {
                folder = Path.GetDirectoryName(folder);
            }

            return folder ?? throw new InvalidOperationException("The tests run outside the repository.");
        }
    }

    public static string Reference(string model) => Path.Combine(Repository, "Models", "Reference", model);

    public static string HuggingFaceGolden(string model)
    {
        string folder = Path.Combine(Repository, "..", "shared", "data", "hf-golden", model);
        Assert.SkipUnless(Directory.Exists(folder), "The folder of golden checkpoints beside the repository is absent.");
        return folder;
    }

    public static JsonElement Json(string path) => JsonElement.Parse(File.ReadAllText(path));

    public static int[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetInt32())];

    /// <summary>A float32 matrix in NumPy's format, row by row.</summary>
    public static float[][] Matrix(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int header = 10 + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        string text = System.Text.Encoding.ASCII.GetString(bytes, 10, header - 10);
        int[] shape =
        [
            .. text.Split('(')[1]
                .Split(')')[0]
                .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(int.Parse),
        ];
        text.Should().Contain("'<f4'").And.Contain("'fortran_order': False");
        float[] values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(header)).ToArray();
        return [.. values.Chunk(shape[^1])];
    }
}

/// <summary>A folder that is deleted with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tokenwright-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
