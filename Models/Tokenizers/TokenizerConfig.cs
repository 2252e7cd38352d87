using System.Text.Json;

namespace Tokenwright.Models.Tokenizers;

/// <summary>The part of a tokenizer_config.json that changes ids or what is special.</summary>
internal sealed class TokenizerConfig
{
    /// <summary>Whether a begin token is put in front; null: as the tokenizer file says.</summary>
    public bool? AddBegin { get; private init; }

    /// <summary>Whether an end token is put behind; null: as the tokenizer file says.</summary>
    public bool? AddEnd { get; private init; }

    public string? Begin { get; private init; }

    public string? End { get; private init; }

    /// <summary>False: SentencePiece's dummy prefix goes only where the text begins, not after every special token.</summary>
    public bool Legacy { get; private init; } = true;

    /// <summary>Literal texts of tokens declared special.</summary>
    public HashSet<string> Special { get; } = new(StringComparer.Ordinal);

    /// <summary>added_tokens_decoder.</summary>
    public List<AddedToken> Added { get; } = [];

    /// <summary>Reads the configuration beside a tokenizer file; an empty one if there is none.</summary>
    public static TokenizerConfig Beside(string tokenizerFile)
    {
        var file = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(tokenizerFile))!, "tokenizer_config.json");
        if (Path.GetFileName(tokenizerFile) is not ("tokenizer.json" or "tokenizer.model") || !File.Exists(file))
            return new();
        return JsonFile.Read(file, Parse);
    }

    private static TokenizerConfig Parse(JsonElement root)
    {
        var config = new TokenizerConfig
        {
            AddBegin = root.OptionalFlag("add_bos_token"),
            AddEnd = root.OptionalFlag("add_eos_token"),
            Begin = TokenText(root, "bos_token"),
            End = TokenText(root, "eos_token"),
            Legacy = root.OptionalFlag("legacy") ?? true,
        };
        foreach (var role in new[] { "bos_token", "eos_token", "unk_token", "pad_token" })
            if (TokenText(root, role) is { } text)
                config.Special.Add(text);
        if (root.Optional("added_tokens_decoder") is { } added)
            foreach (var entry in added.EnumerateObject())
            {
                var token = JsonFile.ReadAddedToken(entry.Value, int.Parse(entry.Name, null));
                config.Added.Add(token);
                if (token.IsSpecial)
                    config.Special.Add(token.Content);
            }
        return config;
    }

    /// <summary>A token named by its text or by an object with its content.</summary>
    private static string? TokenText(JsonElement root, string name) =>
        root.Optional(name) is { } value
            ? value.ValueKind == JsonValueKind.Object
                ? value.GetProperty("content").GetString()
                : value.GetString()
            : null;
}
