using Tokenwright.Models;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Chat;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Imports;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Host;

/// <summary>
/// Opens models by name, those under <c>models/</c> beside the executable and those that were imported, or by the path of any folder or GGUF
/// file.
/// </summary>
/// <remarks>Graphs are built on first use and kept in the cache; the model's own files are never touched.</remarks>
public sealed class ModelLibrary : IModelLibrary
{
    /// <summary>The model that is opened where none is named: the embedded reference target.</summary>
    public const string Default = "target";

    private readonly LanguageModelOptions _options;
    private readonly GraphCache _cache;

    /// <summary>Describes a library; nothing is opened yet.</summary>
    /// <param name="options">How its models run; the name is ignored.</param>
    /// <param name="folder">Where the embedded models lie; null takes <c>models</c> beside the executable.</param>
    public ModelLibrary(LanguageModelOptions? options = null, string? folder = null)
    {
        _options = options ?? new LanguageModelOptions();
        _cache = new GraphCache(_options.CacheFolder);
        Folder = folder ?? Path.Combine(AppContext.BaseDirectory, "models");
        ImportFolder = Path.Combine(_cache.Folder, "models");
    }

    /// <summary>Where the embedded models lie.</summary>
    public string Folder { get; }

    /// <summary>Where imported models lie: <c>models</c> in the cache's folder.</summary>
    public string ImportFolder { get; }

    /// <summary>Names of the models that are there, in order; folders of something else, such as draft heads, are left out.</summary>
    public IReadOnlyList<string> Names => [.. Embedded.Concat(Imported).Order(StringComparer.Ordinal)];

    /// <summary>Names of the imported models, in order.</summary>
    public IReadOnlyList<string> Imported => NamesIn(ImportFolder, ModelManifest.FileName);

    private IReadOnlyList<string> Embedded => NamesIn(Folder, "generation_config.json");

    /// <summary>The folder of a model.</summary>
    /// <param name="name">A name or a path.</param>
    /// <exception cref="HostException">There is neither.</exception>
    public string Find(string name)
    {
        if (Embedded.Contains(name))
        {
            return Path.Combine(Folder, name);
        }

        if (Imported.Contains(name))
        {
            return Path.Combine(ImportFolder, name);
        }

        if (Directory.Exists(name) || File.Exists(name))
        {
            return name;
        }

        throw new HostException(
            $"There is no model '{name}': neither a folder or file of that path nor one of the names {string.Join(", ", Names)}.{Spelling.Hint(name, Names)}"
        );
    }

    /// <summary>Imports a checkpoint under a name. It is there complete or not at all, and then the checkpoint is not needed any more.</summary>
    /// <param name="source">The path of a folder with a checkpoint, or of a GGUF file.</param>
    /// <param name="name">The name; null takes the file's or folder's.</param>
    /// <param name="replace">Whether a model of the name that was imported from something else is replaced.</param>
    /// <param name="cancellation">Ends the import early; nothing is left behind.</param>
    /// <returns>The model, and whether it was imported now; false if it was there already.</returns>
    /// <exception cref="HostException">It cannot be imported; the message says what to do.</exception>
    public (ImportedModel Model, bool IsNew) Import(
        string source,
        string? name = null,
        bool replace = false,
        CancellationToken cancellation = default
    )
    {
        if (!Path.Exists(source))
        {
            throw new HostException($"There is no file or folder '{source}' to import.");
        }

        name ??= DefaultName(source);
        Check(name);
        string folder = Path.Combine(ImportFolder, name);
        try
        {
            string content = ImportedModel.ContentOf(source, _cache, cancellation);
            if (ImportedModel.IsSame(folder, _options.Graph, content))
            {
                return (ImportedModel.Open(folder)!, false);
            }

            if (ImportedModel.TryOpen(folder) is not null && !replace)
            {
                throw new HostException(
                    $"There is another model '{name}' already, in {folder}. Give this one another --name, or replace that one with --force."
                );
            }

            return (ImportedModel.Create(source, folder, _options.Graph, content, _options.Progress, cancellation), true);
        }
        catch (Exception error) when (error is CheckpointException or TokenizerException)
        {
            throw new HostException(error.Message, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new HostException(
                $"The model cannot be imported to '{folder}': {error.Message.TrimEnd('.')}. Free some space or set {GraphCache.FolderVariable} to another folder.",
                error
            );
        }
    }

    /// <summary>Removes an imported model.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="HostException">There is none of that name, or it cannot be removed.</exception>
    public void Remove(string name)
    {
        if (!Imported.Contains(name))
        {
            throw new HostException(
                Imported.Count == 0
                    ? $"There is no imported model '{name}', nor any other."
                    : $"There is no imported model '{name}'; imported are {string.Join(", ", Imported)}.{Spelling.Hint(name, Imported)}"
            );
        }

        try
        {
            ImportedModel.Remove(Path.Combine(ImportFolder, name));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new HostException($"Model '{name}' cannot be removed: {error.Message}", error);
        }
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
            EncodeChat = tokenizer is null ? null : messages => EncodeChat(model, messages),
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

    private static IReadOnlyList<int> EncodeChat(Tokenwright.Models.LanguageModel model, IReadOnlyList<ChatMessage> messages)
    {
        try
        {
            return (
                model.Chat
                ?? throw new HostException(
                    $"Model '{model.Model.Info.Name}' has no chat template. Continue a text with run, without --chat; or take a chat model: its template is in chat_template.jinja, in tokenizer_config.json or in the GGUF file."
                )
            ).Encode(messages, model.Tokenizer!);
        }
        catch (Exception error) when (error is ChatTemplateException or CheckpointException)
        {
            throw new HostException(error.Message, error);
        }
    }

    private static string[] NamesIn(string folder, string file) =>
        Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateDirectories(folder)
                    .Where(one => File.Exists(Path.Combine(one, file)))
                    .Select(one => Path.GetFileName(one))
                    .Where(name => !name.StartsWith('.'))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    private static string DefaultName(string source)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source));
        return (File.Exists(path) ? Path.GetFileNameWithoutExtension(path) : Path.GetFileName(path)).ToLowerInvariant();
    }

    private void Check(string name)
    {
        if (name.Length == 0 || name[0] is '.' or '-' || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            throw new HostException(
                $"'{name}' cannot be a model's name: letters, digits, '.', '-' and '_' make one. Give another with --name."
            );
        }

        if (Embedded.Contains(name))
        {
            throw new HostException($"'{name}' is the name of an embedded model. Give another with --name.");
        }
    }
}
