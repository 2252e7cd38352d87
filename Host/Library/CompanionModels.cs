using Tokenwright.Models;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Host;

/// <summary>The models that parts ask for beside a target: each is opened once, shared by all generations, and owned by this.</summary>
/// <remarks>Safe for concurrent use; whoever comes second waits for the first.</remarks>
/// <param name="library">Where models are found.</param>
/// <param name="target">The target.</param>
/// <param name="path">The target's folder or file, where its card is.</param>
internal sealed class CompanionModels(ModelLibrary library, ModelInfo target, string path) : IModelSource, IDisposable
{
    private readonly Dictionary<string, Tokenwright.Models.LanguageModel> _opened = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1);

    /// <inheritdoc/>
    public async ValueTask<ICausalModel> OpenAsync(string role, string? name, CancellationToken cancellation = default)
    {
        name ??= NameOnCard(role);
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            string folder = Path.GetFullPath(library.Find(name));
            if (!_opened.TryGetValue(folder, out var model))
            {
                model = Open(role, name, cancellation);
                _opened.Add(folder, model);
            }

            return model.Model;
        }
        catch (HostException error)
        {
            throw new InvalidOperationException(error.Message, error);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ForwardProfile?> ProfileAsync(ICausalModel model, CancellationToken cancellation = default)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return _opened.Values.FirstOrDefault(opened => opened.Model == model) is { } known
                ? await known.ProfileAsync(cancellation).ConfigureAwait(false)
                : null;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var model in _opened.Values)
        {
            model.Dispose();
        }

        _gate.Dispose();
    }

    private string NameOnCard(string role)
    {
        try
        {
            return ModelCard.Load(path).Companion(path, role)
                ?? throw new InvalidOperationException(
                    $"The card of model '{target.Name}' names no {role} model. Name one: {string.Join(", ", library.Names)}, or the path of a folder."
                );
        }
        catch (CheckpointException error)
        {
            throw new InvalidOperationException(error.Message, error);
        }
    }

    private Tokenwright.Models.LanguageModel Open(string role, string name, CancellationToken cancellation)
    {
        var model = library.OpenLanguageModel(name, cancellation);
        if (model.Model.Info.VocabularySize == target.VocabularySize)
        {
            return model;
        }

        int size = model.Model.Info.VocabularySize;
        model.Dispose();
        throw new HostException(
            $"The {role} model '{name}' has a vocabulary of {size} tokens and the target '{target.Name}' one of {target.VocabularySize}. Take one that shares the target's vocabulary."
        );
    }
}
