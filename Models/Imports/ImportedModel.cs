using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Checkpoints.Gguf;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Models.Imports;

/// <summary>
/// A folder with all that running a model takes: its graph, and the files of the checkpoint that tokenizer and chat need. Once it is
/// written the checkpoint is not needed any more.
/// </summary>
/// <param name="Folder">The folder.</param>
/// <param name="Graph">Its graph.</param>
public sealed record ImportedModel(string Folder, BuiltGraph Graph)
{
    private const string RecordName = "import.json";
    private const string GgufName = "vocabulary.gguf";

    private static readonly string[] Companions =
    [
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "chat_template.jinja",
    ];

    /// <summary>Where its tokenizer and its chat template are: a GGUF file without tensors, or the folder.</summary>
    public string Vocabulary => Path.Combine(Folder, GgufName) is var gguf && File.Exists(gguf) ? gguf : Folder;

    /// <summary>What it was made from; null where nothing says so.</summary>
    public ImportRecord? Record
    {
        get
        {
            try
            {
                return JsonSerializer.Deserialize(
                    File.ReadAllText(Path.Combine(Folder, RecordName)),
                    ImportJson.Default.ImportRecord
                );
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
            {
                return null;
            }
        }
    }

    /// <summary>Opens an imported model; null if the folder is something else.</summary>
    /// <param name="folder">Any path.</param>
    /// <exception cref="CheckpointException">Files of the import are missing or damaged, or another version wrote it.</exception>
    public static ImportedModel? Open(string folder)
    {
        if (!File.Exists(Path.Combine(folder, ModelManifest.FileName)))
        {
            return null;
        }

        BuiltGraph graph =
            GraphCache.TryOpen(folder)
            ?? throw new CheckpointException($"{folder}: the imported model is damaged. Import it again.");
        return graph.Manifest.BuilderVersion == GraphBuilder.Version
            ? new ImportedModel(folder, graph)
            : throw new CheckpointException($"{folder}: was imported by another version of Tokenwright. Import it again.");
    }

    /// <summary>Imports a checkpoint. The folder appears complete or not at all.</summary>
    /// <param name="source">A folder with a checkpoint, or a GGUF file.</param>
    /// <param name="folder">The folder to make; one that exists is replaced, unless it holds the same import already.</param>
    /// <param name="options">What the graph takes and gives.</param>
    /// <param name="content">The checkpoint's <see cref="ContentOf"/>.</param>
    /// <param name="progress">Told how much of the weights has been read, 0 to 1.</param>
    /// <param name="cancellation">Ends the import early; nothing is left behind.</param>
    /// <exception cref="CheckpointException">The checkpoint is malformed or not supported.</exception>
    /// <exception cref="TokenizerException">The tokenizer is malformed or not supported, or has tokens that the model lacks.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static ImportedModel Create(
        string source,
        string folder,
        GraphOptions options,
        string content,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default
    )
    {
        source = GgufFile.In(source);
        Tokenizer? tokenizer = Tokenizer.In(source);
        WholeFolder.Write(
            folder,
            temporary =>
            {
                var manifest = GraphCache.Build(source, options, temporary, progress, cancellation);
                tokenizer?.CheckFits(manifest.VocabularySize, source);
                CopyCompanions(source, temporary);
                ImportRecord record = new(Path.GetFileName(Path.TrimEndingDirectorySeparator(source)), content);
                File.WriteAllText(
                    Path.Combine(temporary, RecordName),
                    JsonSerializer.Serialize(record, ImportJson.Default.ImportRecord)
                );
                cancellation.ThrowIfCancellationRequested();
            },
            existing => IsSame(existing, options, content)
        );
        return Open(folder) ?? throw new IOException($"The model in '{folder}' vanished while it was opened. Run again.");
    }

    /// <summary>Removes an imported model's folder: gone at once under its name.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="IOException">It cannot be moved.</exception>
    public static void Remove(string folder) => WholeFolder.Remove(folder);

    /// <summary>The imported model in a folder; null if there is none, or one that cannot be used.</summary>
    /// <param name="folder">Any path.</param>
    public static ImportedModel? TryOpen(string folder)
    {
        try
        {
            return Open(folder);
        }
        catch (CheckpointException)
        {
            return null;
        }
    }

    /// <summary>Whether a folder holds the import of this checkpoint with these options.</summary>
    /// <param name="folder">Any path.</param>
    /// <param name="options">What the graph takes and gives.</param>
    /// <param name="content">The checkpoint's <see cref="ContentOf"/>.</param>
    public static bool IsSame(string folder, GraphOptions options, string content) =>
        TryOpen(folder) is { } model && model.Graph.Manifest.Options == options && model.Record?.Content == content;

    /// <summary>A hash of every byte of a checkpoint that an import depends on.</summary>
    /// <param name="source">A folder with a checkpoint, or a GGUF file.</param>
    /// <param name="cache">Remembers hashes of large files.</param>
    /// <param name="cancellation">Stops hashing.</param>
    /// <exception cref="CheckpointException">A file is absent or cannot be read, or the folder is an imported model itself.</exception>
    public static string ContentOf(string source, GraphCache cache, CancellationToken cancellation = default)
    {
        if (File.Exists(Path.Combine(source, ModelManifest.FileName)))
        {
            throw new CheckpointException(
                $"{source}: is an imported model already. Give its path to --model, or copy the folder."
            );
        }

        source = GgufFile.In(source);
        StringBuilder text = new(cache.ContentOf(source, cancellation));
        foreach (string file in CompanionsOf(source))
        {
            text.Append('\n').Append(Path.GetFileName(file)).Append(' ');
            text.Append(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))));
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static void CopyCompanions(string source, string folder)
    {
        if (GgufFile.Is(source))
        {
            using GgufFile file = new(source);
            file.SaveMetadata(Path.Combine(folder, GgufName));
            return;
        }

        foreach (string file in CompanionsOf(source))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    private static IEnumerable<string> CompanionsOf(string source) =>
        Directory.Exists(source)
            ?
            [
                .. Companions.Select(name => Path.Combine(source, name)).Where(File.Exists),
                .. Directory.EnumerateFiles(source, "*.tiktoken").Order(StringComparer.Ordinal),
            ]
            : [];
}

/// <summary>What an imported model was made from.</summary>
/// <param name="Source">The name of the checkpoint's folder or file.</param>
/// <param name="Content">A hash of its content.</param>
public sealed record ImportRecord(string Source, string Content);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ImportRecord))]
internal sealed partial class ImportJson : JsonSerializerContext;
