using System.Text.Json.Nodes;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>Random schemas of draft 2020-12 about the documents of a universe: every applicator, values and keys that are likely to matter.</summary>
internal sealed class SchemaGenerator(FiniteUniverse universe, Random random)
{
    private const int Definitions = 2;
    private static readonly string[] Types = ["null", "boolean", "integer", "number", "string", "array", "object"];
    private static readonly string[] Patterns = ["x", "^x", "y$", "^x?$", "^(x|é)+$", "^[^x]*$", "é|\"", "^[a-z]y?", "^$"];
    private static readonly string[] KeyPatterns = ["^a", "b$", "é", "^(a|ab)$", "^[^a]", ""];

    /// <summary>A schema that only documents of the universe satisfy.</summary>
    public string Next() => Inside(Schema(3, 0));

    /// <summary>A schema of arrays of the universe whose items must differ, at least at the top.</summary>
    public string NextDiffering()
    {
        var array = new JsonObject { ["type"] = "array", ["uniqueItems"] = true };
        for (var i = random.Next(4); i > 0; i--)
            Array(array, 2);
        // Places that ask for the same few values.
        if (Chance(2))
        {
            array["prefixItems"] = Some(1, 3, Few);
            array["minItems"] = random.Next(1, 4);
        }
        if (Chance(3))
            array["contains"] = Few();
        return Inside(array);
    }

    private string Inside(JsonNode demands)
    {
        var schema = new JsonObject { ["allOf"] = new JsonArray(demands, JsonNode.Parse(universe.Schema)) };
        var definitions = new JsonObject();
        for (var i = 0; i < Definitions; i++)
            definitions[$"d{i}"] = Schema(1, i + 1);
        schema["$defs"] = definitions;
        return schema.ToJsonString();
    }

    private JsonNode Few() => new JsonObject { ["enum"] = Some(1, 2, () => JsonNode.Parse(Pick(universe.Scalars))) };

    private bool Chance(int inverse) => random.Next(inverse) == 0;

    private T Pick<T>(IReadOnlyList<T> among) => among[random.Next(among.Count)];

    /// <param name="depth">How many schemas may still lie within one another.</param>
    /// <param name="least">The first definition that may be referred to for the same value, so that no reference leads to itself.</param>
    private JsonNode Schema(int depth, int least)
    {
        if (Chance(16))
            return Chance(3) ? false : true;
        var schema = new JsonObject();
        for (var more = true; more; more = Chance(3))
        {
            switch (depth == 0 ? 0 : random.Next(10))
            {
                case 0 or 1:
                    Scalar(schema);
                    break;
                case 2 or 3 or 4:
                    Object(schema, depth - 1, least);
                    break;
                case 5 or 6:
                    Array(schema, depth - 1);
                    break;
                case 7 when least < Definitions:
                    schema["$ref"] = $"#/$defs/d{random.Next(least, Definitions)}";
                    break;
                default:
                    Combination(schema, depth - 1, least);
                    break;
            }
        }
        return schema;
    }

    /// <summary>A schema for a value inside the value: it may refer to any definition.</summary>
    private JsonNode Inner(int depth) => Schema(depth, 0);

    private JsonArray Some(int least, int most, Func<JsonNode?> next) =>
        new([.. Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => next())]);

    private JsonNode? Value() => JsonNode.Parse(Chance(3) ? Pick(universe.Documents).GetRawText() : Pick(universe.Scalars));

    private string Key() => Chance(8) ? "zz" : FiniteUniverse.Unquoted(Pick(universe.Keys));

    private void Scalar(JsonObject schema)
    {
        switch (random.Next(8))
        {
            case 0 or 1:
                schema["type"] = Pick(Types);
                break;
            case 2:
                schema["type"] = new JsonArray([
                    .. Types.Where(_ => Chance(2)).Append("string").Distinct().Select(t => (JsonNode)t),
                ]);
                break;
            case 3:
                schema["const"] = Value();
                break;
            case 4:
                schema["enum"] = Some(1, 6, Value);
                break;
            case 5:
                schema[Chance(2) ? "minLength" : "maxLength"] = random.Next(3);
                break;
            case 6:
                schema["pattern"] = Pick(Patterns);
                break;
            default:
                switch (random.Next(5))
                {
                    case 0:
                        schema["minimum"] = Pick(new[] { -2, 1, 1.5m, 2 });
                        break;
                    case 1:
                        schema["maximum"] = Pick(new[] { -2, 1, 1.5m, 2 });
                        break;
                    case 2:
                        schema["exclusiveMinimum"] = Pick(new[] { -2, 1, 1.5m });
                        break;
                    case 3:
                        schema["exclusiveMaximum"] = Pick(new[] { 1, 1.5m, 10 });
                        break;
                    default:
                        schema["multipleOf"] = Pick(new[] { 0.5m, 2, 5, 3 });
                        break;
                }
                break;
        }
    }

    private void Combination(JsonObject schema, int depth, int least)
    {
        switch (random.Next(6))
        {
            case 0:
                schema["allOf"] = Some(1, 2, () => Schema(depth, least));
                break;
            case 1:
                schema["anyOf"] = Some(1, 3, () => Schema(depth, least));
                break;
            case 2:
                schema["oneOf"] = Some(1, 3, () => Schema(depth, least));
                break;
            case 3:
                schema["not"] = Schema(depth, least);
                break;
            default:
                schema["if"] = Schema(depth, least);
                if (!Chance(4))
                    schema["then"] = Schema(depth, least);
                if (!Chance(4))
                    schema["else"] = Schema(depth, least);
                break;
        }
    }

    private void Object(JsonObject schema, int depth, int least)
    {
        for (var more = true; more; more = !Chance(3))
        {
            switch (random.Next(11))
            {
                case 0 or 1 or 2:
                    schema["properties"] = Keyed(Key, () => Inner(depth));
                    break;
                case 3:
                    schema["patternProperties"] = Keyed(() => Pick(KeyPatterns), () => Inner(depth));
                    break;
                case 4:
                    schema["additionalProperties"] = Chance(2) ? false : Inner(depth);
                    break;
                case 5:
                    schema["propertyNames"] = Names();
                    break;
                case 6:
                    schema["required"] = new JsonArray([
                        .. universe.Keys.Where(_ => Chance(2)).Select(k => (JsonNode)FiniteUniverse.Unquoted(k)),
                    ]);
                    break;
                case 7:
                    schema[Chance(2) ? "minProperties" : "maxProperties"] = random.Next(1, 3);
                    break;
                case 8:
                    schema["dependentRequired"] = Keyed(Key, () => Some(0, 2, () => Key()) is var names ? Distinct(names) : null);
                    break;
                case 9:
                    schema["dependentSchemas"] = Keyed(Key, () => Schema(depth, least));
                    break;
                default:
                    schema["unevaluatedProperties"] = Chance(2) ? false : Inner(depth);
                    break;
            }
        }
    }

    private static JsonArray Distinct(JsonArray names) =>
        new([.. names.Select(n => n!.GetValue<string>()).Distinct().Select(n => (JsonNode)n)]);

    private JsonObject Keyed(Func<string> key, Func<JsonNode?> value)
    {
        var result = new JsonObject();
        for (var more = true; more; more = Chance(2))
            result[key()] = value();
        return result;
    }

    private JsonNode Names() =>
        random.Next(4) switch
        {
            0 => new JsonObject { ["maxLength"] = 1 },
            1 => new JsonObject { ["pattern"] = Pick(KeyPatterns) },
            2 => new JsonObject { ["enum"] = new JsonArray(Key(), Key()) },
            _ => new JsonObject { ["not"] = new JsonObject { ["const"] = Key() } },
        };

    private void Array(JsonObject schema, int depth)
    {
        for (var more = true; more; more = Chance(2))
        {
            switch (random.Next(8))
            {
                case 0:
                    schema["prefixItems"] = Some(1, 2, () => Inner(depth));
                    break;
                case 1:
                    schema["items"] = Inner(depth);
                    break;
                case 2 or 3:
                    schema["contains"] = Inner(depth);
                    if (Chance(2))
                        schema["minContains"] = random.Next(3);
                    if (Chance(2))
                        schema["maxContains"] = random.Next(1, 3);
                    break;
                case 4:
                    schema["uniqueItems"] = true;
                    break;
                case 5:
                    schema["minItems"] = random.Next(1, 3);
                    break;
                case 6:
                    schema["maxItems"] = random.Next(3);
                    break;
                default:
                    schema["unevaluatedItems"] = Chance(2) ? false : Inner(depth);
                    break;
            }
        }
    }
}
