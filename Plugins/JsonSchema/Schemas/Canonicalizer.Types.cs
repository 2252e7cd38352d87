using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Numbers;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Schemas;

internal sealed partial class Canonicalizer
{
    /// <content>Keywords that say something of one type of value.</content>
    private sealed partial class Keywords
    {
        private Node Types()
        {
            if (!place.Element.TryGetProperty("type", out var type))
                return canonicalizer.Anything;
            if (type.ValueKind == JsonValueKind.String)
                return Type(type.GetString()!);
            if (type.ValueKind != JsonValueKind.Array)
                throw Malformed("type", "a name or a list of names");
            var node = canonicalizer.Nothing;
            foreach (var item in type.EnumerateArray())
                node = canonicalizer.Union(
                    node,
                    item.ValueKind == JsonValueKind.String ? Type(item.GetString()!) : throw Malformed("type", "a list of names")
                );
            return node;
        }

        private Node Type(string name) =>
            name switch
            {
                "null" => new Node { Null = true, Strings = _pool.None },
                "boolean" => new Node
                {
                    True = true,
                    False = true,
                    Strings = _pool.None,
                },
                "number" => new Node { Numbers = [NumberSet.All], Strings = _pool.None },
                "integer" => new Node { Numbers = [new NumberSet { MultipleOf = new ExactDecimal(1, 0) }], Strings = _pool.None },
                "string" => new Node { Strings = _pool.All },
                "object" => new Node { Objects = [ObjectShape.Any], Strings = _pool.None },
                "array" => new Node { Arrays = [ArrayShape.Any], Strings = _pool.None },
                _ => throw new SchemaException(place.Pointer, "type", $"'{name}' is not a type of JSON"),
            };

        private Node Enumeration()
        {
            if (!place.Element.TryGetProperty("enum", out var list))
                return canonicalizer.Anything;
            if (list.ValueKind != JsonValueKind.Array)
                throw Malformed("enum", "a list of values");
            var strings = new List<string>();
            var numbers = new HashSet<NumberSet>();
            var node = canonicalizer.Nothing;
            foreach (var value in list.EnumerateArray())
            {
                Fuel.Spend();
                if (value.ValueKind == JsonValueKind.String)
                    strings.Add(value.GetString()!);
                else if (value.ValueKind == JsonValueKind.Number)
                    numbers.Add(NumberSet.Single(ExactDecimal.Parse(value.GetRawText())));
                else
                    node = canonicalizer.Union(node, canonicalizer.Single(value));
            }
            return canonicalizer.Union(node, new Node { Strings = _pool.OneOf(strings), Numbers = [.. numbers] });
        }

        private Node Constant() =>
            Since(Draft.Six) && place.Element.TryGetProperty("const", out var value)
                ? canonicalizer.Single(value)
                : canonicalizer.Anything;

        private Node Scalars()
        {
            var strings = _pool.All;
            var numbers = NumberSet.All;
            int min = 0,
                max = Language.Unbounded;
            foreach (var member in place.Element.EnumerateObject())
            {
                var value = member.Value;
                switch (member.Name)
                {
                    case "minLength":
                        Guard("minLength", () => min = Count(value, "minLength"));
                        break;
                    case "maxLength":
                        Guard("maxLength", () => max = Count(value, "maxLength"));
                        break;
                    case "pattern":
                        Guard("pattern", () => strings = _pool.And(strings, Pattern(value)));
                        break;
                    case "format":
                        Guard("format", () => strings = _pool.And(strings, Format(value)));
                        break;
                    case "minimum":
                        Guard(
                            "minimum",
                            () =>
                                numbers = numbers.Intersect(
                                    new NumberSet { Low = Number(value, "minimum"), LowOpen = Flag("exclusiveMinimum") }
                                )
                        );
                        break;
                    case "maximum":
                        Guard(
                            "maximum",
                            () =>
                                numbers = numbers.Intersect(
                                    new NumberSet { High = Number(value, "maximum"), HighOpen = Flag("exclusiveMaximum") }
                                )
                        );
                        break;
                    case "exclusiveMinimum"
                        when Since(Draft.Six) && value.ValueKind is not (JsonValueKind.True or JsonValueKind.False):
                        Guard(
                            "exclusiveMinimum",
                            () =>
                                numbers = numbers.Intersect(
                                    new NumberSet { Low = Number(value, "exclusiveMinimum"), LowOpen = true }
                                )
                        );
                        break;
                    case "exclusiveMaximum"
                        when Since(Draft.Six) && value.ValueKind is not (JsonValueKind.True or JsonValueKind.False):
                        Guard(
                            "exclusiveMaximum",
                            () =>
                                numbers = numbers.Intersect(
                                    new NumberSet { High = Number(value, "exclusiveMaximum"), HighOpen = true }
                                )
                        );
                        break;
                    case "multipleOf":
                        Guard("multipleOf", () => numbers = numbers.Intersect(Multiples(value)));
                        break;
                }
            }
            if (min > max)
                strings = _pool.None;
            else if (min > 0 || max != Language.Unbounded)
                strings = _pool.And(strings, _pool.Length(min, max));
            if (strings == _pool.All && numbers == NumberSet.All)
                return canonicalizer.Anything;
            var all = canonicalizer.Anything;
            return new Node
            {
                Null = true,
                True = true,
                False = true,
                Strings = strings,
                Numbers = numbers.IsEmpty ? [] : [numbers],
                Objects = all.Objects,
                Arrays = all.Arrays,
            };
        }

        private bool Flag(string keyword) =>
            (_draft == Draft.Four || _mixed)
            && place.Element.TryGetProperty(keyword, out var flag)
            && flag.ValueKind == JsonValueKind.True;

        private NumberSet Multiples(JsonElement value)
        {
            var step = Number(value, "multipleOf");
            return step.Sign > 0 ? new NumberSet { MultipleOf = step } : throw Malformed("multipleOf", "a number above zero");
        }

        private ExactDecimal Number(JsonElement value, string keyword) =>
            value.ValueKind == JsonValueKind.Number
                ? ExactDecimal.Parse(value.GetRawText())
                : throw Malformed(keyword, "a number");

        private int Count(JsonElement value, string keyword)
        {
            if (value.ValueKind == JsonValueKind.Number)
            {
                var number = ExactDecimal.Parse(value.GetRawText());
                if (number.IsInteger && number.Sign >= 0)
                    return number.Unscaled > int.MaxValue - 1 ? int.MaxValue - 1 : (int)number.Unscaled;
            }
            throw Malformed(keyword, "a whole number, 0 or more");
        }

        private Language Pattern(JsonElement value)
        {
            if (value.ValueKind != JsonValueKind.String)
                throw Malformed("pattern", "a regular expression");
            return Pattern(value.GetString()!);
        }

        private Language Pattern(string pattern)
        {
            Fuel.Spend(1 + pattern.Length / 16);
            if (!_pool.Named.TryGetValue("p:" + pattern, out var language))
                _pool.Named.Add("p:" + pattern, language = EcmaPattern.Search(_pool, pattern));
            return language;
        }

        private Language Format(JsonElement value)
        {
            if (!canonicalizer._options.AssertFormats || value.ValueKind != JsonValueKind.String)
                return _pool.All;
            var name = value.GetString()!;
            if (_pool.Named.TryGetValue("f:" + name, out var known))
                return known;
            if (Formats.Find(_pool, name) is not { } language)
                return _pool.All;
            _pool.Named.Add("f:" + name, language);
            return language;
        }

        private Node Only(ObjectShape shape) =>
            With(canonicalizer.Anything, shape.Min > shape.Max ? [] : [shape], canonicalizer.Anything.Arrays);

        private Node Only(ArrayShape shape) =>
            With(canonicalizer.Anything, canonicalizer.Anything.Objects, shape.Min > shape.Max ? [] : [shape]);

        private Node Objects()
        {
            var properties = new Dictionary<string, Expression>();
            var patterns = new List<(Language, Expression)>();
            Expression? additional = null,
                names = null;
            string[] required = [];
            int min = 0,
                max = int.MaxValue;
            var dependencies = new List<Dependency>();
            var any = false;
            foreach (var member in place.Element.EnumerateObject())
            {
                var value = member.Value;
                switch (member.Name)
                {
                    case "properties":
                        Guard("properties", () => ReadMap(value, "properties", (name, child) => properties[name] = child));
                        break;
                    case "patternProperties":
                        Guard(
                            "patternProperties",
                            () => ReadMap(value, "patternProperties", (name, child) => patterns.Add((Pattern(name), child)))
                        );
                        break;
                    case "additionalProperties":
                        Guard("additionalProperties", () => additional = Child(value, "/additionalProperties"));
                        break;
                    case "propertyNames" when Since(Draft.Six):
                        Guard("propertyNames", () => names = Child(value, "/propertyNames"));
                        break;
                    case "required":
                        Guard("required", () => required = Names(value, "required"));
                        break;
                    case "minProperties":
                        Guard("minProperties", () => min = Count(value, "minProperties"));
                        break;
                    case "maxProperties":
                        Guard("maxProperties", () => max = Count(value, "maxProperties"));
                        break;
                    case "dependentRequired" when Since(Draft.V201909):
                    case "dependencies" when !Since(Draft.V201909) || _mixed:
                        Guard(member.Name, () => DependentNames(value, member.Name, dependencies));
                        break;
                    default:
                        continue;
                }
                any = true;
            }
            if (!any)
                return canonicalizer.Anything;
            var layers = new List<Layer>();
            if (patterns.Count > 0 || additional is not null && additional != canonicalizer.True)
                layers.Add(new Layer([.. patterns], additional ?? canonicalizer.True));
            var patternsOnly = new Layer([.. patterns], canonicalizer.True);
            var named = new List<(string Name, Expression Value)>(properties.Count);
            foreach (var (name, value) in properties)
                named.Add(
                    (name, patterns.Count == 0 ? value : canonicalizer.And(value, canonicalizer.ValueFor(patternsOnly, name)))
                );
            if (names is not null)
            {
                var allowed = canonicalizer.Normalize(names).Strings;
                if (allowed != _pool.All)
                {
                    var layer = new Layer([(_pool.Not(allowed), canonicalizer.False)], canonicalizer.True);
                    layers.Add(layer);
                    for (var i = 0; i < named.Count; i++)
                        named[i] = (
                            named[i].Name,
                            canonicalizer.And(named[i].Value, canonicalizer.ValueFor([layer], named[i].Name))
                        );
                }
            }
            named.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
            var evaluated = EvaluatedKeys.None;
            if (canonicalizer._documents.HasUnevaluated)
                evaluated = new(additional is not null, [.. properties.Keys], [.. patterns.Select(p => p.Item1)]);
            return Only(
                new ObjectShape
                {
                    Properties = [.. named],
                    Required = required,
                    Order = [.. properties.Keys],
                    Layers = [.. layers],
                    Min = min,
                    Max = max,
                    Dependencies = [.. dependencies],
                    Evaluated = evaluated,
                }
            );
        }

        private void ReadMap(JsonElement map, string keyword, Action<string, Expression> add)
        {
            if (map.ValueKind != JsonValueKind.Object)
                throw Malformed(keyword, "an object of schemas");
            foreach (var entry in map.EnumerateObject())
                add(entry.Name, Child(entry.Value, $"/{keyword}/{SchemaDocuments.Escape(entry.Name)}"));
        }

        private string[] Names(JsonElement value, string keyword)
        {
            if (value.ValueKind != JsonValueKind.Array)
                throw Malformed(keyword, "a list of names");
            return
            [
                .. value
                    .EnumerateArray()
                    .Select(n =>
                        n.ValueKind == JsonValueKind.String ? n.GetString()! : throw Malformed(keyword, "a list of names")
                    )
                    .Distinct(),
            ];
        }

        private void DependentNames(JsonElement value, string keyword, List<Dependency> dependencies)
        {
            if (value.ValueKind != JsonValueKind.Object)
                throw Malformed(keyword, "an object");
            foreach (var entry in value.EnumerateObject())
            {
                if (entry.Value.ValueKind == JsonValueKind.Array)
                    dependencies.Add(new(entry.Name, Names(entry.Value, keyword)));
                else if (entry.Value.ValueKind == JsonValueKind.String && keyword == "dependencies")
                    dependencies.Add(new(entry.Name, [entry.Value.GetString()!]));
            }
        }

        private Node Arrays()
        {
            var shape = new ArrayShape();
            Expression[] prefix = [];
            Expression? rest = null,
                contains = null;
            int min = 0,
                max = int.MaxValue,
                minContains = 1,
                maxContains = int.MaxValue;
            bool unique = false,
                any = false,
                list = false;
            var schema = place.Element;
            foreach (var member in schema.EnumerateObject())
            {
                var value = member.Value;
                switch (member.Name)
                {
                    case "prefixItems" when Since(Draft.V202012):
                        Guard("prefixItems", () => prefix = [.. Schemas(value, "prefixItems")]);
                        break;
                    case "items" when value.ValueKind == JsonValueKind.Array && (_draft < Draft.V202012 || _mixed):
                        list = true;
                        Guard("items", () => prefix = [.. Schemas(value, "items")]);
                        break;
                    case "items":
                        Guard("items", () => rest = Child(value, "/items"));
                        break;
                    case "minItems":
                        Guard("minItems", () => min = Count(value, "minItems"));
                        break;
                    case "maxItems":
                        Guard("maxItems", () => max = Count(value, "maxItems"));
                        break;
                    case "uniqueItems":
                        Guard("uniqueItems", () => unique = value.ValueKind == JsonValueKind.True);
                        break;
                    case "contains" when Since(Draft.Six):
                        Guard("contains", () => contains = Child(value, "/contains"));
                        break;
                    case "minContains" when Since(Draft.V201909):
                        Guard("minContains", () => minContains = Count(value, "minContains"));
                        break;
                    case "maxContains" when Since(Draft.V201909):
                        Guard("maxContains", () => maxContains = Count(value, "maxContains"));
                        break;
                    default:
                        continue;
                }
                any = true;
            }
            if (list && schema.TryGetProperty("additionalItems", out var additional))
                Guard("additionalItems", () => rest = Child(additional, "/additionalItems"));
            if (!any)
                return canonicalizer.Anything;
            var evaluated = EvaluatedItems.None;
            if (canonicalizer._documents.HasUnevaluated)
            {
                // Since 2020-12 an item that matches "contains" counts as looked at.
                Expression[] matching = contains is not null && _draft >= Draft.V202012 ? [contains] : [];
                evaluated = new(rest is not null, prefix.Length, matching);
            }
            if (contains is not null && minContains > maxContains)
                return Only(new ArrayShape { Min = 1, Max = 0 });
            return Only(
                new ArrayShape
                {
                    Prefix = prefix,
                    Rest = rest == canonicalizer.True ? null : rest,
                    Min = min,
                    Max = max,
                    Contains =
                        contains is null || minContains == 0 && maxContains == int.MaxValue
                            ? []
                            : [new(contains, minContains, maxContains)],
                    Unique = unique,
                    Evaluated = evaluated,
                }
            );
        }
    }
}
