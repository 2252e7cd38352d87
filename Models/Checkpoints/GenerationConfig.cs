namespace Tokenwright.Models.Checkpoints;

/// <summary>The special ids of a checkpoint: <c>generation_config.json</c> where it speaks, <c>config.json</c> where it does not.</summary>
/// <param name="EndTokenIds">The ids that end a text; may be empty.</param>
/// <param name="BeginTokenId">The id that begins a text, or null.</param>
public sealed record GenerationConfig(IReadOnlyList<int> EndTokenIds, int? BeginTokenId)
{
    /// <summary>Reads the ids of a checkpoint.</summary>
    /// <param name="config">Its configuration.</param>
    /// <param name="generation">Its <c>generation_config.json</c>, or null if it has none.</param>
    /// <exception cref="CheckpointException">An id is malformed or not in the vocabulary.</exception>
    public static GenerationConfig From(CheckpointConfig config, CheckpointConfig? generation)
    {
        CheckpointConfig[] places = generation is null ? [config] : [generation, config];
        IReadOnlyList<int> begin = Ids(config, places, "bos_token_id");
        return new GenerationConfig(Ids(config, places, "eos_token_id"), begin.Count > 0 ? begin[0] : null);
    }

    private static IReadOnlyList<int> Ids(CheckpointConfig config, CheckpointConfig[] places, string field)
    {
        foreach (CheckpointConfig place in places.Where(place => place.Has(field)))
        {
            IReadOnlyList<int> ids = place.TokenIds(field);
            return ids.All(id => id < config.VocabularySize)
                ? ids
                : throw place.Fault(
                    $"'{field}' names an id beyond the vocabulary of {config.VocabularySize}",
                    "Correct the id or use the files that came with the weights."
                );
        }

        return [];
    }
}
