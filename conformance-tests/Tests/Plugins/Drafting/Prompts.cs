using System.Text.Json;
using Tokenwright.Models;
using Tokenwright.Models.Chat;

namespace Tokenwright.Tests.Plugins.Drafting;

/// <summary>Prompts for real models.</summary>
internal static class Prompts
{
    /// <summary>Those of the reference target's golden texts, which every clone has.</summary>
    public static int[][] Golden()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Repository.Golden("reference", "target", "golden.json")));
        return [.. golden.RootElement.GetProperty("rows").EnumerateArray().Select(row => Ids(row.GetProperty("prompt_ids")))];
    }

    /// <summary>Those of the shared prompt sets for the reference target: all, or one set's.</summary>
    public static int[][] Reference(string? set = null) =>
        [
            .. Lines("reference.jsonl")
                .Where(line => set is null || line.GetProperty("set").GetString() == set)
                .Select(line => Ids(line.GetProperty("prompt_ids"))),
        ];

    /// <summary>The shared chat prompts as a model's template writes them: all, or one set's.</summary>
    public static int[][] Chat(LanguageModel model, string? set = null) =>
        [
            .. Lines("chat.jsonl")
                .Where(line => set is null || line.GetProperty("set").GetString() == set)
                .Select(line => model.Chat!.Prompt(Messages(line), addGenerationPrompt: true))
                .Select(text => model.Tokenizer!.Encode(text, addSpecial: false).ToArray()),
        ];

    private static ChatMessage[] Messages(JsonElement line) =>
        [
            .. line.GetProperty("messages")
                .EnumerateArray()
                .Select(one => new ChatMessage(one.GetProperty("role").GetString()!, one.GetProperty("content").GetString()!)),
        ];

    private static JsonElement[] Lines(string file) =>
        [
            .. File.ReadLines(Repository.Shared("data", "prompts", file))
                .Select(line =>
                {
                    using var document = JsonDocument.Parse(line);
                    return document.RootElement.Clone();
                }),
        ];

    private static int[] Ids(JsonElement ids) => [.. ids.EnumerateArray().Select(id => id.GetInt32())];
}
