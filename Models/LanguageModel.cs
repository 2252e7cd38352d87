using Tokenwright.Models.Builder;
using Tokenwright.Models.Chat;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Checkpoints.Gguf;
using Tokenwright.Models.GenAi;
using Tokenwright.Models.Imports;
using Tokenwright.Models.Runtime;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Models;

/// <summary>A model ready to run, with its tokenizer if it has one.</summary>
public sealed class LanguageModel : IDisposable
{
    private readonly Lazy<ChatFormat?> _chat;
    private readonly ProfileCache _profiles;

    private LanguageModel(OnnxCausalModel model, Tokenizer? tokenizer, Lazy<ChatFormat?> chat, ProfileCache profiles)
    {
        _chat = chat;
        Model = model;
        Tokenizer = tokenizer;
        _profiles = profiles;
    }

    /// <summary>The model.</summary>
    public OnnxCausalModel Model { get; }

    /// <summary>Its tokenizer; null where the folder has none, then prompts are ids.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>Opens an imported model or a checkpoint, whose graph is built on first use.</summary>
    /// <param name="folder">
    /// An <see cref="ImportedModel"/>; a folder with config.json, safetensors files and, usually, a tokenizer; a GGUF file, which has all of
    /// these, or a folder that holds one; or a folder with genai_config.json and a graph, which runs as it is.
    /// </param>
    /// <param name="options">How it runs.</param>
    /// <param name="cancellation">Ends building early; nothing is left behind.</param>
    /// <exception cref="Checkpoints.CheckpointException">The checkpoint is malformed or not supported.</exception>
    /// <exception cref="TokenizerException">The tokenizer is malformed or not supported, or has tokens that the model lacks.</exception>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    /// <exception cref="InvalidOperationException">The provider or the number of threads is not to be had.</exception>
    public static LanguageModel Open(
        string folder,
        LanguageModelOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        options ??= new LanguageModelOptions();
        OnnxEnvironment.Start(options.Threads);
        OnnxEnvironment.Check(options.Provider);
        var cache = new GraphCache(options.CacheFolder);
        var imported = ImportedModel.Open(folder);
        string checkpoint = imported is null ? GgufFile.In(folder) : folder;
        string vocabulary = imported?.Vocabulary ?? checkpoint;
        var graph =
            imported?.Graph
            ?? (
                GenAiFolder.Is(folder)
                    ? GenAiFolder.Open(folder)
                    : cache.Get(checkpoint, options.Graph, options.Progress, cancellation)
            );
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string name = options.Name ?? (File.Exists(path) ? Path.GetFileNameWithoutExtension(path) : Path.GetFileName(path));

        // Reading the vocabulary and opening the session take about as long; neither needs the other.
        var chat = new Lazy<ChatFormat?>(() => ChatFormat.Load(Path.GetFullPath(vocabulary)));
        var reading = Task.Run(() => ReadTokenizer(vocabulary, graph.Manifest.VocabularySize, chat), CancellationToken.None);
        OnnxCausalModel? model = null;
        try
        {
            model = new OnnxCausalModel(name, graph, options.Provider);
            (var tokenizer, int? endOfTurn) = reading.GetAwaiter().GetResult();
            if (endOfTurn is { } end)
            {
                model.EndWith(end);
            }

            return new LanguageModel(model, tokenizer, chat, new ProfileCache(cache.Folder));
        }
        catch
        {
            model?.Dispose();
            throw;
        }
    }

    /// <summary>How conversations become prompts; null where the checkpoint has no chat template. Read when first asked for.</summary>
    /// <exception cref="ChatTemplateException">The template is malformed or uses what is not supported.</exception>
    public ChatFormat? Chat => _chat.Value;

    /// <summary>The measured cost of the model's forwards on this machine; measured on first use, then cached.</summary>
    public ValueTask<ForwardProfile> ProfileAsync(CancellationToken cancellation = default) =>
        _profiles.GetAsync(Model, cancellation);

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();

    private static (Tokenizer?, int? EndOfTurn) ReadTokenizer(string path, int vocabularySize, Lazy<ChatFormat?> chat)
    {
        if (Tokenizer.In(path) is not { } tokenizer)
        {
            return (null, null);
        }

        tokenizer.CheckFits(vocabularySize, path);
        try
        {
            return (tokenizer, chat.Value?.EndOfTurn(tokenizer));
        }
        catch (Exception error) when (error is ChatTemplateException or CheckpointException)
        {
            // Whoever chats is told.
            return (tokenizer, null);
        }
    }
}

/// <summary>How a model is opened.</summary>
public sealed record LanguageModelOptions
{
    /// <summary>What to call it; null takes the folder's name.</summary>
    public string? Name { get; init; }

    /// <summary>Threads of the process's pool; null takes one per core. Fixed by the first model opened.</summary>
    public int? Threads { get; init; }

    /// <summary>Where it runs.</summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Cpu;

    /// <summary>Folder of built graphs and profiles; null takes <see cref="GraphCache.DefaultFolder"/>.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>What the graph takes and gives.</summary>
    public GraphOptions Graph { get; init; } = new();

    /// <summary>Told how much of the weights has been read, 0 to 1, where a graph is built.</summary>
    public IProgress<double>? Progress { get; init; }
}
