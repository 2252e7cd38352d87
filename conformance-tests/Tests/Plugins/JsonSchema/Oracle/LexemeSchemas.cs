using System.Text.Json.Nodes;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>Random schemas whose strings and numbers are infinitely many, within what <see cref="RawSchema"/> reads.</summary>
internal sealed class LexemeSchemas(Random random)
{
    private const int Definitions = 2;
    private static readonly string[] Names = ["a", "ab", "id", "name", "é", "😀", "x y", "\"", "\t"];
    private static readonly string[] Texts = ["", "a", "ab", "red", "blue", "é", "😀!", "a\"b", "/\n", "漢字"];
    private static readonly string[] Patterns =
    [
        "^[a-z]+$",
        "^a",
        "b$",
        "^(red|green)-\\d{2,3}$",
        "^\\w+@\\w+\\.[a-z]{2,3}$",
        "[^a-c]",
        "^[^\\d]*$",
        "^.{2,4}$",
        "^(ab)*c?$",
        "é|漢",
        "^\\S+\\s\\S+$",
        "^\"?[\\\\/]$",
    ];
    private static readonly string[] KeyPatterns = ["^x-", "^[a-z]{1,2}$", "\\d$", "é", "^[ab]$"];
    private static readonly decimal[] Numbers = [-200, -12.5m, -1, -0.01m, 0, 0.5m, 1, 2.25m, 9, 10, 99, 100.1m, 1234, 1e20m];
    private static readonly decimal[] Steps = [0.01m, 0.25m, 0.5m, 1, 2, 3, 7, 10, 100];

    /// <summary>A schema.</summary>
    public string Next()
    {
        var schema = Schema(3);
        if (schema is not JsonObject root)
            schema = root = new JsonObject { ["anyOf"] = new JsonArray(schema) };
        var definitions = new JsonObject();
        for (var i = 0; i < Definitions; i++)
            definitions[$"d{i}"] = Chance(2) ? Scalar() : Container(1);
        root["$defs"] = definitions;
        return root.ToJsonString();
    }

    private bool Chance(int inverse) => random.Next(inverse) == 0;

    private T Pick<T>(IReadOnlyList<T> among) => among[random.Next(among.Count)];

    private JsonNode Schema(int depth)
    {
        if (Chance(12))
            return true;
        if (depth > 0 && Chance(6))
            return new JsonObject { ["$ref"] = $"#/$defs/d{random.Next(Definitions)}" };
        if (depth > 0 && Chance(6))
            return new JsonObject { ["anyOf"] = new JsonArray(Schema(depth - 1), Schema(depth - 1)) };
        return depth > 0 && !Chance(3) ? Container(depth) : Scalar();
    }

    private JsonObject Scalar()
    {
        var schema = new JsonObject();
        switch (random.Next(8))
        {
            case 0 or 1 or 2:
                schema["type"] = "string";
                Text(schema);
                break;
            case 3 or 4 or 5:
                schema["type"] = Chance(2) ? "integer" : "number";
                Number(schema);
                break;
            case 6:
                schema["enum"] = new JsonArray(
                    Pick(Texts),
                    Pick(Texts),
                    Pick(Numbers),
                    null,
                    true,
                    new JsonArray(1, "a"),
                    new JsonObject { ["a"] = 1 }
                );
                if (Chance(2))
                    Text(schema);
                if (Chance(3))
                    schema["type"] = new JsonArray("string", "integer", "object");
                break;
            default:
                schema["type"] = new JsonArray("string", Chance(2) ? "boolean" : "null", "number");
                Text(schema);
                Number(schema);
                break;
        }
        return schema;
    }

    private void Text(JsonObject schema)
    {
        if (Chance(2))
            schema["maxLength"] = Chance(4) ? random.Next(100) : random.Next(8);
        if (Chance(4))
            schema["minLength"] = random.Next(5);
        if (Chance(2))
            schema["pattern"] = Pick(Patterns);
        if (Chance(8))
            schema["allOf"] = new JsonArray(new JsonObject { ["pattern"] = Pick(Patterns) });
    }

    private void Number(JsonObject schema)
    {
        if (Chance(2))
            schema[Chance(2) ? "minimum" : "exclusiveMinimum"] = Pick(Numbers);
        if (Chance(2))
            schema[Chance(2) ? "maximum" : "exclusiveMaximum"] = Pick(Numbers);
        if (Chance(4))
            schema["multipleOf"] = Pick(Steps);
    }

    private JsonObject Container(int depth)
    {
        var schema = new JsonObject();
        if (Chance(3))
        {
            schema["type"] = "array";
            if (!Chance(4))
                schema["items"] = Schema(depth - 1);
            if (Chance(3))
                schema["prefixItems"] = new JsonArray(Schema(depth - 1), Schema(depth - 1));
            if (Chance(3))
                schema["minItems"] = random.Next(3);
            if (Chance(3))
                schema["maxItems"] = random.Next(1, 4);
            return schema;
        }
        schema["type"] = "object";
        if (!Chance(6))
            schema["properties"] = new JsonObject(
                Enumerable
                    .Range(0, random.Next(1, 4))
                    .Select(_ => Pick(Names))
                    .Distinct()
                    .Select(n => KeyValuePair.Create(n, (JsonNode?)Schema(depth - 1)))
            );
        if (Chance(2))
            schema["required"] = new JsonArray(Pick(Names));
        if (Chance(3))
            schema["additionalProperties"] = Chance(2) ? false : Schema(depth - 1);
        if (Chance(4))
            schema["maxProperties"] = random.Next(1, 4);
        if (Chance(4))
            schema["patternProperties"] = new JsonObject { [Pick(KeyPatterns)] = Schema(depth - 1) };
        else if (Chance(4))
            schema["minProperties"] = random.Next(1, 3);
        return schema;
    }
}
