using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>Finitely many documents, and a schema that they satisfy and no other document does.</summary>
internal sealed class FiniteUniverse
{
    private const int Limit = 1_500;

    // Characters of one to four bytes, some that must be escaped, beginnings of one another. No zero: whether it may have an exponent
    // depends on how its bounds are written.
    private static readonly string[] AllScalars =
    [
        "\"\"",
        "\"x\"",
        "\"xy\"",
        "\"é\"",
        "\"xé\"",
        "\"😀\"",
        "\"漢x\"",
        "\"a\\\"b\"",
        "\"/\\n\"",
        "1",
        "10",
        "1.5",
        "-2",
        "true",
        "false",
        "null",
    ];
    private static readonly string[] AllKeys = ["a", "ab", "b", "é", "éa", "😀", "a b", "\\\"", "\\t"];

    private readonly Random _random;

    /// <param name="random">Decides what the universe holds.</param>
    public FiniteUniverse(Random random)
    {
        _random = random;
        Scalars = Some(AllScalars, _random.Next(2, 6));
        Keys = Some(AllKeys, _random.Next(2, 4));
        List<string> texts;
        JsonNode schema;
        do
        {
            if (_random.Next(3) > 0)
            {
                (texts, schema) = Level(Scalars, Enum(Scalars), _random.Next(1, 4), Keys, _random.Next(1, 4));
                continue;
            }
            var few = Scalars.Take(2).ToArray();
            var (inner, innerSchema) = Level(few, Enum(few), _random.Next(0, 2), [.. Keys.Take(_random.Next(1, 3))], 1);
            (texts, schema) = Level(inner, innerSchema, _random.Next(1, 3), [.. Keys.Take(2)], _random.Next(1, 3));
        } while (texts.Count > Limit);
        if (_random.Next(6) == 0)
        {
            var chosen = Some([.. texts], Math.Min(texts.Count, 12));
            schema = Enum(chosen);
            var values = chosen.Select(c => JsonElement.Parse(c)).ToArray();
            // A value that is listed may be written with its members in any order.
            texts = [.. texts.Where(t => values.Any(v => JsonElement.DeepEquals(v, JsonElement.Parse(t))))];
        }
        Schema = schema.ToJsonString();
        Documents = [.. texts.Distinct().Select(t => JsonElement.Parse(t))];
    }

    /// <summary>The schema.</summary>
    public string Schema { get; }

    /// <summary>The documents, objects once for every order of their members.</summary>
    public JsonElement[] Documents { get; }

    /// <summary>Scalar values in the documents.</summary>
    public string[] Scalars { get; }

    /// <summary>Keys in the documents, as the inside of JSON strings.</summary>
    public string[] Keys { get; }

    private string[] Some(string[] all, int count)
    {
        var copy = (string[])all.Clone();
        _random.Shuffle(copy);
        return copy[..count];
    }

    private static JsonNode Enum(string[] values) =>
        new JsonObject { ["enum"] = new JsonArray([.. values.Select(v => JsonNode.Parse(v))]) };

    private (List<string> Texts, JsonNode Schema) Level(
        IReadOnlyList<string> inner,
        JsonNode innerSchema,
        int items,
        string[] keys,
        int members
    )
    {
        var texts = Scalars.ToList();
        var arrays = new List<string> { "[" };
        var objects = new List<string> { "{" };
        for (var length = 0; ; length++)
        {
            texts.AddRange(arrays.Select(a => a + "]"));
            texts.AddRange(objects.Select(o => o + "}"));
            var comma = length == 0 ? "" : ",";
            arrays = length == items ? [] : [.. arrays.SelectMany(a => inner.Select(i => a + comma + i)).Take(Limit + 1)];
            objects =
                length == members
                    ? []
                    :
                    [
                        .. objects
                            .SelectMany(o =>
                                keys.Where(k => !Has(o, k)).SelectMany(k => inner.Select(i => $"{o}{comma}\"{k}\":{i}"))
                            )
                            .Take(Limit + 1),
                    ];
            if (arrays.Count == 0 && objects.Count == 0 || texts.Count > Limit)
                break;
        }
        var branches = new JsonArray(
            Enum(Scalars),
            new JsonObject
            {
                ["type"] = "array",
                ["items"] = innerSchema.DeepClone(),
                ["maxItems"] = items,
            },
            Objects(innerSchema, keys, members)
        );
        return (texts, new JsonObject { [_random.Next(2) == 0 ? "anyOf" : "oneOf"] = branches });
    }

    // The text of an object whose members end in values that may be objects themselves: only its own keys count.
    private static bool Has(string open, string key)
    {
        using var whole = JsonDocument.Parse(open + "}");
        return whole.RootElement.TryGetProperty(Unquoted(key), out _);
    }

    /// <summary>A key as text.</summary>
    public static string Unquoted(string key) => JsonSerializer.Deserialize<string>($"\"{key}\"")!;

    private JsonObject Objects(JsonNode inner, string[] keys, int members)
    {
        var names = keys.Select(Unquoted).ToArray();
        if (_random.Next(2) == 0)
            return new JsonObject
            {
                ["type"] = "object",
                ["propertyNames"] = new JsonObject { ["enum"] = new JsonArray([.. names.Select(n => (JsonNode)n)]) },
                ["additionalProperties"] = inner.DeepClone(),
                ["maxProperties"] = members,
            };
        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(names.Select(n => KeyValuePair.Create(n, (JsonNode?)inner.DeepClone()))),
            ["additionalProperties"] = false,
            ["maxProperties"] = members,
        };
    }
}
