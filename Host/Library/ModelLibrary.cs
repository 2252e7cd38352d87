using Tokenwright.Models;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Host;

/// <summary>Opens models by the name of a folder under <c>models/</c> beside the executable, or by the path of any folder or GGUF file.</summary>
/// <remarks>Graphs are built on first use and kept in the cache; the model's own files are never touched.</remarks>
public sealed class ModelLibrary : IModelLibrary
{
    /// <summary>The model that is opened where none is named: the embedded reference target.</summary>
    public const string Default = "target";

    private readonly LanguageModelOptions _options;

    /// <summary>Describes a library; nothing is opened yet.</summary>
    /// <param name="options">How its models run; the name is ignored.</param>
    /// <param name="folder">Where named models lie; null takes <c>models</c> beside the executable.</param>
    public ModelLibrary(LanguageModelOptions? options = null, string? folder = null)
    {
        _options = options ?? new LanguageModelOptions();
        Folder = folder ?? Path.Combine(AppContext.BaseDirectory, "models");
    }

    /// <summary>Where named models lie.</summary>
    public string Folder { get; }

    /// <summary>Names of the models that are there, in order; folders of something else, such as draft heads, are left out.</summary>
    public IReadOnlyList<string> Names =>
        Directory.Exists(Folder)
            ?
            [
                .. Directory
                    .EnumerateDirectories(Folder)
                    .Where(folder => File.Exists(Path.Combine(folder, "generation_config.json")))
                    .Select(folder => Path.GetFileName(folder))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The folder of a model.</summary>
    /// <param name="name">A name or a path.</param>
    /// <exception cref="HostException">There is neither.</exception>
    public string Find(string name)
    {
        string named = Path.Combine(Folder, name);
        if (Names.Contains(name))
        {
            return named;
        }

        if (Directory.Exists(name) || File.Exists(name))
        {
            return name;
        }

        throw new HostException(
            $"There is no model '{name}': neither a folder or file of that path nor one of the names {string.Join(", ", Names)}.{Spelling.Hint(name, Names)}"
        );
    }

    /// <inheritdoc/>
    public LoadedModel Open(string? name, CancellationToken cancellation = default)
    {
        var model = OpenLanguageModel(name, cancellation);
        var tokenizer = model.Tokenizer;
        return new LoadedModel(
            model.Model,
            tokenizer,
            tokenizer is null ? null : text => tokenizer.Encode(text),
            new CompanionModels(this, model.Model.Info, Find(name ?? Default)),
            model.ProfileAsync
        )
        {
            EncodePart = tokenizer is null ? null : text => tokenizer.Encode(text, allowSpecial: false, addSpecial: false),
        };
    }

    /// <summary>Opens a model by itself, with all that can be asked of it.</summary>
    /// <param name="name">A name or a path; null opens the default model.</param>
    /// <param name="cancellation">Ends a long import early; nothing is left behind.</param>
    /// <exception cref="HostException">There is no such model, or it cannot be run; the message says what to do.</exception>
    public Tokenwright.Models.LanguageModel OpenLanguageModel(string? name, CancellationToken cancellation = default)
    {
        try
        {
            return Tokenwright.Models.LanguageModel.Open(
                Find(name ?? Default),
                _options with
                {
                    Name = name ?? Default,
                },
                cancellation
            );
        }
        catch (Exception e) when (e is CheckpointException or TokenizerException or InvalidOperationException or IOException)
        {
            throw new HostException(e.Message, e);
        }
    }
}
