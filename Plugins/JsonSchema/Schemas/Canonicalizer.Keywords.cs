using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Schemas;

internal sealed partial class Canonicalizer
{
    /// <summary>The keywords of one schema object, read into the parts of a canonical form. Here those that combine schemas.</summary>
    private sealed partial class Keywords(Canonicalizer canonicalizer, SchemaPlace place, Scope? scope)
    {
        private readonly Draft _draft = place.Resource.Draft;
        private readonly bool _mixed = place.Resource.Mixed;
        private readonly LanguagePool _pool = canonicalizer.Pool;

        public Node Read()
        {
            var schema = place.Element;
            if (_draft < Draft.V201909 && !_mixed && schema.TryGetProperty("$ref", out var only))
            {
                var target = canonicalizer.Anything;
                Guard("$ref", () => target = canonicalizer.Normalize(Reference(only, "$ref")));
                return target;
            }
            var node = canonicalizer.Anything;
            void Meet(Node other) => node = canonicalizer.Intersect(node, other);

            Guard("type", () => Meet(Types()));
            Guard("enum", () => Meet(Enumeration()));
            Guard("const", () => Meet(Constant()));
            Meet(Scalars());
            Meet(Objects());
            Meet(Arrays());
            foreach (var member in schema.EnumerateObject())
            {
                var value = member.Value;
                switch (member.Name)
                {
                    case "$ref":
                    case "$dynamicRef" when Since(Draft.V202012):
                    case "$recursiveRef" when Since(Draft.V201909):
                        Guard(member.Name, () => Meet(canonicalizer.Normalize(Reference(value, member.Name))));
                        break;
                    case "allOf":
                        Guard("allOf", () => AllOf(value, Meet));
                        break;
                    case "anyOf":
                        Guard("anyOf", () => Meet(AnyOf(Schemas(value, "anyOf"))));
                        break;
                    case "oneOf":
                        Guard("oneOf", () => Meet(OneOf(Schemas(value, "oneOf"))));
                        break;
                    case "not":
                        Guard("not", () => Meet(canonicalizer.Normalize(Negation(value))));
                        break;
                    case "if" when Since(Draft.Seven):
                        Guard("if", () => Meet(Conditional(schema)));
                        break;
                    case "dependentSchemas" when Since(Draft.V201909):
                    case "dependencies" when !Since(Draft.V201909) || _mixed:
                        Guard(member.Name, () => DependentSchemas(value, member.Name, Meet));
                        break;
                    case "extends" or "disallow" or "divisibleBy" when _draft == Draft.Four && !_mixed:
                        break;
                }
            }
            Guard("unevaluatedProperties", () => node = UnevaluatedProperties(node));
            Guard("unevaluatedItems", () => node = UnevaluatedItems(node));
            return node;
        }

        private bool Since(Draft draft) => _draft >= draft || _mixed;

        /// <summary>Errors get the place they come from; lenient reading records them and goes on.</summary>
        private void Guard(string keyword, Action read)
        {
            try
            {
                read();
            }
            catch (Exception error) when (IsToPlace(error))
            {
                var placed = error is SchemaException { Location.Length: > 0 } known
                    ? known
                    : new SchemaException(
                        place.Pointer,
                        error is SchemaException { Keyword.Length: > 0 } named ? named.Keyword : keyword,
                        (error as SchemaException)?.Reason ?? error.Message
                    );
                if (IsFatal)
                    throw canonicalizer._fatal = placed;
                canonicalizer._warnings.Add(placed);
            }
        }

        private bool IsFatal => !canonicalizer._options.Lenient || Fuel.IsExhausted;

        // An error that has its place goes through: thrown anew at each of hundreds of references it would take more stack than there is.
        private bool IsToPlace(Exception error) =>
            (error is SchemaException or FormatException or FuelException or OverflowException) && error != canonicalizer._fatal;

        private SchemaException Malformed(string keyword, string expected) => new(place.Pointer, keyword, $"must be {expected}");

        private Expression Child(JsonElement element, string pointer)
        {
            if (element.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
                throw new SchemaException(place.Pointer, pointer.TrimStart('/'), "must be a schema");
            return canonicalizer.Schema(canonicalizer._documents.Child(place, element, pointer), scope);
        }

        // A negation that is negated is what it negates, but for its annotations: two complements would multiply out what is written plainly.
        private Expression Negation(JsonElement value)
        {
            if (
                !canonicalizer._documents.HasUnevaluated
                && value.ValueKind == JsonValueKind.Object
                && value.GetPropertyCount() == 1
                && value.TryGetProperty("not", out var inner)
                && inner.ValueKind == JsonValueKind.Object
            )
            {
                var documents = canonicalizer._documents;
                return canonicalizer.Schema(documents.Child(documents.Child(place, value, "/not"), inner, "/not"), scope);
            }
            return canonicalizer.Not(Child(value, "/not"));
        }

        private List<Expression> Schemas(JsonElement value, string keyword)
        {
            if (value.ValueKind != JsonValueKind.Array)
                throw Malformed(keyword, "a list of schemas");
            var index = 0;
            return [.. value.EnumerateArray().Select(item => Child(item, $"/{keyword}/{index++}"))];
        }

        private Expression Reference(JsonElement value, string keyword)
        {
            if (value.ValueKind != JsonValueKind.String)
                throw Malformed(keyword, "a URI reference");
            var reference = value.GetString()!;
            var target = canonicalizer._documents.Resolve(place, reference, keyword);
            if (keyword == "$recursiveRef" && target.Resource.RecursiveAnchor)
            {
                for (var s = scope; s is not null; s = s.Outer)
                {
                    if (s.Resource.RecursiveAnchor)
                        target = canonicalizer._documents.Child(Root(s.Resource), s.Resource.Root, "");
                }
            }
            if (keyword == "$dynamicRef" && reference.Contains('#', StringComparison.Ordinal))
            {
                var anchor = reference[(reference.IndexOf('#', StringComparison.Ordinal) + 1)..];
                if (target.Resource.DynamicAnchors.Contains(anchor))
                {
                    for (var s = scope; s is not null; s = s.Outer)
                    {
                        if (s.Resource.DynamicAnchors.Contains(anchor))
                            target = s.Resource.Anchors[anchor];
                    }
                }
            }
            return canonicalizer.Schema(target, scope);
        }

        private static SchemaPlace Root(SchemaResource resource) =>
            new()
            {
                Element = resource.Root,
                Pointer = resource.Pointer,
                Resource = resource,
            };

        private void DependentSchemas(JsonElement value, string keyword, Action<Node> meet)
        {
            if (value.ValueKind != JsonValueKind.Object)
                throw Malformed(keyword, "an object");
            foreach (var entry in value.EnumerateObject())
            {
                if (entry.Value.ValueKind is JsonValueKind.Array or JsonValueKind.String)
                    continue;
                var child = Child(entry.Value, $"/{keyword}/{SchemaDocuments.Escape(entry.Name)}");
                var present = Only(new ObjectShape { Required = [entry.Name] });
                var absent = Only(new ObjectShape { Properties = [(entry.Name, canonicalizer.False)] });
                var then = canonicalizer.Normalize(child);
                var both = canonicalizer.Intersect(present, then);
                // Other types pass whatever the schema says of them.
                meet(
                    new Node
                    {
                        Null = true,
                        True = true,
                        False = true,
                        Numbers = absent.Numbers,
                        Strings = absent.Strings,
                        Arrays = absent.Arrays,
                        Objects = [.. absent.Objects, .. both.Objects],
                    }
                );
            }
        }

        private void AllOf(JsonElement value, Action<Node> meet)
        {
            foreach (var item in Schemas(value, "allOf"))
                meet(canonicalizer.Normalize(item));
        }

        private Node AnyOf(List<Expression> items)
        {
            if (!canonicalizer._documents.HasUnevaluated)
                return items.Select(canonicalizer.Normalize).Aggregate(canonicalizer.Nothing, canonicalizer.Union);
            // Annotations come from every branch that passes, so each set of branches is a case of its own.
            if (items.Count > 8)
                throw new FuelException();
            var node = canonicalizer.Nothing;
            for (var set = 1; set < 1 << items.Count; set++)
            {
                var all = canonicalizer.Anything;
                for (var i = 0; i < items.Count; i++)
                {
                    if ((set >> i & 1) != 0)
                        all = canonicalizer.Intersect(all, canonicalizer.Normalize(items[i]));
                }
                node = canonicalizer.UnionOf(node, all);
            }
            return node;
        }

        private Node OneOf(List<Expression> items)
        {
            var nodes = items.Select(canonicalizer.Normalize).ToArray();
            var result = canonicalizer.Nothing;
            var disjoint = new bool[nodes.Length, nodes.Length];
            for (var i = 0; i < nodes.Length; i++)
            {
                for (var j = i + 1; j < nodes.Length; j++)
                    disjoint[i, j] = disjoint[j, i] = items[i] != items[j] && canonicalizer.AreDisjoint(nodes[i], nodes[j]);
            }
            for (var i = 0; i < nodes.Length; i++)
            {
                var only = nodes[i];
                for (var j = 0; j < nodes.Length; j++)
                {
                    if (j == i || disjoint[i, j])
                        continue;
                    only =
                        items[i] == items[j]
                            ? canonicalizer.Nothing
                            : canonicalizer.Prune(
                                canonicalizer.Intersect(only, canonicalizer.Normalize(canonicalizer.Not(items[j])))
                            );
                }
                result = canonicalizer.UnionOf(result, only);
            }
            return result;
        }

        private Node Conditional(JsonElement schema)
        {
            var condition = Child(schema.GetProperty("if"), "/if");
            var then = schema.TryGetProperty("then", out var t) ? Child(t, "/then") : canonicalizer.True;
            var otherwise = schema.TryGetProperty("else", out var e) ? Child(e, "/else") : canonicalizer.True;
            if (then == canonicalizer.True && otherwise == canonicalizer.True && !canonicalizer._documents.HasUnevaluated)
                return canonicalizer.Anything;
            var holds = canonicalizer.Intersect(canonicalizer.Normalize(condition), canonicalizer.Normalize(then));
            var fails = canonicalizer.Intersect(
                canonicalizer.Normalize(canonicalizer.Not(condition)),
                canonicalizer.Normalize(otherwise)
            );
            return canonicalizer.UnionOf(holds, fails);
        }

        private Node UnevaluatedProperties(Node node)
        {
            if (_draft < Draft.V201909 || !place.Element.TryGetProperty("unevaluatedProperties", out var value))
                return node;
            var rule = Child(value, "/unevaluatedProperties");
            return With(node, [.. node.Objects.Select(Restrict).OfType<ObjectShape>()], node.Arrays);

            ObjectShape? Restrict(ObjectShape shape)
            {
                var all = new EvaluatedKeys(true, [], []);
                if (shape.Evaluated.All)
                    return shape;
                var layer = new Layer([.. shape.Evaluated.Patterns.Select(p => (Keys: p, Value: canonicalizer.True))], rule);
                var names = shape.Evaluated.Names;
                var other = new ObjectShape
                {
                    Properties = [.. names.Order(StringComparer.Ordinal).Select(n => (n, canonicalizer.True))],
                    Layers = [layer],
                    Evaluated = all,
                };
                return canonicalizer.Intersect(shape, other);
            }
        }

        private Node UnevaluatedItems(Node node)
        {
            if (_draft < Draft.V201909 || !place.Element.TryGetProperty("unevaluatedItems", out var value))
                return node;
            var rule = Child(value, "/unevaluatedItems");
            return With(node, node.Objects, [.. node.Arrays.Select(Restrict).OfType<ArrayShape>()]);

            ArrayShape? Restrict(ArrayShape shape)
            {
                if (shape.Evaluated.All)
                    return shape;
                var prefix = new Expression[shape.Evaluated.Prefix];
                Array.Fill(prefix, canonicalizer.True);
                var rest = shape.Evaluated.Matching.Aggregate(rule, canonicalizer.Or);
                var other = new ArrayShape
                {
                    Prefix = prefix,
                    Rest = rest,
                    Evaluated = new(true, 0, []),
                };
                return canonicalizer.Intersect(shape, other);
            }
        }
    }

    private static Node With(Node node, ObjectShape[] objects, ArrayShape[] arrays) =>
        new()
        {
            Null = node.Null,
            True = node.True,
            False = node.False,
            Numbers = node.Numbers,
            Strings = node.Strings,
            Objects = objects,
            Arrays = arrays,
        };

    private Node NormalizeSchema(Expression expression)
    {
        var place = expression.Place!;
        if (place.Element.ValueKind != JsonValueKind.Object)
            throw new SchemaException(place.Pointer, "", "is not a schema");
        return new Keywords(this, place, expression.Scope).Read();
    }

    /// <summary>A union that keeps what each part says it has looked at: no part absorbs another then.</summary>
    private Node UnionOf(Node a, Node b)
    {
        if (!_documents.HasUnevaluated)
            return Union(a, b);
        return new Node
        {
            Null = a.Null || b.Null,
            True = a.True || b.True,
            False = a.False || b.False,
            Numbers = Merge(a.Numbers, b.Numbers, _ => false),
            Strings = Pool.Or(a.Strings, b.Strings),
            Objects = Merge(a.Objects, b.Objects, _ => false),
            Arrays = Merge(a.Arrays, b.Arrays, _ => false),
        };
    }
}
