using System.Text.Json;
using Tokenwright.Models.Chat;

namespace Tokenwright.Cli;

/// <summary>A conversation in a JSON file: an array of objects with a role and a content.</summary>
internal static class MessagesFile
{
    /// <exception cref="BadInputException">The file is no such array; the message says where.</exception>
    public static IReadOnlyList<ChatMessage> Read(string file)
    {
        const string Form = "write [{\"role\": \"user\", \"content\": \"…\"}, …]";
        var root = TextFile.ReadJson("--messages", file);
        if (root.ValueKind != JsonValueKind.Array || root.GetArrayLength() == 0)
        {
            throw new BadInputException($"--messages {file}: is no array of messages; {Form}.");
        }

        List<ChatMessage> messages = [];
        foreach (var one in root.EnumerateArray())
        {
            if (one.ValueKind != JsonValueKind.Object)
            {
                throw new BadInputException($"--messages {file}: message {messages.Count + 1} is no object; {Form}.");
            }

            messages.Add(new ChatMessage(Text(one, "role"), Text(one, "content")));
        }

        return messages;

        string Text(JsonElement message, string member)
        {
            string place = $"--messages {file}: message {messages.Count + 1}";
            if (!message.TryGetProperty(member, out var value))
            {
                throw new BadInputException($"{place} has no \"{member}\"; {Form}.");
            }

            try
            {
                return value.ValueKind == JsonValueKind.String
                    ? value.GetString()!
                    : throw new BadInputException($"{place}: \"{member}\" must be a text; {Form}.");
            }
            catch (InvalidOperationException)
            {
                // JSON may escape half a surrogate pair.
                throw new BadInputException($"{place}: \"{member}\" is not valid Unicode text.");
            }
        }
    }
}
