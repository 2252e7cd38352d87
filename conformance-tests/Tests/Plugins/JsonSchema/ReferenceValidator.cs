using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>A slow validator that shares nothing with the engine: evaluates a whole value against the keywords the tests use.</summary>
internal sealed class ReferenceValidator
{
    private readonly JsonElement _root;

    private ReferenceValidator(JsonElement root) => _root = root;

    /// <summary>Whether a value satisfies a schema of draft 2020-12 whose references are JSON pointers into it.</summary>
    public static bool IsValid(JsonElement schema, JsonElement value) => IsValid(schema, schema, value);

    /// <summary>The same for a part of a schema, which may refer to other parts.</summary>
    public static bool IsValid(JsonElement root, JsonElement part, JsonElement value) =>
        new ReferenceValidator(root).Evaluate(part, value, new Evaluated());

    /// <summary>What of one value the keywords have looked at so far.</summary>
    private sealed class Evaluated
    {
        public HashSet<string> Keys { get; } = [];
        public HashSet<int> Items { get; } = [];

        public void Add(Evaluated other)
        {
            Keys.UnionWith(other.Keys);
            Items.UnionWith(other.Items);
        }
    }

    private bool Evaluate(JsonElement schema, JsonElement value, Evaluated into)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return schema.ValueKind == JsonValueKind.True;
        var own = new Evaluated();
        foreach (var keyword in schema.EnumerateObject())
        {
            if (!Holds(schema, keyword.Name, keyword.Value, value, own))
                return false;
        }
        if (schema.TryGetProperty("unevaluatedItems", out var rest) && value.ValueKind == JsonValueKind.Array)
        {
            var at = 0;
            foreach (var item in value.EnumerateArray())
            {
                if (own.Items.Add(at++) && !Is(rest, item))
                    return false;
            }
        }
        if (schema.TryGetProperty("unevaluatedProperties", out rest) && value.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in value.EnumerateObject())
            {
                if (own.Keys.Add(member.Name) && !Is(rest, member.Value))
                    return false;
            }
        }
        into.Add(own);
        return true;
    }

    private bool Is(JsonElement schema, JsonElement value) => Evaluate(schema, value, new Evaluated());

    private bool Holds(JsonElement schema, string keyword, JsonElement rule, JsonElement value, Evaluated own)
    {
        var isObject = value.ValueKind == JsonValueKind.Object;
        var isArray = value.ValueKind == JsonValueKind.Array;
        var items = isArray ? value.EnumerateArray().ToArray() : [];
        var members = isObject ? value.EnumerateObject().ToArray() : [];
        var prefix = schema.TryGetProperty("prefixItems", out var first) ? first.GetArrayLength() : 0;
        return keyword switch
        {
            "type" => rule.ValueKind == JsonValueKind.Array
                ? rule.EnumerateArray().Any(t => IsType(t.GetString()!, value))
                : IsType(rule.GetString()!, value),
            "enum" => rule.EnumerateArray().Any(v => JsonElement.DeepEquals(v, value)),
            "const" => JsonElement.DeepEquals(rule, value),
            "$ref" => Evaluate(Find(rule.GetString()!), value, own),
            "allOf" => Count(rule, value, own) == rule.GetArrayLength(),
            "anyOf" => Count(rule, value, own) > 0,
            "oneOf" => Count(rule, value, own) == 1,
            "not" => !Is(rule, value),
            "if" => Passes(schema, Evaluate(rule, value, own) ? "then" : "else", value, own),
            "properties" => All(
                members,
                m => rule.TryGetProperty(m.Name, out _),
                m => Is(rule.GetProperty(m.Name), m.Value),
                own
            ),
            "patternProperties" => rule.EnumerateObject()
                .All(p => All(members, m => Regex.IsMatch(m.Name, p.Name), m => Is(p.Value, m.Value), own)),
            "additionalProperties" => All(members, m => !IsNamed(schema, m.Name), m => Is(rule, m.Value), own),
            "propertyNames" => members.All(m => Is(rule, JsonSerializer.SerializeToElement(m.Name))),
            "required" => !isObject || rule.EnumerateArray().All(n => value.TryGetProperty(n.GetString()!, out _)),
            "minProperties" => !isObject || members.Length >= rule.GetInt32(),
            "maxProperties" => !isObject || members.Length <= rule.GetInt32(),
            "dependentRequired" => !isObject
                || rule.EnumerateObject()
                    .All(d =>
                        !value.TryGetProperty(d.Name, out _)
                        || d.Value.EnumerateArray().All(n => value.TryGetProperty(n.GetString()!, out _))
                    ),
            "dependentSchemas" => !isObject
                || rule.EnumerateObject().All(d => !value.TryGetProperty(d.Name, out _) || Evaluate(d.Value, value, own)),
            "prefixItems" => All(items, i => i < prefix, i => Is(rule[i], items[i]), own),
            "items" => All(items, i => i >= prefix, i => Is(rule, items[i]), own),
            "minItems" => !isArray || items.Length >= rule.GetInt32(),
            "maxItems" => !isArray || items.Length <= rule.GetInt32(),
            "uniqueItems" => !rule.GetBoolean()
                || !items.Where((x, i) => items.Take(i).Any(y => JsonElement.DeepEquals(x, y))).Any(),
            "contains" => !isArray || Contains(schema, rule, items, own),
            "minLength" => value.ValueKind != JsonValueKind.String || Length(value) >= rule.GetInt32(),
            "maxLength" => value.ValueKind != JsonValueKind.String || Length(value) <= rule.GetInt32(),
            "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, rule.GetString()!),
            "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() >= rule.GetDecimal(),
            "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() <= rule.GetDecimal(),
            "exclusiveMinimum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() > rule.GetDecimal(),
            "exclusiveMaximum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() < rule.GetDecimal(),
            "multipleOf" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() % rule.GetDecimal() == 0,
            "then" or "else" or "minContains" or "maxContains" or "unevaluatedItems" or "unevaluatedProperties" or "$defs" =>
                true,
            _ => throw new NotSupportedException(keyword),
        };
    }

    /// <summary>How many of some schemas hold; what those that do have looked at counts as evaluated.</summary>
    private int Count(JsonElement schemas, JsonElement value, Evaluated own) =>
        schemas.EnumerateArray().Count(s => Evaluate(s, value, own));

    private static bool All(
        JsonProperty[] members,
        Func<JsonProperty, bool> concerns,
        Func<JsonProperty, bool> holds,
        Evaluated own
    )
    {
        foreach (var member in members.Where(concerns))
        {
            if (!holds(member))
                return false;
            own.Keys.Add(member.Name);
        }
        return true;
    }

    private static bool All(JsonElement[] items, Func<int, bool> concerns, Func<int, bool> holds, Evaluated own)
    {
        foreach (var at in Enumerable.Range(0, items.Length).Where(concerns))
        {
            if (!holds(at))
                return false;
            own.Items.Add(at);
        }
        return true;
    }

    private bool Contains(JsonElement schema, JsonElement rule, JsonElement[] items, Evaluated own)
    {
        var found = Enumerable.Range(0, items.Length).Where(i => Is(rule, items[i])).ToArray();
        own.Items.UnionWith(found);
        return found.Length >= Bound(schema, "minContains", 1) && found.Length <= Bound(schema, "maxContains", int.MaxValue);
    }

    private static int Bound(JsonElement schema, string keyword, int otherwise) =>
        schema.TryGetProperty(keyword, out var bound) ? bound.GetInt32() : otherwise;

    private bool Passes(JsonElement schema, string keyword, JsonElement value, Evaluated own) =>
        !schema.TryGetProperty(keyword, out var rule) || Evaluate(rule, value, own);

    private static bool IsNamed(JsonElement schema, string name) =>
        schema.TryGetProperty("properties", out var named) && named.TryGetProperty(name, out _)
        || schema.TryGetProperty("patternProperties", out var patterns)
            && patterns.EnumerateObject().Any(p => Regex.IsMatch(name, p.Name));

    // Characters count, not the code units they are stored as.
    private static int Length(JsonElement text) => text.GetString()!.EnumerateRunes().Count();

    private JsonElement Find(string reference)
    {
        var at = _root;
        foreach (var step in reference.Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(step)
                .Replace("~1", "/", StringComparison.Ordinal)
                .Replace("~0", "~", StringComparison.Ordinal);
            at =
                at.ValueKind == JsonValueKind.Array
                    ? at[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)]
                    : at.GetProperty(name);
        }
        return at;
    }

    private static bool IsType(string type, JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => type == "null",
            JsonValueKind.True or JsonValueKind.False => type == "boolean",
            JsonValueKind.String => type == "string",
            JsonValueKind.Array => type == "array",
            JsonValueKind.Object => type == "object",
            _ => type == "number" || type == "integer" && value.GetDecimal() % 1 == 0,
        };
}
