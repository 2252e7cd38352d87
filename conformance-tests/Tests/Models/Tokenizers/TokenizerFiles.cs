using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Tests;

/// <summary>The tokenizers under test: the shipped one, changed copies of it, and real vocabularies where they are at hand.</summary>
internal static class TokenizerFiles
{
    private static readonly string root = FindRoot();

    public static string ReferenceFolder => Path.Combine(root, "Models/Reference/target");

    public static Tokenizer Reference { get; } = Tokenizer.Load(ReferenceFolder);

    public static JsonNode Golden(string name) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(root, "conformance-tests/Tests/Golden", name, "golden.json")))!;

    /// <summary>A vocabulary that is not part of the repository; the test is skipped where it is absent.</summary>
    public static Tokenizer Real(string name)
    {
        var file = Path.Combine(root, "../shared/data/tokenizers", name);
        Assert.SkipUnless(File.Exists(file), $"the vocabulary {name} is not at hand");
        return Tokenizer.Load(file);
    }

    /// <summary>Loads the reference tokenizer.json after a change to it.</summary>
    public static Tokenizer Changed(Action<JsonObject> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(ReferenceFolder, "tokenizer.json")))!.AsObject();
        change(json);
        return FromText(json.ToJsonString());
    }

    /// <summary>Loads a tokenizer.json with the given text, and a configuration beside it.</summary>
    public static Tokenizer FromText(string json, string? config = null)
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "tokenizer.json"), json);
            if (config is not null)
                File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config);
            return Tokenizer.Load(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A variant of the golden file: model is merged, added_tokens are appended, other sections replaced.</summary>
    public static Tokenizer Variant(JsonNode changes) =>
        Changed(json =>
        {
            foreach (var (section, value) in changes.AsObject())
                switch (section)
                {
                    case "model":
                        foreach (var (name, part) in value!.AsObject())
                            json["model"]![name] = part?.DeepClone();
                        break;
                    case "added_tokens":
                        foreach (var token in value!.AsArray())
                            json["added_tokens"]!.AsArray().Add(token!.DeepClone());
                        break;
                    default:
                        json[section] = value?.DeepClone();
                        break;
                }
        });

    public static T To<T>(this JsonNode? node) => node.Deserialize<T>()!;

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Tokenwright.slnx")))
                return folder;
        throw new DirectoryNotFoundException("Run the tests inside the repository.");
    }
}
