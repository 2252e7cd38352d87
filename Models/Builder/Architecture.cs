using Tokenwright.Models.Builder.Architectures;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Models.Builder;

/// <summary>One family of checkpoints: how its weights become a graph.</summary>
public abstract class Architecture
{
    /// <summary>Every architecture that can be built. A new one is one file in <c>Architectures</c> and one line here.</summary>
    public static IReadOnlyList<Architecture> All { get; } = [new Llama()];

    /// <summary>The model classes it covers, as <c>config.json</c> names them.</summary>
    public abstract IReadOnlyList<string> ModelClasses { get; }

    /// <summary>The architecture of a checkpoint.</summary>
    /// <param name="config">The checkpoint's configuration.</param>
    /// <exception cref="CheckpointException">No registered architecture covers it.</exception>
    public static Architecture Of(CheckpointConfig config)
    {
        string name = config.Architecture;
        return All.FirstOrDefault(architecture => architecture.ModelClasses.Contains(name))
            ?? throw config.Fault(
                $"architecture '{name}' is not supported; supported are {string.Join(", ", All.SelectMany(one => one.ModelClasses))}",
                "Use a checkpoint of one of these."
            );
    }

    /// <summary>Describes the whole network, from ids to logits.</summary>
    /// <param name="decoder">The graph to describe it in.</param>
    /// <exception cref="CheckpointException">The configuration asks for something the architecture does not cover, or a tensor does not fit.</exception>
    public abstract void Build(DecoderGraph decoder);
}
