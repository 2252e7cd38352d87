using System.Text.Json;
using System.Text.Json.Serialization;
using Tokenwright.Models.Checkpoints;

namespace Tokenwright.Models;

/// <summary>What a model's folder says about the models made to work with it: the file <c>card.json</c>.</summary>
/// <remarks>For example <c>{"companions": {"draft": "../draft"}}</c>. A folder without the file, and a GGUF file, name none.</remarks>
public sealed record ModelCard
{
    /// <summary>The file's name.</summary>
    public const string FileName = "card.json";

    /// <summary>By role, such as <c>draft</c>: a path from the model's folder, or a model's name.</summary>
    public IReadOnlyDictionary<string, string> Companions { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads the card of a model.</summary>
    /// <param name="model">Its folder or file.</param>
    /// <exception cref="CheckpointException">The card is malformed.</exception>
    public static ModelCard Load(string model)
    {
        string path = Path.Combine(model, FileName);
        if (!File.Exists(path))
        {
            return new ModelCard();
        }

        try
        {
            using var file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, ModelCardJson.Default.ModelCard) ?? new ModelCard();
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                $"{path}: {error.Message} A card looks like {{\"companions\": {{\"draft\": \"../draft\"}}}}; mend it or delete it.",
                error
            );
        }
    }

    /// <summary>Where the companion for a role is, or null where none is named.</summary>
    /// <param name="model">The folder of this card.</param>
    /// <param name="role">The role.</param>
    /// <returns>The path of its folder or file if there is one, else what the card says: a name.</returns>
    public string? Companion(string model, string role)
    {
        if (!Companions.TryGetValue(role, out string? named))
        {
            return null;
        }

        string path = Path.GetFullPath(named, Path.GetFullPath(model));
        return Path.Exists(path) ? path : named;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true
)]
[JsonSerializable(typeof(ModelCard))]
internal sealed partial class ModelCardJson : JsonSerializerContext;
