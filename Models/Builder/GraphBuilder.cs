using System.Globalization;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Models.Builder;

/// <summary>Turns a checkpoint into an ONNX graph on disk: <c>model.onnx</c>, <c>model.onnx.data</c> and <c>model.json</c>.</summary>
public static class GraphBuilder
{
    /// <summary>Goes up with every change of what is written, so that cached graphs of older builders are not used.</summary>
    public const int Version = 5;

    /// <summary>Builds the graph of a checkpoint.</summary>
    /// <param name="config">The checkpoint's configuration.</param>
    /// <param name="generation">Its special ids.</param>
    /// <param name="tensors">Its weights.</param>
    /// <param name="options">What the graph takes and gives.</param>
    /// <param name="folder">An existing empty folder. If building fails, what is in it is of no use: build into a temporary one.</param>
    /// <param name="cancellation">Checked before every weight.</param>
    /// <returns>The manifest, also written beside the graph.</returns>
    /// <exception cref="CheckpointException">The checkpoint is malformed or not supported.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static ModelManifest Build(
        CheckpointConfig config,
        GenerationConfig generation,
        ITensorSource tensors,
        GraphOptions options,
        string folder,
        CancellationToken cancellation = default
    )
    {
        Architecture architecture = Architecture.Of(config);
        if (config.Has("quantization_config"))
        {
            throw config.Fault("the weights are quantised ('quantization_config')", "Use the checkpoint it was quantised from.");
        }

        DecoderGraph decoder = new(config, tensors, options, Version.ToString(CultureInfo.InvariantCulture));
        architecture.Build(decoder);
        CheckNothingLeft(decoder, tensors);

        long bytes = decoder.Graph.Save(folder, cancellation);
        ModelManifest manifest = new()
        {
            BuilderVersion = Version,
            Architecture = config.Architecture,
            Layers = config.Layers,
            Heads = config.Heads,
            KeyValueHeads = config.KeyValueHeads,
            HeadSize = config.HeadSize,
            PaddedHeadSize = decoder.PaddedHeadSize,
            HiddenSize = config.HiddenSize,
            VocabularySize = config.VocabularySize,
            ContextLength = decoder.ContextLength,
            EndTokenIds = generation.EndTokenIds,
            BeginTokenId = generation.BeginTokenId,
            Options = options,
            WeightBytes = bytes,
            Parameters = Parameters(decoder, tensors),
            Rounding = RoundingSummary.Of(decoder.Graph.Quantised),
        };
        manifest.Save(folder);
        return manifest;
    }

    private static long Parameters(DecoderGraph decoder, ITensorSource tensors) =>
        tensors.Names.Except(decoder.Unused).Sum(name => tensors.ShapeOf(name)!.Aggregate(1L, (a, b) => a * b));

    // A weight that is left over means that the model computes something the graph does not.
    private static void CheckNothingLeft(DecoderGraph decoder, ITensorSource tensors)
    {
        // Tables that older files carry, and a copy of tied embeddings.
        string[] left =
        [
            .. decoder
                .Unused.Where(name =>
                    !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) && name != "lm_head.weight"
                )
                .Order(StringComparer.Ordinal),
        ];
        if (left.Length > 0)
        {
            throw new CheckpointException(
                $"{tensors.Origin}: {left.Length} tensors have no place in {decoder.Config.Architecture}, '{left[0]}' among them. "
                    + $"They are not what {tensors.Description} describes; download the checkpoint again, or use another."
            );
        }
    }
}
