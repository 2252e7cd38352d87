using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenwright.Models.Checkpoints.Gguf;

namespace Tokenwright.Models.Tokenizers;

/// <content>The same tokenizer as files in Hugging Face's layout.</content>
internal static partial class GgufVocabulary
{
    private static readonly JsonSerializerOptions Written = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
        WriteIndented = true,
    };

    /// <summary>
    /// Writes tokenizer_config.json with the special tokens and the chat template, and for byte-level merges tokenizer.json. The
    /// merges of SentencePiece scores are not in the file, so for these there is no tokenizer.json.
    /// </summary>
    /// <param name="file">The GGUF file.</param>
    /// <param name="folder">A folder that has neither.</param>
    /// <exception cref="TokenizerException">The tokenizer is damaged or not supported.</exception>
    public static void Write(GgufFile file, string folder)
    {
        // Reading it first refuses what is damaged, by name.
        Read(file);
        string[] tokens = file.Texts(Prefix + "tokens")!;
        bool hasMerges = file.Text(Prefix + "model") == "gpt2";
        JsonObject config = new() { ["tokenizer_class"] = hasMerges ? "GPT2Tokenizer" : "LlamaTokenizer" };
        foreach (var (role, name) in new[] { ("bos", "bos"), ("eos", "eos"), ("unknown", "unk"), ("padding", "pad") })
        {
            if (file.WholeNumber($"{Prefix}{role}_token_id") is { } id && id >= 0 && id < tokens.Length)
            {
                config[$"{name}_token"] = tokens[id];
            }
        }

        config["add_bos_token"] = AddsToken(file, "bos", hasMerges);
        config["add_eos_token"] = AddsToken(file, "eos", hasMerges);
        if (file.Text("tokenizer.chat_template") is { } template)
        {
            config["chat_template"] = template;
        }

        Save(config, folder, "tokenizer_config.json");
        if (hasMerges)
        {
            Save(Merges(file, tokens, Types(file, tokens.Length)), folder, "tokenizer.json");
        }
    }

    private static JsonObject Merges(GgufFile file, string[] tokens, TokenType[] types)
    {
        PreTokenizer pre = PreTokenizerOf(file);
        JsonObject vocabulary = [];
        for (int id = 0; id < tokens.Length; id++)
        {
            vocabulary.TryAdd(tokens[id], id);
        }

        int[] begin = Around(file, tokens, "bos", otherwise: pre.Begins);
        int[] end = Around(file, tokens, "eos", otherwise: false);
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. Added(tokens, types).Select(Described)]),
            ["normalizer"] = pre.Composes ? new JsonObject { ["type"] = "NFC" } : null,
            ["pre_tokenizer"] = Sequence(
                "pretokenizers",
                [
                    .. pre.Patterns.Select(pattern => new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = pattern },
                        ["behavior"] = "Isolated",
                        ["invert"] = false,
                    }),
                    BytesAsSymbols(),
                ]
            ),
            ["post_processor"] = begin.Length + end.Length == 0 ? BytesAsSymbols() : Template(tokens, begin, end),
            ["decoder"] = BytesAsSymbols(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = pre.TakesWholePieces,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. file.Texts(Prefix + "merges")!.Select(merge => (JsonNode)merge)]),
            },
        };
    }

    private static JsonObject Described(AddedToken token) =>
        new()
        {
            ["id"] = token.Id,
            ["content"] = token.Content,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = token.IsSpecial,
        };

    private static JsonObject Sequence(string members, JsonObject[] steps) =>
        new() { ["type"] = "Sequence", [members] = new JsonArray([.. steps]) };

    private static JsonObject BytesAsSymbols() =>
        new()
        {
            ["type"] = "ByteLevel",
            ["add_prefix_space"] = false,
            ["trim_offsets"] = true,
            ["use_regex"] = false,
        };

    private static JsonObject Template(string[] tokens, int[] begin, int[] end)
    {
        JsonObject special = [];
        foreach (int id in begin.Concat(end).Distinct())
        {
            special[tokens[id]] = new JsonObject
            {
                ["id"] = tokens[id],
                ["ids"] = new JsonArray(id),
                ["tokens"] = new JsonArray(tokens[id]),
            };
        }

        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray([.. begin.Select(Special), Text("A", 0), .. end.Select(Special)]),
            ["pair"] = new JsonArray([.. begin.Select(Special), Text("A", 0), Text("B", 1)]),
            ["special_tokens"] = special,
        };

        JsonNode Special(int id) =>
            new JsonObject
            {
                ["SpecialToken"] = new JsonObject { ["id"] = tokens[id], ["type_id"] = 0 },
            };

        JsonNode Text(string id, int type) =>
            new JsonObject
            {
                ["Sequence"] = new JsonObject { ["id"] = id, ["type_id"] = type },
            };
    }

    private static bool AddsToken(GgufFile file, string role, bool hasMerges) =>
        file.Flag($"{Prefix}add_{role}_token") ?? (role == "bos" && (!hasMerges || PreTokenizerOf(file).Begins));

    private static void Save(JsonObject root, string folder, string name)
    {
        using FileStream file = new(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write);
        JsonSerializer.Serialize(file, root, Written);
        file.Flush(flushToDisk: true);
    }
}
