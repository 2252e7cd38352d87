using System.Text.Json;

namespace Tokenwright.Models.Checkpoints;

/// <summary>
/// A checkpoint folder in Hugging Face's layout: <c>config.json</c>, optionally <c>generation_config.json</c>, and weights in
/// <c>model.safetensors</c> or in shards listed by <c>model.safetensors.index.json</c>.
/// </summary>
public sealed class Checkpoint : ITensorSource, IDisposable
{
    private const string ConfigName = "config.json";
    private const string GenerationName = "generation_config.json";
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, SafetensorsFile> _places = [];

    private Checkpoint(string folder) => Origin = folder;

    /// <inheritdoc />
    public string Origin { get; }

    /// <summary>The model's configuration.</summary>
    public required CheckpointConfig Config { get; init; }

    /// <summary>The special ids.</summary>
    public required GenerationConfig Generation { get; init; }

    /// <inheritdoc />
    public IEnumerable<string> Names => _places.Keys;

    /// <summary>Opens a folder and checks every file in it that a graph is built from.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CheckpointException">A file is absent or malformed.</exception>
    public static Checkpoint Open(string folder)
    {
        CheckpointConfig config = CheckpointConfig.Load(Path.Combine(folder, ConfigName));
        string generation = Path.Combine(folder, GenerationName);
        Checkpoint checkpoint = new(folder)
        {
            Config = config,
            Generation = GenerationConfig.From(config, File.Exists(generation) ? CheckpointConfig.Load(generation) : null),
        };
        try
        {
            checkpoint.OpenWeights();
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>The files that decide what graph a checkpoint gives, in a fixed order.</summary>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <exception cref="CheckpointException">There are no weights, or the shard list is malformed.</exception>
    public static IReadOnlyList<string> FilesOf(string folder)
    {
        List<string> names = [ConfigName];
        if (File.Exists(Path.Combine(folder, GenerationName)))
        {
            names.Add(GenerationName);
        }

        string index = Path.Combine(folder, IndexName);
        if (!File.Exists(Path.Combine(folder, SingleName)) && File.Exists(index))
        {
            names.Add(IndexName);
            names.AddRange(ReadIndex(index).Values.Distinct().Order(StringComparer.Ordinal));
        }
        else
        {
            names.Add(SingleName);
        }

        return [.. names.Select(name => Path.Combine(folder, name))];
    }

    /// <inheritdoc />
    public IReadOnlyList<long>? ShapeOf(string name) => _places.GetValueOrDefault(name)?.ShapeOf(name);

    /// <inheritdoc />
    public void ReadRows(string name, int first, Span<float> destination)
    {
        if (!_places.TryGetValue(name, out SafetensorsFile? file))
        {
            throw new CheckpointException(
                $"{Origin}: there is no tensor '{name}'. Check that the weights belong to this config.json."
            );
        }

        file.ReadRows(name, first, destination);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files)
        {
            file.Dispose();
        }
    }

    private void OpenWeights()
    {
        string single = Path.Combine(Origin, SingleName);
        string index = Path.Combine(Origin, IndexName);
        if (File.Exists(single))
        {
            SafetensorsFile file = Open(single, _files);
            foreach (string name in file.Names)
            {
                _places.Add(name, file);
            }

            return;
        }

        if (!File.Exists(index))
        {
            throw new CheckpointException(
                $"{Origin}: has neither {SingleName} nor {IndexName}. Weights are read from safetensors only; convert a .bin or .pth checkpoint first."
            );
        }

        Dictionary<string, string> map = ReadIndex(index);
        Dictionary<string, SafetensorsFile> shards = [];
        foreach ((string tensor, string shard) in map)
        {
            if (!shards.TryGetValue(shard, out SafetensorsFile? file))
            {
                shards[shard] = file = Open(Path.Combine(Origin, shard), _files);
            }

            _places[tensor] = file.ShapeOf(tensor) is not null
                ? file
                : throw new CheckpointException(
                    $"{file.Origin}: tensor '{tensor}' is missing, though {IndexName} places it there. Download the checkpoint again."
                );
        }
    }

    private static SafetensorsFile Open(string path, List<SafetensorsFile> files)
    {
        SafetensorsFile file = new(path);
        files.Add(file);
        return file;
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        const string Remedy = "Download the checkpoint again.";
        Dictionary<string, string> map = [];
        try
        {
            JsonElement root = JsonElement.Parse(File.ReadAllText(path));
            if (
                root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("weight_map", out JsonElement entries)
                || entries.ValueKind != JsonValueKind.Object
            )
            {
                throw new CheckpointException($"{path}: has no 'weight_map' of tensor names to files. {Remedy}");
            }

            foreach (JsonProperty entry in entries.EnumerateObject())
            {
                string? shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
                // A name with a folder in it could point anywhere on the disk.
                if (string.IsNullOrEmpty(shard) || shard.AsSpan().ContainsAny('/', '\\', '\0') || shard is "." or "..")
                {
                    throw new CheckpointException(
                        $"{path}: tensor '{entry.Name}' is not placed in a file of this folder. {Remedy}"
                    );
                }

                map[entry.Name] = shard;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"{path}: is not valid JSON. {Remedy}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read ({error.Message}) Check its permissions.", error);
        }

        return map;
    }
}
