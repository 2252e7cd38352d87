using System.Text;
using System.Text.Json;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>
/// A schema as it is written, out of a subset of draft 2020-12 (<see cref="Supports"/>), and what its parts demand of values. It shares nothing
/// with the engine: no canonical form, demands are lists of schemas that must all hold.
/// </summary>
internal sealed class RawSchema
{
    private static readonly HashSet<string> Understood =
    [
        "type",
        "enum",
        "const",
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "minProperties",
        "maxProperties",
        "anyOf",
        "allOf",
        "$ref",
        "$defs",
        "definitions",
    ];
    private static readonly HashSet<string> Silent =
    [
        "title",
        "description",
        "default",
        "examples",
        "$comment",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$schema",
    ];
    private static readonly string[] Types = ["null", "boolean", "integer", "number", "string", "array", "object"];
    private readonly JsonElement _root;
    private readonly Dictionary<string, Demand> _demands = [];
    private readonly Dictionary<string, Regular> _patterns = [];

    /// <param name="root">A schema that <see cref="Supports"/> is true of.</param>
    public RawSchema(JsonElement root)
    {
        _root = root;
        Root = Demand([root]);
    }

    public Regular.Store Texts { get; } = new();

    /// <summary>Places inside strings, to find them again.</summary>
    public Dictionary<(Regular, string, bool), StringLexeme> Places { get; } = [];

    /// <summary>What a document must satisfy.</summary>
    public Demand Root { get; }

    /// <summary>Whether all of a schema lies in the subset.</summary>
    public static bool Supports(JsonElement root)
    {
        try
        {
            if (
                root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("$schema", out var draft)
                && !draft.GetString()!.Contains("2020-12", StringComparison.Ordinal)
            )
                return false;
            return IsInside(root, root, new Regular.Store(), 0);
        }
        catch (Exception error)
            when (error is NotSupportedException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            return false;
        }
    }

    private static bool IsInside(JsonElement root, JsonElement schema, Regular.Store store, int depth)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return true;
        if (schema.ValueKind != JsonValueKind.Object || depth > 40)
            return false;
        var isClosed = schema.TryGetProperty("minProperties", out _) && schema.TryGetProperty("patternProperties", out _);
        if (isClosed)
            return false;
        foreach (var keyword in schema.EnumerateObject())
        {
            var rule = keyword.Value;
            if (Silent.Contains(keyword.Name))
                continue;
            if (!Understood.Contains(keyword.Name))
                return false;
            var isFine = keyword.Name switch
            {
                "type" => Listed(rule).All(t => Types.Contains(t.GetString())),
                "enum" => rule.GetArrayLength() is > 0 and < 200,
                "items" or "additionalProperties" => IsInside(root, rule, store, depth + 1),
                "prefixItems" or "anyOf" or "allOf" => rule.GetArrayLength() is > 0 and < 8
                    && rule.EnumerateArray().All(s => IsInside(root, s, store, depth + 1)),
                "properties" or "$defs" or "definitions" => rule.EnumerateObject()
                    .All(p => IsInside(root, p.Value, store, depth + 1)),
                "patternProperties" => rule.EnumerateObject().Count() < 3
                    && rule.EnumerateObject()
                        .All(p => Oracle.Pattern.Found(store, p.Name) is not null && IsInside(root, p.Value, store, depth + 1)),
                "pattern" => Oracle.Pattern.Found(store, rule.GetString()!) is not null,
                "required" => rule.EnumerateArray().All(n => n.ValueKind == JsonValueKind.String),
                "minLength" or "maxLength" or "minItems" or "maxItems" or "minProperties" or "maxProperties" => rule.GetInt32()
                    is >= 0
                        and < 2_000,
                "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" => Fraction.Parse(rule.GetRawText()).Scale
                    < 30,
                "multipleOf" => Fraction.Parse(rule.GetRawText()).Unscaled.Sign > 0,
                "$ref" => Find(root, rule.GetString()!).ValueKind != JsonValueKind.Undefined,
                _ => true,
            };
            if (!isFine)
                return false;
        }
        return true;
    }

    private static JsonElement Find(JsonElement root, string reference)
    {
        if (
            !reference.StartsWith('#')
            || reference.Length > 1 && reference[1] != '/'
            || reference.Contains('%', StringComparison.Ordinal)
        )
            throw new NotSupportedException(reference);
        var at = root;
        foreach (var step in reference.Split('/').Skip(1))
            at = at.GetProperty(step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));
        return at;
    }

    private static JsonElement[] Listed(JsonElement rule) =>
        rule.ValueKind == JsonValueKind.Array ? [.. rule.EnumerateArray()] : [rule];

    /// <summary>What a value must satisfy for all of some schemas to hold.</summary>
    public Demand Demand(IEnumerable<JsonElement> schemas)
    {
        var distinct = schemas.DistinctBy(s => s.GetRawText()).OrderBy(s => s.GetRawText(), StringComparer.Ordinal).ToArray();
        var key = string.Join('\n', distinct.Select(s => s.GetRawText()));
        if (!_demands.TryGetValue(key, out var known))
            _demands.Add(key, known = new Demand(this, distinct));
        return known;
    }

    public Regular Pattern(string text)
    {
        if (!_patterns.TryGetValue(text, out var known))
            _patterns.Add(text, known = Oracle.Pattern.Found(Texts, text));
        return known;
    }

    /// <summary>All ways to choose among the branches of some schemas: each a list of schemas without references and branches.</summary>
    public IEnumerable<JsonElement[]> Ways(IEnumerable<JsonElement> schemas) => Ways([.. schemas], [], 0);

    private List<JsonElement[]> Ways(List<JsonElement> open, JsonElement[] plain, int steps)
    {
        if (steps > 400)
            throw new NotSupportedException("a schema that leads to itself");
        if (open.Count == 0)
            return [plain];
        var schema = open[0];
        var rest = open.Skip(1).ToList();
        if (schema.ValueKind == JsonValueKind.False)
            return [];
        if (schema.ValueKind == JsonValueKind.True)
            return Ways(rest, plain, steps + 1);
        var more = rest.ToList();
        if (schema.TryGetProperty("$ref", out var reference))
            more.Add(Find(_root, reference.GetString()!));
        if (schema.TryGetProperty("allOf", out var all))
            more.AddRange(all.EnumerateArray());
        JsonElement[] also = [.. plain, schema];
        return schema.TryGetProperty("anyOf", out var any)
            ? [.. any.EnumerateArray().SelectMany(branch => Ways([.. more, branch], also, steps + 1))]
            : Ways(more, also, steps + 1);
    }
}

/// <summary>What a value must satisfy: some schemas, all of them.</summary>
internal sealed class Demand(RawSchema schema, JsonElement[] schemas)
{
    // A value that is needed is never nested deeper than this in the schemas of these tests.
    private const int Deepest = 16;
    private readonly Dictionary<int, bool> _exists = [];
    private Way[]? _ways;

    /// <summary>The ways to satisfy it.</summary>
    public Way[] Ways => _ways ??= [.. schema.Ways(schemas).SelectMany(plain => Way.Of(schema, plain))];

    /// <summary>Whether some value satisfies it.</summary>
    public bool Exists => ExistsWithin(Deepest);

    /// <summary>Whether some value does that is nested no deeper than so.</summary>
    public bool ExistsWithin(int depth)
    {
        if (depth < 0)
            return false;
        if (!_exists.TryGetValue(depth, out var exists))
        {
            exists = _exists.GetValueOrDefault(depth - 1) || Array.Exists(Ways, w => w.Exists(depth));
            _exists[depth] = exists;
        }
        return exists;
    }
}

/// <summary>One way to satisfy a demand: schemas that say what they want of each type directly.</summary>
internal sealed class Way
{
    private readonly RawSchema _schema;
    private readonly JsonElement[] _plain;
    private readonly JsonElement[]? _listed;
    private readonly Dictionary<string, Demand> _members = [];
    private readonly Dictionary<string, Regular> _keys = [];
    private readonly string[] _names;
    private readonly HashSet<string> _required;
    private readonly string[] _patterns;
    private readonly int _minMembers;
    private readonly int _maxMembers;
    private Regular? _strings;

    private Way(RawSchema schema, JsonElement[] plain, JsonElement[]? listed)
    {
        (_schema, _plain, _listed) = (schema, plain, listed);
        _required = [.. Rules("required").SelectMany(r => r.EnumerateArray()).Select(n => n.GetString()!)];
        _names = [.. Rules("properties").SelectMany(p => p.EnumerateObject()).Select(p => p.Name).Concat(_required).Distinct()];
        _patterns = [.. Rules("patternProperties").SelectMany(p => p.EnumerateObject()).Select(p => p.Name).Distinct()];
        (_minMembers, _maxMembers) = (Most("minProperties"), Least("maxProperties"));
        (MinItems, MaxItems) = (Most("minItems"), Least("maxItems"));
        var numbers = NumberRule.Any;
        foreach (var rule in Rules("minimum"))
            numbers = numbers.AtLeast(Fraction.Parse(rule.GetRawText()), false);
        foreach (var rule in Rules("exclusiveMinimum"))
            numbers = numbers.AtLeast(Fraction.Parse(rule.GetRawText()), true);
        foreach (var rule in Rules("maximum"))
            numbers = numbers.AtMost(Fraction.Parse(rule.GetRawText()), false);
        foreach (var rule in Rules("exclusiveMaximum"))
            numbers = numbers.AtMost(Fraction.Parse(rule.GetRawText()), true);
        foreach (var rule in Rules("multipleOf"))
            numbers = numbers.MultipleOf(Fraction.Parse(rule.GetRawText()));
        if (Allows("integer") && !Allows("number"))
            numbers = numbers.MultipleOf(new Fraction(1, 0));
        if (!Allows("integer") && !Allows("number"))
            Numbers = [];
        else if (listed is null)
            Numbers =
                numbers.Meets(new(0, 0), false, null, false) || numbers.Mirrored().Meets(new(0, 0), false, null, false)
                    ? [numbers]
                    : [];
        else
            Numbers =
            [
                .. listed
                    .Where(v => v.ValueKind == JsonValueKind.Number)
                    .Select(v => Fraction.Parse(v.GetRawText()))
                    .Where(numbers.Contains)
                    .Select(v => numbers.AtLeast(v, false).AtMost(v, false)),
            ];
    }

    /// <summary>A way for scalars and whatever is not listed, and one more for each object or array that is.</summary>
    public static IEnumerable<Way> Of(RawSchema schema, JsonElement[] plain)
    {
        var lists = plain
            .Select(s => s.TryGetProperty("enum", out var list) ? list.EnumerateArray().ToArray() : null)
            .Concat(plain.Select(s => s.TryGetProperty("const", out var one) ? new[] { one } : null))
            .OfType<JsonElement[]>()
            .ToArray();
        if (lists.Length == 0)
            return [new Way(schema, plain, null)];
        var listed = lists[0].Where(v => lists.All(l => l.Any(w => JsonElement.DeepEquals(v, w)))).ToArray();
        var ways = new List<Way> { new(schema, plain, listed) };
        foreach (var value in listed)
        {
            if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                ways.Add(new Way(schema, [.. plain, Alone(value)], null));
        }
        return ways;
    }

    /// <summary>A schema that an object or array alone satisfies, its members and items listed.</summary>
    private static JsonElement Alone(JsonElement value)
    {
        var text = new StringBuilder();
        if (value.ValueKind == JsonValueKind.Array)
        {
            var items = value.EnumerateArray().Select(i => $"{{\"const\":{i.GetRawText()}}}").ToArray();
            text.Append("{\"type\":\"array\",\"items\":false,\"minItems\":").Append(items.Length);
            if (items.Length > 0)
                text.Append(",\"prefixItems\":[").AppendJoin(',', items).Append(']');
        }
        else
        {
            var names = value.EnumerateObject().Select(m => JsonSerializer.Serialize(m.Name)).ToArray();
            var members = value
                .EnumerateObject()
                .Select(m => $"{JsonSerializer.Serialize(m.Name)}:{{\"const\":{m.Value.GetRawText()}}}");
            text.Append("{\"type\":\"object\",\"additionalProperties\":false,\"required\":[").AppendJoin(',', names);
            text.Append("],\"properties\":{").AppendJoin(',', members).Append('}');
        }
        return JsonElement.Parse(text.Append('}').ToString());
    }

    private IEnumerable<JsonElement> Rules(string keyword) =>
        _plain.Where(s => s.TryGetProperty(keyword, out _)).Select(s => s.GetProperty(keyword));

    private int Most(string keyword) => Rules(keyword).Select(r => r.GetInt32()).DefaultIfEmpty(0).Max();

    private int Least(string keyword) => Rules(keyword).Select(r => r.GetInt32()).DefaultIfEmpty(int.MaxValue).Min();

    private bool Allows(string type) =>
        Rules("type")
            .All(r =>
                r.ValueKind == JsonValueKind.Array ? r.EnumerateArray().Any(t => t.GetString() == type) : r.GetString() == type
            );

    public int MinItems { get; }
    public int MaxItems { get; }

    /// <summary>What a number may be, each of these by itself.</summary>
    public NumberRule[] Numbers { get; }

    /// <summary>What a string may be.</summary>
    public Regular Strings => _strings ??= FindStrings();

    private Regular FindStrings()
    {
        var texts = _schema.Texts;
        if (!Allows("string"))
            return texts.Nothing;
        var all = texts.Length(Most("minLength"), Least("maxLength"));
        foreach (var rule in Rules("pattern"))
            all = texts.Both(all, _schema.Pattern(rule.GetString()!));
        if (_listed is null)
            return all;
        var listed = texts.Nothing;
        foreach (var value in _listed.Where(v => v.ValueKind == JsonValueKind.String))
            listed = texts.Either(listed, texts.Text(value.GetString()!));
        return texts.Both(all, listed);
    }

    /// <summary>Whether true, false or null is right.</summary>
    public bool AllowsLiteral(JsonValueKind kind) =>
        Allows(kind == JsonValueKind.Null ? "null" : "boolean") && (_listed is null || _listed.Any(v => v.ValueKind == kind));

    /// <summary>Whether some array is right.</summary>
    public bool HasArrays => ArrayExists(16);

    /// <summary>Whether some object is right.</summary>
    public bool HasObjects => ObjectExists(16);

    public bool Exists(int depth) =>
        Numbers.Length > 0
        || Strings.IsAlive
        || AllowsLiteral(JsonValueKind.True)
        || AllowsLiteral(JsonValueKind.False)
        || AllowsLiteral(JsonValueKind.Null)
        || ArrayExists(depth)
        || ObjectExists(depth);

    private bool ArrayExists(int depth)
    {
        if (_listed is not null || !Allows("array") || MinItems > MaxItems)
            return false;
        // Past all prefixes the items are alike.
        var alike = Rules("prefixItems").Select(p => p.GetArrayLength()).DefaultIfEmpty(0).Max();
        return Enumerable.Range(0, Math.Min(MinItems, alike + 1)).All(i => Item(i).ExistsWithin(depth - 1));
    }

    /// <summary>What an item must satisfy.</summary>
    public Demand Item(int at)
    {
        var schemas = new List<JsonElement>();
        foreach (var schema in _plain)
        {
            var prefix = schema.TryGetProperty("prefixItems", out var first) ? first.GetArrayLength() : 0;
            if (at < prefix)
                schemas.Add(first[at]);
            else if (schema.TryGetProperty("items", out var rest))
                schemas.Add(rest);
        }
        return _schema.Demand(schemas);
    }

    /// <summary>Whether one more item may come.</summary>
    public bool HasItem(int at) => at < MaxItems && Item(at).Exists;

    private bool ObjectExists(int depth)
    {
        if (_listed is not null || !Allows("object") || _required.Count > _maxMembers || _minMembers > _maxMembers)
            return false;
        if (!_required.All(n => Member(n).ExistsWithin(depth - 1)))
            return false;
        if (_minMembers <= _required.Count)
            return true;
        if (_patterns.Length > 0)
            throw new NotSupportedException("minProperties beside patternProperties");
        return Other([]).ExistsWithin(depth - 1) || _names.Count(n => Member(n).ExistsWithin(depth - 1)) >= _minMembers;
    }

    /// <summary>What the value of a key must satisfy.</summary>
    public Demand Member(string key)
    {
        if (_members.TryGetValue(key, out var known))
            return known;
        var matched = _patterns.Where(p => Matches(_schema.Pattern(p), key)).ToHashSet();
        return _members[key] = Member(key, matched);
    }

    /// <summary>The same of any key that no schema names, given the patterns that it matches.</summary>
    private Demand Other(HashSet<string> matched) => Member(null, matched);

    private Demand Member(string? key, HashSet<string> matched)
    {
        var schemas = new List<JsonElement>();
        foreach (var schema in _plain)
        {
            var isNamed = false;
            if (
                key is not null
                && schema.TryGetProperty("properties", out var properties)
                && properties.TryGetProperty(key, out var named)
            )
            {
                schemas.Add(named);
                isNamed = true;
            }
            if (schema.TryGetProperty("patternProperties", out var patterns))
            {
                foreach (var pattern in patterns.EnumerateObject().Where(p => matched.Contains(p.Name)))
                {
                    schemas.Add(pattern.Value);
                    isNamed = true;
                }
            }
            if (!isNamed && schema.TryGetProperty("additionalProperties", out var others))
                schemas.Add(others);
        }
        return _schema.Demand(schemas);
    }

    private static bool Matches(Regular language, string text)
    {
        foreach (var character in text.EnumerateRunes())
            language = language.After(character.Value);
        return language.IsNullable;
    }

    /// <summary>The keys that may come next where some have come.</summary>
    public Regular Keys(HashSet<string> used)
    {
        // With their lengths, so that no two sets look alike.
        var id = string.Concat(used.Order(StringComparer.Ordinal).Select(k => $"{k.Length}:{k}"));
        if (!_keys.TryGetValue(id, out var known))
            _keys.Add(id, known = FindKeys(used));
        return known;
    }

    private Regular FindKeys(HashSet<string> used)
    {
        var texts = _schema.Texts;
        var missing = _required.Count(n => !used.Contains(n));
        var hasRoom = used.Count + 1 + missing <= _maxMembers;
        var all = texts.Nothing;
        var taken = texts.Nothing;
        foreach (var name in _names)
        {
            taken = texts.Either(taken, texts.Text(name));
            if (!used.Contains(name) && (hasRoom || _required.Contains(name)) && Member(name).Exists)
                all = texts.Either(all, texts.Text(name));
        }
        foreach (var name in used)
            taken = texts.Either(taken, texts.Text(name));
        if (!hasRoom)
            return all;
        for (var some = 0; some < 1 << _patterns.Length; some++)
        {
            var keys = texts.Not(taken);
            var matched = new HashSet<string>();
            for (var i = 0; i < _patterns.Length; i++)
            {
                var isMatched = (some >> i & 1) != 0;
                var pattern = _schema.Pattern(_patterns[i]);
                keys = texts.Both(keys, isMatched ? pattern : texts.Not(pattern));
                if (isMatched)
                    matched.Add(_patterns[i]);
            }
            if (Other(matched).Exists)
                all = texts.Either(all, keys);
        }
        return all;
    }

    /// <summary>Whether an object with these keys may end.</summary>
    public bool CanClose(HashSet<string> used) => used.Count >= _minMembers && _required.IsSubsetOf(used);
}
