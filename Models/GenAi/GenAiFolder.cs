using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Runtime;

namespace Tokenwright.Models.GenAi;

/// <summary>
/// A folder that ONNX Runtime GenAI runs: <c>genai_config.json</c>, a graph of grouped-query attention and, usually, a tokenizer.
/// Ours (see <see cref="GenAiExport"/>) and those of its own builder are opened as they are, with no conversion.
/// </summary>
public static class GenAiFolder
{
    /// <summary>Whether a path is such a folder.</summary>
    /// <param name="path">A path.</param>
    public static bool Is(string path) => GenAiConfig.IsIn(path);

    /// <summary>Reads what the folder says of its graph.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CheckpointException">It describes something that cannot be run; the message says what.</exception>
    public static BuiltGraph Open(string folder)
    {
        var config = GenAiConfig.Load(folder);
        var model = config.Model;
        var decoder = model.Decoder;
        string origin = Path.Combine(folder, GenAiConfig.FileName);
        Refuse(
            decoder.Filename.Length == 0 || decoder.Filename != Path.GetFileName(decoder.Filename),
            $"the graph '{decoder.Filename}' is not a file of this folder"
        );
        string file = Path.Combine(folder, decoder.Filename);
        Refuse(!File.Exists(file), $"there is no {decoder.Filename} beside it");
        Refuse(!config.Search.PastPresentShareBuffer, "'past_present_share_buffer' is false, so its attention copies the cache");
        Refuse(
            Math.Min(decoder.NumKeyValueHeads, Math.Min(decoder.HeadSize, decoder.HiddenSize)) < 1
                || Math.Min(decoder.NumHiddenLayers, Math.Min(model.VocabSize, model.ContextLength)) < 1,
            "a size is below 1"
        );
        return new BuiltGraph(
            folder,
            new ModelManifest
            {
                BuilderVersion = 0,
                Architecture = model.Type,
                Layers = decoder.NumHiddenLayers,
                Heads = decoder.NumAttentionHeads,
                KeyValueHeads = decoder.NumKeyValueHeads,
                HeadSize = decoder.HeadSize,
                PaddedHeadSize = decoder.HeadSize,
                HiddenSize = decoder.HiddenSize,
                VocabularySize = model.VocabSize,
                ContextLength = model.ContextLength,
                EndTokenIds = [.. model.EosTokenId.Where(id => (uint)id < (uint)model.VocabSize)],
                BeginTokenId = model.BosTokenId,
                Options = new GraphOptions { Contract = GraphContract.GenAi, Tree = false },
                WeightBytes = new FileInfo(file + ".data") is { Exists: true } data ? data.Length : new FileInfo(file).Length,
            }
        )
        {
            File = decoder.Filename,
            Names = new TensorNames(decoder),
        };

        void Refuse(bool isWrong, string reason)
        {
            if (isWrong)
            {
                throw new CheckpointException(
                    $"{origin}: {reason}. Export the model again for grouped-query attention on the CPU, or use its checkpoint."
                );
            }
        }
    }
}
