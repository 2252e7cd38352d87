using System.Text.Json;

namespace Tokenwright.Models.Tokenizers;

/// <summary>Reading JSON so that every damage ends in one kind of error that names the file.</summary>
internal static class JsonFile
{
    /// <summary>Parses a file and hands its root to a reader.</summary>
    public static T Read<T>(string file, Func<JsonElement, T> read)
    {
        try
        {
            using var stream = File.OpenRead(file);
            using var document = JsonDocument.Parse(stream);
            return read(document.RootElement);
        }
        catch (NotSupportedException error)
        {
            throw new TokenizerException(
                file,
                $"{error.Message} is not supported; this tokenizer cannot be reproduced exactly.",
                error
            );
        }
        catch (Exception error)
            when (error
                    is JsonException
                        or InvalidOperationException
                        or KeyNotFoundException
                        or FormatException
                        or OverflowException
                        or ArgumentException
            )
        {
            throw new TokenizerException(file, $"the file is damaged or is not a tokenizer file: {error.Message}", error);
        }
    }

    /// <summary>A property that is there and not null.</summary>
    public static JsonElement? Optional(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static bool? OptionalFlag(this JsonElement element, string name) => element.Optional(name)?.GetBoolean();

    public static bool Flag(this JsonElement element, string name, bool otherwise = false) =>
        element.OptionalFlag(name) ?? otherwise;

    public static string Text(this JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null.");

    /// <summary>An entry of added_tokens or added_tokens_decoder.</summary>
    public static AddedToken ReadAddedToken(JsonElement element, int id)
    {
        var special = element.Flag("special");
        return new(
            id,
            element.Text("content"),
            special,
            element.Flag("lstrip"),
            element.Flag("rstrip"),
            element.Flag("single_word"),
            element.Flag("normalized", otherwise: !special)
        );
    }
}
