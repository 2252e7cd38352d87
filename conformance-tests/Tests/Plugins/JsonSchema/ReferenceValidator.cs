using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>A slow validator that shares nothing with the engine: evaluates a whole value against the keywords the tests use.</summary>
internal static class ReferenceValidator
{
    public static bool IsValid(JsonElement schema, JsonElement value)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return schema.ValueKind == JsonValueKind.True;
        return schema.EnumerateObject().All(k => Holds(schema, k.Name, k.Value, value));
    }

    private static bool Holds(JsonElement schema, string keyword, JsonElement rule, JsonElement value)
    {
        var isObject = value.ValueKind == JsonValueKind.Object;
        var isArray = value.ValueKind == JsonValueKind.Array;
        var items = isArray ? value.EnumerateArray().ToArray() : [];
        var members = isObject ? value.EnumerateObject().ToArray() : [];
        return keyword switch
        {
            "type" => rule.ValueKind == JsonValueKind.Array
                ? rule.EnumerateArray().Any(t => IsType(t.GetString()!, value))
                : IsType(rule.GetString()!, value),
            "enum" => rule.EnumerateArray().Any(v => JsonElement.DeepEquals(v, value)),
            "const" => JsonElement.DeepEquals(rule, value),
            "allOf" => rule.EnumerateArray().All(s => IsValid(s, value)),
            "anyOf" => rule.EnumerateArray().Any(s => IsValid(s, value)),
            "oneOf" => rule.EnumerateArray().Count(s => IsValid(s, value)) == 1,
            "not" => !IsValid(rule, value),
            "if" => IsValid(rule, value) ? Passes(schema, "then", value) : Passes(schema, "else", value),
            "properties" => members.All(m => !rule.TryGetProperty(m.Name, out var s) || IsValid(s, m.Value)),
            "patternProperties" => rule.EnumerateObject()
                .All(p => members.All(m => !Regex.IsMatch(m.Name, p.Name) || IsValid(p.Value, m.Value))),
            "additionalProperties" => members.All(m => IsNamed(schema, m.Name) || IsValid(rule, m.Value)),
            "propertyNames" => members.All(m => IsValid(rule, JsonSerializer.SerializeToElement(m.Name))),
            "required" => !isObject || rule.EnumerateArray().All(n => value.TryGetProperty(n.GetString()!, out _)),
            "minProperties" => !isObject || members.Length >= rule.GetInt32(),
            "maxProperties" => !isObject || members.Length <= rule.GetInt32(),
            "dependentRequired" => !isObject
                || rule.EnumerateObject()
                    .All(d =>
                        !value.TryGetProperty(d.Name, out _)
                        || d.Value.EnumerateArray().All(n => value.TryGetProperty(n.GetString()!, out _))
                    ),
            "prefixItems" => rule.EnumerateArray().Zip(items, IsValid).All(ok => ok),
            "items" => items
                .Skip(schema.TryGetProperty("prefixItems", out var prefix) ? prefix.GetArrayLength() : 0)
                .All(i => IsValid(rule, i)),
            "minItems" => !isArray || items.Length >= rule.GetInt32(),
            "maxItems" => !isArray || items.Length <= rule.GetInt32(),
            "uniqueItems" => !rule.GetBoolean()
                || !items.Where((x, i) => items.Take(i).Any(y => JsonElement.DeepEquals(x, y))).Any(),
            "contains" => !isArray
                || items.Count(i => IsValid(rule, i)) is var n
                    && n >= Bound(schema, "minContains", 1)
                    && n <= Bound(schema, "maxContains", int.MaxValue),
            "minLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length >= rule.GetInt32(),
            "maxLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length <= rule.GetInt32(),
            "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, rule.GetString()!),
            "then" or "else" or "minContains" or "maxContains" => true,
            _ => throw new NotSupportedException(keyword),
        };
    }

    private static int Bound(JsonElement schema, string keyword, int otherwise) =>
        schema.TryGetProperty(keyword, out var bound) ? bound.GetInt32() : otherwise;

    private static bool Passes(JsonElement schema, string keyword, JsonElement value) =>
        !schema.TryGetProperty(keyword, out var rule) || IsValid(rule, value);

    private static bool IsNamed(JsonElement schema, string name) =>
        schema.TryGetProperty("properties", out var named) && named.TryGetProperty(name, out _)
        || schema.TryGetProperty("patternProperties", out var patterns)
            && patterns.EnumerateObject().Any(p => Regex.IsMatch(name, p.Name));

    private static bool IsType(string type, JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => type == "null",
            JsonValueKind.True or JsonValueKind.False => type == "boolean",
            JsonValueKind.String => type == "string",
            JsonValueKind.Array => type == "array",
            JsonValueKind.Object => type == "object",
            _ => type == "number" || type == "integer" && value.GetDouble() % 1 == 0,
        };
}
