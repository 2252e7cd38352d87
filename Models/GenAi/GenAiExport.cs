using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Checkpoints.Gguf;
using Tokenwright.Models.Onnx;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Models.GenAi;

/// <summary>Writes a checkpoint as a folder that ONNX Runtime GenAI 0.18 runs, and <see cref="LanguageModel"/> too.</summary>
public static class GenAiExport
{
    // What a tokenizer and a chat template consist of, wherever the source has it.
    private static readonly string[] TokenizerFiles =
    [
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "chat_template.jinja",
    ];

    /// <summary>Exports a checkpoint.</summary>
    /// <param name="checkpoint">Its folder, or a GGUF file.</param>
    /// <param name="folder">The folder to write; appears complete or not at all.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Stops; nothing is left behind.</param>
    /// <exception cref="CheckpointException">The checkpoint is malformed or not supported.</exception>
    /// <exception cref="IOException">The folder holds something and may not be replaced, or cannot be written.</exception>
    public static void Write(
        string checkpoint,
        string folder,
        GenAiExportOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        options ??= new GenAiExportOptions();
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        bool isTaken = File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any());
        if (isTaken && (!options.Replace || File.Exists(folder)))
        {
            throw new IOException($"{folder} holds something already. Name another folder, or replace it with --force.");
        }

        if (
            Path.GetFullPath(checkpoint).StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            || IsSame(checkpoint, folder)
        )
        {
            throw new IOException($"{folder} holds the checkpoint itself. Name another folder.");
        }

        string parent = Path.GetDirectoryName(folder) ?? throw new IOException($"{folder} is a root. Name a folder in it.");
        string temporary = Path.Combine(parent, $".{Path.GetFileName(folder)}.{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(temporary);
            if (GgufFile.Is(checkpoint))
            {
                using GgufFile file = new(checkpoint);
                GgufCheckpoint opened = new(file);
                Write(opened.Config, opened.Generation, opened, options, temporary, cancellation);
                GgufVocabulary.Write(file, temporary);
            }
            else
            {
                using Checkpoint opened = Checkpoint.Open(checkpoint);
                Write(opened.Config, opened.Generation, opened, options, temporary, cancellation);
                foreach (string name in TokenizerFiles.Where(name => File.Exists(Path.Combine(checkpoint, name))))
                {
                    File.Copy(Path.Combine(checkpoint, name), Path.Combine(temporary, name));
                }
            }

            cancellation.ThrowIfCancellationRequested();
            Publish(temporary, folder);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private static void Write(
        CheckpointConfig config,
        GenerationConfig generation,
        ITensorSource tensors,
        GenAiExportOptions options,
        string folder,
        CancellationToken cancellation
    )
    {
        var graph = new GraphOptions
        {
            Contract = options.AllLogits ? GraphContract.GenAi : GraphContract.GenAiLastRow,
            Tree = false,
            Precision = options.Precision,
        };
        var facts = GraphBuilder.Build(config, generation, tensors, graph, folder, cancellation);
        File.Delete(Path.Combine(folder, ModelManifest.FileName));
        int? padding = config.Has("pad_token_id") ? config.WholeNumber("pad_token_id", 0, facts.VocabularySize - 1) : null;
        new GenAiConfig(
            // The graph is what the type decides there, and every graph of ours is a decoder like this one.
            new GenAiModel(
                "llama",
                facts.VocabularySize,
                facts.ContextLength,
                facts.EndTokenIds,
                new GenAiDecoder(
                    OnnxFiles.Graph,
                    facts.PaddedHeadSize,
                    facts.HiddenSize,
                    facts.Heads,
                    facts.KeyValueHeads,
                    facts.Layers
                )
            )
            {
                BosTokenId = facts.BeginTokenId,
                PadTokenId = padding ?? facts.EndTokenIds.Cast<int?>().FirstOrDefault(),
            },
            new GenAiSearch { MaxLength = facts.ContextLength, PastPresentShareBuffer = true }
        ).Save(folder);
    }

    private static void Publish(string temporary, string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.Move(temporary, folder);
            return;
        }

        // The old folder leaves only once the new one is complete, and comes back if the new one cannot take its place.
        string old = temporary + ".old";
        Directory.Move(folder, old);
        try
        {
            Directory.Move(temporary, folder);
        }
        catch
        {
            Directory.Move(old, folder);
            throw;
        }

        Directory.Delete(old, recursive: true);
    }

    private static bool IsSame(string checkpoint, string folder) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(checkpoint)) == folder;
}

/// <summary>How a checkpoint is exported.</summary>
public sealed record GenAiExportOptions
{
    /// <summary>How the weights are stored.</summary>
    public WeightPrecision Precision { get; init; } = WeightPrecision.Float32;

    /// <summary>
    /// Whether every row has logits. Without them prompts cost less; with them either runtime can check a draft in one forward.
    /// </summary>
    public bool AllLogits { get; init; }

    /// <summary>Whether a folder that holds something is replaced.</summary>
    public bool Replace { get; init; }
}
