using System.Globalization;
using System.Text.Json;
using Tokenwright.Benchmarks.Peer;
using Tokenwright.Models.Chat;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Benchmarks.Speculation;

/// <summary>A decoding method with its options.</summary>
/// <param name="Name">As it was given, for the table.</param>
/// <param name="Id">The method's id.</param>
/// <param name="Options">Options of its parts.</param>
internal sealed record Method(string Name, string Id, IReadOnlyDictionary<string, string> Options)
{
    /// <summary>Reads <c>method</c> or <c>method:key=value,key=value</c>.</summary>
    public static Method Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        var options = parts is [_, var list]
            ? list.Split(',').Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1])
            : [];
        return new Method(text, parts[0], options);
    }
}

/// <summary>What is compared with plain decoding, and on what.</summary>
internal sealed record SpeculationSettings
{
    public required string Model { get; init; }

    /// <summary>A JSONL file of prompts: <c>set</c>, and <c>prompt_ids</c>, <c>prompt</c> or <c>messages</c>.</summary>
    public required string Prompts { get; init; }

    /// <summary>The settings file of the installed plugins.</summary>
    public string Plugins { get; init; } = Path.Combine("Host", "Cli", "bin", "Release", "net10.0", "plugins.json");

    public IReadOnlyList<Method> Methods { get; init; } =
    [
        .. new[]
        {
            "prompt-lookup:nodes=8",
            "prompt-lookup",
            "suffix:nodes=8,tree=false",
            "suffix:nodes=16",
            "suffix",
            "token-recycling:nodes=4,tree=false",
            "token-recycling:nodes=16",
            "token-recycling:nodes=80",
            "token-recycling",
            "aded:nodes=8,tree=false",
            "aded:nodes=16",
            "aded",
            "combined:nodes=16",
            "combined",
            "draft-model:nodes=4",
            "draft-model",
        }.Select(Method.Parse),
    ];

    /// <summary>Prompts of a set; the first ones.</summary>
    public int PerSet { get; init; } = 4;

    public int New { get; init; } = 96;

    /// <summary>Only these sets; empty takes all.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>Another engine's plain decoding, taking turns with ours; null leaves it out.</summary>
    public ContenderCommand? Peer { get; init; }

    /// <summary>The same engine's speculation.</summary>
    public ContenderCommand? PeerSpeculation { get; init; }

    /// <summary>A .md file for the report.</summary>
    public string? Output { get; init; }

    public static SpeculationSettings Parse(string[] arguments)
    {
        if (arguments is not [var model, var prompts, .. var rest])
        {
            throw new ArgumentException("Name a model and a file of prompts.");
        }

        var settings = new SpeculationSettings { Model = model, Prompts = prompts };
        for (int i = 0; i < rest.Length; i += 2)
        {
            string value = i + 1 < rest.Length ? rest[i + 1] : throw new ArgumentException($"{rest[i]} needs a value.");
            settings = rest[i] switch
            {
                "--plugins" => settings with { Plugins = value },
                "--methods" => settings with { Methods = [.. value.Split(' ').Select(Method.Parse)] },
                "--sets" => settings with { Sets = value.Split(',') },
                "--per-set" => settings with { PerSet = int.Parse(value, CultureInfo.InvariantCulture) },
                "--new" => settings with { New = int.Parse(value, CultureInfo.InvariantCulture) },
                "--peer" => settings with { Peer = ContenderCommand.Parse(value) },
                "--peer-speculation" => settings with { PeerSpeculation = ContenderCommand.Parse(value) },
                "--out" => settings with { Output = value },
                _ => throw new ArgumentException($"There is no option {rest[i]}."),
            };
        }

        return settings.Peer is null == settings.PeerSpeculation is null
            ? settings
            : throw new ArgumentException("--peer and --peer-speculation go together: the ratio of the two is reported.");
    }

    /// <summary>The prompts by set, in the order of the file.</summary>
    public IReadOnlyList<(string Set, IReadOnlyList<int[]> Prompts)> ReadPrompts(string modelPath)
    {
        var tokenizer = new Lazy<Tokenizer>(() => Tokenizer.Load(modelPath));
        var chat = new Lazy<ChatFormat>(() =>
            ChatFormat.Load(modelPath) ?? throw new ArgumentException($"{modelPath} has no chat template.")
        );
        var sets = new List<(string Set, IReadOnlyList<int[]> Prompts)>();
        foreach (
            var lines in File.ReadLines(Prompts)
                .Select(line => JsonDocument.Parse(line).RootElement)
                .GroupBy(line => line.GetProperty("set").GetString()!)
        )
        {
            if (Sets.Count == 0 || Sets.Contains(lines.Key))
            {
                sets.Add((lines.Key, [.. lines.Take(PerSet).Select(Ids)]));
            }
        }

        return sets;

        int[] Ids(JsonElement line)
        {
            if (line.TryGetProperty("prompt_ids", out var ids))
            {
                return [.. ids.EnumerateArray().Select(id => id.GetInt32())];
            }

            if (line.TryGetProperty("prompt", out var text))
            {
                return [.. tokenizer.Value.Encode(text.GetString()!)];
            }

            var messages = line.GetProperty("messages")
                .EnumerateArray()
                .Select(one => new ChatMessage(one.GetProperty("role").GetString()!, one.GetProperty("content").GetString()!));
            return [.. tokenizer.Value.Encode(chat.Value.Prompt(messages), addSpecial: false)];
        }
    }
}
