using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Checkpoints.Gguf;
using Tokenwright.Models.Onnx;
using Tokenwright.Models.Runtime;

namespace Tokenwright.Models.Builder;

/// <summary>A graph on disk, ready to be opened.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="Manifest">What a runtime must know about it.</param>
public sealed record BuiltGraph(string Folder, ModelManifest Manifest)
{
    /// <summary>The graph's file in the folder.</summary>
    public string File { get; init; } = OnnxFiles.Graph;

    /// <summary>The path of the graph.</summary>
    public string Path => System.IO.Path.Combine(Folder, File);

    /// <summary>What tells it from every other graph: in the cache the name of its folder.</summary>
    public string Id { get; init; } = System.IO.Path.GetFileName(Folder);

    /// <summary>The bytes of the graph and its weights on disk.</summary>
    public long Bytes => new FileInfo(Path).Length + Manifest.WeightBytes;

    /// <summary>The names of its inputs and outputs.</summary>
    internal TensorNames Names { get; init; } = new(Manifest.Layers);
}

/// <summary>
/// Built graphs on disk, found by content: a graph belongs to the hash of the checkpoint's files, the builder's version and the
/// options. A graph appears in the cache complete or not at all, whoever else is building it at the same time.
/// </summary>
/// <remarks>Safe for concurrent use by threads and processes. Never writes outside its folder.</remarks>
public sealed class GraphCache
{
    /// <summary>The environment variable that names the cache folder.</summary>
    public const string FolderVariable = "TOKENWRIGHT_CACHE";

    private readonly string _graphs;
    private readonly string _hashes;

    /// <summary>Describes a cache; nothing is created yet.</summary>
    /// <param name="folder">Its folder, or null for <see cref="DefaultFolder"/>.</param>
    public GraphCache(string? folder = null)
    {
        Folder = Path.GetFullPath(folder ?? DefaultFolder);
        _graphs = Path.Combine(Folder, "graphs");
        _hashes = Path.Combine(Folder, "hashes");
    }

    /// <summary><c>$TOKENWRIGHT_CACHE</c>, else <c>tokenwright</c> in the platform's folder for local application data.</summary>
    public static string DefaultFolder
    {
        get
        {
            if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder)
            {
                return folder;
            }

            string data = Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.DoNotVerify
            );
            return data.Length > 0
                ? Path.Combine(data, "tokenwright")
                : throw new IOException(
                    $"This account has no folder for application data. Set {FolderVariable} to a folder that can be written."
                );
        }
    }

    /// <summary>The cache's folder.</summary>
    public string Folder { get; }

    /// <summary>The graph of a checkpoint, built now if it is not there.</summary>
    /// <param name="checkpoint">The checkpoint's folder, or a GGUF file.</param>
    /// <param name="options">What the graph takes and gives.</param>
    /// <param name="cancellation">Stops hashing and building; nothing is left behind.</param>
    /// <exception cref="CheckpointException">The checkpoint is malformed or not supported.</exception>
    /// <exception cref="IOException">The cache cannot be written; the message names the folder and the variable that moves it.</exception>
    public BuiltGraph Get(string checkpoint, GraphOptions options, CancellationToken cancellation = default) =>
        Get(checkpoint, options, progress: null, cancellation);

    /// <inheritdoc cref="Get(string, GraphOptions, CancellationToken)" />
    /// <param name="checkpoint">The checkpoint's folder, or a GGUF file.</param>
    /// <param name="options">What the graph takes and gives.</param>
    /// <param name="progress">Told how much of the weights has been read, 0 to 1, where the graph is built.</param>
    /// <param name="cancellation">Stops hashing and building; nothing is left behind.</param>
    public BuiltGraph Get(string checkpoint, GraphOptions options, IProgress<double>? progress, CancellationToken cancellation) =>
        Get(ContentOf(checkpoint, cancellation), options, folder => Build(checkpoint, options, folder, progress, cancellation));

    /// <summary>A hash of every byte of a checkpoint that decides what its graph is; remembered while the files do not change.</summary>
    /// <param name="checkpoint">The checkpoint's folder, or a GGUF file.</param>
    /// <param name="cancellation">Stops hashing.</param>
    /// <exception cref="CheckpointException">A file is absent or cannot be read.</exception>
    public string ContentOf(string checkpoint, CancellationToken cancellation = default) =>
        GgufFile.Is(checkpoint)
            ? Hash("gguf " + HashReadable(checkpoint, cancellation))
            : HashCheckpoint(checkpoint, cancellation);

    /// <summary>Builds the graph of a checkpoint, the manifest included, into an empty folder.</summary>
    internal static ModelManifest Build(
        string checkpoint,
        GraphOptions options,
        string folder,
        IProgress<double>? progress,
        CancellationToken cancellation
    )
    {
        if (GgufFile.Is(checkpoint))
        {
            using GgufFile file = new(checkpoint);
            GgufCheckpoint gguf = new(file);
            return GraphBuilder.Build(gguf.Config, gguf.Generation, Observed(gguf), options, folder, cancellation);
        }

        using Checkpoint opened = Checkpoint.Open(checkpoint);
        return GraphBuilder.Build(opened.Config, opened.Generation, Observed(opened), options, folder, cancellation);

        ITensorSource Observed(ITensorSource tensors) => progress is null ? tensors : new ObservedTensors(tensors, progress);
    }

    /// <summary>The graph of any other source, built now if it is not there.</summary>
    /// <param name="content">A hash of everything the graph is built from.</param>
    /// <param name="options">What the graph takes and gives.</param>
    /// <param name="build">Builds the graph into the folder it is given, manifest included.</param>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    public BuiltGraph Get(string content, GraphOptions options, Action<string> build)
    {
        string key = Key(content, options);
        string final = Path.Combine(_graphs, key);
        if (TryOpen(final) is { } cached)
        {
            return cached;
        }

        try
        {
            WholeFolder.Write(final, build, folder => TryOpen(folder) is not null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The graph cache '{Folder}' cannot be written: {error.Message.TrimEnd('.')}. Free some space or set {FolderVariable} to another folder.",
                error
            );
        }

        return TryOpen(final) ?? throw new IOException($"The graph in '{final}' vanished while it was opened. Run again.");
    }

    /// <summary>A built graph; null if the folder holds none, or not a whole one.</summary>
    internal static BuiltGraph? TryOpen(string folder)
    {
        try
        {
            ModelManifest manifest = ModelManifest.Load(folder);
            bool whole =
                File.Exists(Path.Combine(folder, OnnxFiles.Graph))
                && new FileInfo(Path.Combine(folder, OnnxFiles.Weights)).Length == manifest.WeightBytes;
            return whole ? new BuiltGraph(folder, manifest) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static string Key(string content, GraphOptions options)
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{content}\n{GraphBuilder.Version}\n{JsonSerializer.Serialize(options, ModelManifestJson.Default.GraphOptions)}"
        );
        return Hash(text);
    }

    private string HashCheckpoint(string folder, CancellationToken cancellation)
    {
        StringBuilder text = new();
        foreach (string path in Checkpoint.FilesOf(folder))
        {
            text.Append(Path.GetFileName(path)).Append(' ').Append(HashReadable(path, cancellation)).Append('\n');
        }

        return Hash(text.ToString());
    }

    private string HashReadable(string path, CancellationToken cancellation)
    {
        try
        {
            return HashFile(path, cancellation);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(
                $"{path}: does not exist. A checkpoint is a folder with config.json and safetensors files; check the path or download the missing file.",
                error
            );
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read ({error.Message}) Check its permissions.", error);
        }
    }

    // Hashing gigabytes at every start would take longer than opening the model: the hash is remembered for as long as path,
    // length and time of last change stay the same.
    private string HashFile(string path, CancellationToken cancellation)
    {
        FileInfo file = new(Path.GetFullPath(path));
        // Downloaders put links in place of files; what counts is the length and time of what a link leads to.
        file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        string stamp = string.Create(
            CultureInfo.InvariantCulture,
            $"{file.FullName}\n{file.Length}\n{file.LastWriteTimeUtc.Ticks}\n"
        );
        string memo = Path.Combine(_hashes, Hash(file.FullName));
        try
        {
            string known = File.ReadAllText(memo);
            if (known.StartsWith(stamp, StringComparison.Ordinal) && known.Length == stamp.Length + SHA256.HashSizeInBytes * 2)
            {
                return known[stamp.Length..];
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Not remembered.
        }

        string hash = HashContent(file, cancellation);
        try
        {
            Directory.CreateDirectory(_hashes);
            string temporary = $"{memo}.{Guid.NewGuid():N}";
            File.WriteAllText(temporary, stamp + hash);
            File.Move(temporary, memo, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Remembering is a convenience; a cache that cannot be written is reported when a graph is.
        }

        return hash;
    }

    private static string HashContent(FileInfo file, CancellationToken cancellation)
    {
        using FileStream stream = new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        for (int read; (read = stream.Read(buffer)) > 0; )
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
