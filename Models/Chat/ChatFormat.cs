using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Checkpoints.Gguf;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Models.Chat;

/// <summary>A checkpoint's chat template with the special tokens that it may name. The template is parsed when it is first used.</summary>
public sealed class ChatFormat
{
    private readonly Lazy<ChatTemplate> _template;

    /// <summary>Pairs a template with its variables.</summary>
    /// <param name="source">The template's text.</param>
    /// <param name="origin">What error messages call it.</param>
    /// <param name="variables">An object of further variables: <c>bos_token</c>, <c>eos_token</c> and the like.</param>
    public ChatFormat(string source, string origin, JsonElement variables)
    {
        Source = source;
        Variables = variables;
        _template = new(() => ChatTemplate.Parse(source, origin));
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>The special tokens, an object.</summary>
    public JsonElement Variables { get; }

    /// <summary>The template.</summary>
    /// <exception cref="ChatTemplateException">It is malformed.</exception>
    public ChatTemplate Template => _template.Value;

    /// <summary>The prompt of a conversation; encode it with special tokens allowed and none added.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the prompt ends with the beginning of an answer.</param>
    /// <exception cref="ChatTemplateException">The template is malformed or refuses the conversation.</exception>
    public string Prompt(IEnumerable<ChatMessage> messages, bool addGenerationPrompt = true) =>
        Template.Render(messages, addGenerationPrompt, Variables);

    /// <summary>
    /// The ids of a conversation's prompt. What the messages say is text and nothing else: a special token spelled out in one of them is
    /// encoded as its characters, and cannot pass for the template's own.
    /// </summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <exception cref="ChatTemplateException">The template is malformed or refuses the conversation.</exception>
    public IReadOnlyList<int> Encode(IEnumerable<ChatMessage> messages, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var texts = messages.Select(message => message with { Content = tokenizer.Protect(message.Content) });
        return tokenizer.EncodeProtected(Prompt(texts));
    }

    /// <summary>The special token that the template writes behind an answer, which therefore ends one; null where it writes none.</summary>
    internal int? EndOfTurn(Tokenizer tokenizer)
    {
        const string Answer = "Answer";
        string prompt = Prompt([new("user", "Question"), new("assistant", Answer)], addGenerationPrompt: false);
        int end = prompt.LastIndexOf(Answer, StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        string rest = prompt[(end + Answer.Length)..].TrimStart();
        return tokenizer.Encode(rest, addSpecial: false) is [var first, ..] && tokenizer.IsSpecial(first) ? first : null;
    }

    /// <summary>
    /// The chat template of a checkpoint: <c>tokenizer.chat_template</c> of a GGUF file; in a folder <c>chat_template.jinja</c>, else
    /// <c>chat_template</c> in tokenizer_config.json (the one called default, if there are several). Null if there is none.
    /// </summary>
    /// <param name="path">A folder or a GGUF file.</param>
    /// <exception cref="CheckpointException">A file is malformed.</exception>
    public static ChatFormat? Load(string path)
    {
        if (GgufFile.Is(path))
        {
            using GgufFile file = new(path);
            return From(file);
        }

        string config = Path.Combine(path, "tokenizer_config.json");
        string separate = Path.Combine(path, "chat_template.jinja");
        try
        {
            JsonElement root = File.Exists(config) ? JsonElement.Parse(File.ReadAllText(config)) : JsonElement.Parse("{}");
            string? source = File.Exists(separate) ? File.ReadAllText(separate) : SourceIn(root);
            return source is null ? null : new ChatFormat(source, File.Exists(separate) ? separate : config, SpecialTokens(root));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new CheckpointException(
                $"{config}: is not valid, or its chat template is not. Download the file again.",
                error
            );
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read ({error.Message}) Check its permissions.", error);
        }
    }

    /// <summary>The chat template of an open GGUF file; null if there is none.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="CheckpointException">Its metadata are malformed.</exception>
    public static ChatFormat? From(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Text("tokenizer.chat_template") is not { } source)
        {
            return null;
        }

        JsonObject variables = [];
        string[] tokens = file.Texts("tokenizer.ggml.tokens") ?? [];
        foreach ((string key, string name) in new[] { ("bos", "bos"), ("eos", "eos"), ("unknown", "unk"), ("padding", "pad") })
        {
            if (file.WholeNumber($"tokenizer.ggml.{key}_token_id") is { } id && id >= 0 && id < tokens.Length)
            {
                variables[$"{name}_token"] = tokens[id];
            }
        }

        return new ChatFormat(source, $"{file.Origin}: tokenizer.chat_template", JsonElement.Parse(variables.ToJsonString()));
    }

    private static string? SourceIn(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("chat_template", out JsonElement template))
        {
            return null;
        }

        if (template.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement one in template.EnumerateArray())
            {
                if (one.GetProperty("name").GetString() == "default")
                {
                    return one.GetProperty("template").GetString();
                }
            }

            return null;
        }

        return template.GetString();
    }

    // Named by their text, or by an object with their content.
    private static JsonElement SpecialTokens(JsonElement root)
    {
        JsonObject tokens = [];
        foreach (
            JsonProperty property in root.EnumerateObject().Where(one => one.Name.EndsWith("_token", StringComparison.Ordinal))
        )
        {
            JsonElement value = property.Value;
            if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("content", out JsonElement content))
            {
                value = content;
            }

            if (value.ValueKind == JsonValueKind.String)
            {
                tokens[property.Name] = value.GetString();
            }
        }

        return JsonElement.Parse(tokens.ToJsonString());
    }
}
