using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Numbers;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Schemas;

/// <summary>
/// Brings schemas into canonical form: every keyword under the instance type that it speaks of, conjunctions as intersections,
/// disjunctions as unions of parts, negation pushed inward. Forms are made when first asked for and kept.
/// </summary>
internal sealed partial class Canonicalizer
{
    private const int AlternativeLimit = 2_000;
    private readonly SchemaDocuments _documents;
    private readonly SchemaOptions _options;
    private readonly Dictionary<(SchemaPlace, Scope?), Expression> _schemas = [];
    private readonly Dictionary<string, Expression> _combined = [];
    private readonly Dictionary<string, Expression> _values = [];
    private readonly Dictionary<int, Scope> _scopes = [];
    private readonly List<SchemaException> _warnings = [];
    private SchemaException? _fatal;
    private int _nextId;

    public Canonicalizer(LanguagePool pool, SchemaDocuments documents, SchemaOptions options)
    {
        (Pool, _documents, _options) = (pool, documents, options);
        Fuel.Refill(options.CompileFuel);
        True = new Expression { Id = _nextId++, Kind = ExpressionKind.True };
        False = new Expression { Id = _nextId++, Kind = ExpressionKind.False };
        Anything = new Node
        {
            Null = true,
            True = true,
            False = true,
            Numbers = [NumberSet.All],
            Strings = pool.All,
            Objects = [ObjectShape.Any],
            Arrays = [ArrayShape.Any],
        };
        Nothing = new Node { Strings = pool.None };
        True.Node = Anything;
        False.Node = Nothing;
        False.Emptiness = Emptiness.Empty;
        True.Emptiness = Emptiness.Inhabited;
    }

    public LanguagePool Pool { get; }

    public Expression True { get; }
    public Expression False { get; }
    public Node Anything { get; }
    public Node Nothing { get; }
    public IReadOnlyList<SchemaException> Warnings => _warnings;

    public Expression Root() => Schema(_documents.Root, EnterScope(null, _documents.Root.Resource));

    public Expression And(Expression a, Expression b)
    {
        if (a == False || b == False)
            return False;
        if (a == True || a == b)
            return b;
        if (b == True)
            return a;
        return Combine(ExpressionKind.And, a, b);
    }

    public Expression Or(Expression a, Expression b)
    {
        if (a == True || b == True)
            return True;
        if (a == False || a == b)
            return b;
        if (b == False)
            return a;
        return Combine(ExpressionKind.Or, a, b);
    }

    public Expression Not(Expression a)
    {
        if (a == True)
            return False;
        if (a == False)
            return True;
        return a.Kind == ExpressionKind.Not ? a.Items[0] : Intern(ExpressionKind.Not, [a]);
    }

    public Expression Value(JsonElement value)
    {
        var text = CanonicalJson.Write(value);
        if (!_values.TryGetValue(text, out var known))
        {
            Fuel.Spend();
            known = new Expression
            {
                Id = _nextId++,
                Kind = ExpressionKind.Value,
                Value = value,
            };
            _values.Add(text, known);
        }
        return known;
    }

    /// <summary>What a form allows, but for one value.</summary>
    public Node Without(Node node, JsonElement value) => Intersect(node, Complement(Single(value)));

    private Expression Combine(ExpressionKind kind, Expression a, Expression b)
    {
        var items = new SortedList<int, Expression>();
        foreach (var side in (Expression[])[a, b])
        {
            foreach (var item in side.Kind == kind ? side.Items : [side])
                items.TryAdd(item.Id, item);
        }
        return items.Count == 1 ? items.Values[0] : Intern(kind, [.. items.Values]);
    }

    private Expression Intern(ExpressionKind kind, Expression[] items)
    {
        var key = $"{(int)kind}:{string.Join(',', items.Select(i => i.Id))}";
        if (_combined.TryGetValue(key, out var known))
            return known;
        Fuel.Spend(1 + items.Length / 4);
        known = new Expression
        {
            Id = _nextId++,
            Kind = kind,
            Items = items,
        };
        _combined.Add(key, known);
        return known;
    }

    private Expression Schema(SchemaPlace place, Scope? scope)
    {
        if (place.Element.ValueKind == JsonValueKind.True)
            return True;
        if (place.Element.ValueKind == JsonValueKind.False)
            return False;
        if (_documents.HasDynamicScope)
            scope = EnterScope(scope, place.Resource);
        var key = (place, scope);
        if (_schemas.TryGetValue(key, out var known))
            return known;
        Fuel.Spend();
        known = new Expression
        {
            Id = _nextId++,
            Kind = ExpressionKind.Schema,
            Place = place,
            Scope = scope,
        };
        _schemas.Add(key, known);
        return known;
    }

    private Scope? EnterScope(Scope? scope, SchemaResource resource)
    {
        if (!_documents.HasDynamicScope)
            return null;
        for (var s = scope; s is not null; s = s.Outer)
        {
            if (s.Resource == resource)
                return scope;
        }
        var inner = scope?.Inner ?? _scopes;
        if (!inner.TryGetValue(resource.Id, out var known))
            inner.Add(resource.Id, known = new Scope(resource, scope));
        return known;
    }

    /// <summary>The canonical form of an expression.</summary>
    public Node Normalize(Expression expression)
    {
        if (expression.Node is { } known)
            return known;
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        if (expression.InProgress)
            throw new SchemaException(
                expression.Place?.Pointer ?? "",
                "",
                "refers to itself without entering a property or item, so it says nothing"
            );
        expression.InProgress = true;
        try
        {
            Fuel.Spend();
            var node = expression.Kind switch
            {
                ExpressionKind.Schema => NormalizeSchema(expression),
                ExpressionKind.Value => Single(expression.Value),
                ExpressionKind.And => expression.Items.Select(Normalize).Aggregate(Intersect),
                ExpressionKind.Or => expression.Items.Select(Normalize).Aggregate(Union),
                _ => Complement(Normalize(expression.Items[0])),
            };
            expression.Node = node;
            return node;
        }
        finally
        {
            expression.InProgress = false;
        }
    }

    public Node Single(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                return new Node { Null = true, Strings = Pool.None };
            case JsonValueKind.True:
                return new Node { True = true, Strings = Pool.None };
            case JsonValueKind.False:
                return new Node { False = true, Strings = Pool.None };
            case JsonValueKind.Number:
                return new Node { Numbers = [NumberSet.Single(ExactDecimal.Parse(value.GetRawText()))], Strings = Pool.None };
            case JsonValueKind.String:
                return new Node { Strings = Pool.Of(value.GetString()!) };
            case JsonValueKind.Array:
                var items = value.EnumerateArray().Select(Value).ToArray();
                return new Node
                {
                    Strings = Pool.None,
                    Arrays =
                    [
                        new ArrayShape
                        {
                            Prefix = items,
                            Rest = False,
                            Min = items.Length,
                            Max = items.Length,
                        },
                    ],
                };
            default:
                var properties = new SortedDictionary<string, Expression>(StringComparer.Ordinal);
                foreach (var member in value.EnumerateObject())
                    properties[member.Name] = Value(member.Value);
                return new Node
                {
                    Strings = Pool.None,
                    Objects =
                    [
                        new ObjectShape
                        {
                            Properties = [.. properties.Select(p => (p.Key, p.Value))],
                            Required = [.. properties.Keys],
                            Order = [.. value.EnumerateObject().Select(member => member.Name).Distinct()],
                            Layers = [new Layer([], False)],
                        },
                    ],
                };
        }
    }

    /// <summary>The rule for the value of a property that may or may not be named in the shape.</summary>
    public Expression ValueFor(ObjectShape shape, string name)
    {
        var at = Find(shape.Properties, name);
        return at >= 0 ? shape.Properties[at].Value : ValueFor(shape.Layers, name);
    }

    public Expression ValueFor(Layer[] layers, string name)
    {
        var value = True;
        foreach (var layer in layers)
            value = And(value, ValueFor(layer, name));
        return value;
    }

    private Expression ValueFor(Layer layer, string name)
    {
        var value = True;
        var matched = false;
        foreach (var (keys, rule) in layer.Patterns)
        {
            if (!Pool.Matches(keys, name))
                continue;
            matched = true;
            value = And(value, rule);
        }
        return matched ? value : layer.Additional;
    }

    private static int Find((string Name, Expression Value)[] properties, string name)
    {
        int low = 0,
            high = properties.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var order = string.CompareOrdinal(properties[middle].Name, name);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return -1;
    }

    public Node Intersect(Node a, Node b)
    {
        if (a == Anything)
            return b;
        if (b == Anything)
            return a;
        return new Node
        {
            Null = a.Null && b.Null,
            True = a.True && b.True,
            False = a.False && b.False,
            Numbers = [.. Numbers(a.Numbers, b.Numbers)],
            Strings = Pool.And(a.Strings, b.Strings),
            Objects = Cross(a.Objects, b.Objects, Intersect),
            Arrays = Cross(a.Arrays, b.Arrays, Intersect),
        };

        IEnumerable<NumberSet> Numbers(NumberSet[] x, NumberSet[] y)
        {
            if (x is [var only] && only == NumberSet.All)
                return y;
            if (y is [var other] && other == NumberSet.All)
                return x;
            Limit((long)x.Length * y.Length);
            return x.SelectMany(p => y.Select(p.Intersect)).Where(s => !s.IsEmpty);
        }
    }

    public Node Union(Node a, Node b)
    {
        if (a == Nothing || b == Anything)
            return b;
        if (b == Nothing || a == Anything)
            return a;
        return new Node
        {
            Null = a.Null || b.Null,
            True = a.True || b.True,
            False = a.False || b.False,
            Numbers =
                a.Numbers.Length == 0 ? b.Numbers
                : b.Numbers.Length == 0 ? a.Numbers
                : Merge(a.Numbers, b.Numbers, n => n == NumberSet.All),
            Strings = Pool.Or(a.Strings, b.Strings),
            Objects = Merge(a.Objects, b.Objects, o => o.IsAny),
            Arrays = Merge(a.Arrays, b.Arrays, x => x.IsAny),
        };
    }

    /// <summary>Everything that the form does not allow.</summary>
    public Node Complement(Node a)
    {
        NumberSet[] numbers = [NumberSet.All];
        foreach (var set in a.Numbers)
        {
            var outside = set.Complement().ToArray();
            Limit((long)numbers.Length * Math.Max(1, outside.Length));
            numbers = [.. numbers.SelectMany(n => outside.Select(n.Intersect)).Where(n => !n.IsEmpty)];
        }
        ObjectShape[] objects = [ObjectShape.Any];
        foreach (var shape in a.Objects)
            objects = Cross(objects, Complement(shape), Intersect);
        ArrayShape[] arrays = [ArrayShape.Any];
        foreach (var shape in a.Arrays)
            arrays = Cross(arrays, Complement(shape), Intersect);
        return new Node
        {
            Null = !a.Null,
            True = !a.True,
            False = !a.False,
            Numbers = numbers,
            Strings = Pool.Not(a.Strings),
            Objects = objects,
            Arrays = arrays,
        };
    }

    private static void Limit(long alternatives)
    {
        Fuel.Spend(alternatives);
        if (alternatives > AlternativeLimit)
            throw new FuelException();
    }

    private static T[] Merge<T>(T[] a, T[] b, Func<T, bool> isAny)
    {
        foreach (var item in a)
        {
            if (isAny(item))
                return [item];
        }
        foreach (var item in b)
        {
            if (isAny(item))
                return [item];
        }
        if (a.Length == 0 || b.Length == 0)
            return a.Length == 0 ? b : a;
        Limit(a.Length + b.Length);
        return [.. a.Union(b)];
    }

    private static T[] Cross<T>(T[] a, T[] b, Func<T, T, T?> meet)
        where T : class
    {
        if (a.Length == 0 || b.Length == 0)
            return [];
        Limit((long)a.Length * b.Length);
        if (a.Length == 1 && b.Length == 1)
            return meet(a[0], b[0]) is { } only ? [only] : [];
        var result = new List<T>();
        foreach (var x in a)
        {
            foreach (var y in b)
            {
                if (meet(x, y) is { } both && !result.Contains(both))
                    result.Add(both);
            }
        }
        return [.. result];
    }

    public ObjectShape? Intersect(ObjectShape a, ObjectShape b)
    {
        if (a == b || b.IsAny)
            return a;
        if (a.IsAny)
            return b;
        Fuel.Spend(1 + (a.Properties.Length + b.Properties.Length) / 8);
        int min = Math.Max(a.Min, b.Min),
            max = Math.Min(a.Max, b.Max);
        if (min > max)
            return null;
        var required = Merge(a.Required, b.Required);
        var properties = Meet(a, b);
        foreach (var name in required)
        {
            var at = Find(properties, name);
            if (at >= 0 && properties[at].Value == False)
                return null;
        }
        return new ObjectShape
        {
            Properties = properties,
            Required = required,
            Order = Merge(a.Order, b.Order),
            Layers =
                a.Layers.Length == 0 ? b.Layers
                : b.Layers.Length == 0 ? a.Layers
                : [.. a.Layers.Union(b.Layers)],
            Min = min,
            Max = max,
            Existences = [.. a.Existences.Union(b.Existences)],
            Dependencies = [.. a.Dependencies.Union(b.Dependencies)],
            Evaluated = a.Evaluated.Union(b.Evaluated),
        };
    }

    private static string[] Merge(string[] a, string[] b) =>
        a.Length == 0 ? b
        : b.Length == 0 ? a
        : [.. a.Union(b)];

    private (string Name, Expression Value)[] Meet(ObjectShape a, ObjectShape b)
    {
        if (b.Properties.Length == 0 && b.Layers.Length == 0)
            return a.Properties;
        if (a.Properties.Length == 0 && a.Layers.Length == 0)
            return b.Properties;
        var result = new List<(string, Expression)>(a.Properties.Length + b.Properties.Length);
        int i = 0,
            j = 0;
        while (i < a.Properties.Length || j < b.Properties.Length)
        {
            var order =
                i == a.Properties.Length ? 1
                : j == b.Properties.Length ? -1
                : string.CompareOrdinal(a.Properties[i].Name, b.Properties[j].Name);
            if (order == 0)
                result.Add((a.Properties[i].Name, And(a.Properties[i++].Value, b.Properties[j++].Value)));
            else if (order < 0)
                result.Add((a.Properties[i].Name, And(a.Properties[i].Value, ValueFor(b.Layers, a.Properties[i++].Name))));
            else
                result.Add((b.Properties[j].Name, And(b.Properties[j].Value, ValueFor(a.Layers, b.Properties[j++].Name))));
        }
        return [.. result];
    }

    private ObjectShape[] Complement(ObjectShape a)
    {
        var result = new List<ObjectShape>();
        foreach (var (name, value) in a.Properties)
        {
            if (value != True)
                result.Add(new ObjectShape { Properties = [(name, Not(value))], Required = [name] });
        }
        foreach (var name in a.Required)
            result.Add(Without(name));
        var named = Pool.OneOf(a.Properties.Select(p => p.Name));
        foreach (var layer in a.Layers)
        {
            foreach (var (keys, value) in layer.Patterns)
            {
                if (value != True)
                    result.Add(new ObjectShape { Existences = [new(Pool.And(keys, Pool.Not(named)), Not(value))] });
            }
            if (layer.Additional == True)
                continue;
            var others = Pool.And(Pool.Not(Pool.Or(layer.Patterns.Select(p => p.Keys))), Pool.Not(named));
            result.Add(new ObjectShape { Existences = [new(others, Not(layer.Additional))] });
        }
        if (a.Min > 0)
            result.Add(new ObjectShape { Max = a.Min - 1 });
        if (a.Max < int.MaxValue)
            result.Add(new ObjectShape { Min = a.Max + 1 });
        foreach (var (keys, value) in a.Existences)
            result.Add(new ObjectShape { Layers = [new Layer([(keys, Not(value))], True)] });
        foreach (var (trigger, needed) in a.Dependencies)
        {
            foreach (var name in needed)
                result.Add(new ObjectShape { Properties = [(name, False)], Required = [trigger] });
        }
        return [.. result];
    }

    private ObjectShape Without(string name) => new() { Properties = [(name, False)] };

    public ArrayShape? Intersect(ArrayShape a, ArrayShape b)
    {
        if (a == b || b.IsAny)
            return a;
        if (a.IsAny)
            return b;
        int min = Math.Max(a.Min, b.Min),
            max = Math.Min(a.Max, b.Max);
        if (min > max)
            return null;
        var prefix = new Expression[Math.Max(a.Prefix.Length, b.Prefix.Length)];
        for (var i = 0; i < prefix.Length; i++)
            prefix[i] = And(ItemAt(a, i), ItemAt(b, i));
        return new ArrayShape
        {
            Prefix = prefix,
            Rest =
                a.Rest is null ? b.Rest
                : b.Rest is null ? a.Rest
                : And(a.Rest, b.Rest),
            Min = min,
            Max = max,
            Contains = [.. a.Contains.Union(b.Contains)],
            Unique = a.Unique || b.Unique,
            Evaluated = a.Evaluated.Union(b.Evaluated),
        };
    }

    public Expression ItemAt(ArrayShape shape, int index) =>
        index < shape.Prefix.Length ? shape.Prefix[index] : shape.Rest ?? True;

    private ArrayShape[] Complement(ArrayShape a)
    {
        var result = new List<ArrayShape>();
        if (a.Unique)
            throw new SchemaException("", "uniqueItems", "cannot be negated");
        for (var i = 0; i < a.Prefix.Length; i++)
        {
            if (a.Prefix[i] == True)
                continue;
            var prefix = new Expression[i + 1];
            Array.Fill(prefix, True);
            prefix[i] = Not(a.Prefix[i]);
            result.Add(new ArrayShape { Prefix = prefix, Min = i + 1 });
        }
        if (a.Rest is { } rest && rest != True)
        {
            if (rest == False)
                result.Add(new ArrayShape { Min = a.Prefix.Length + 1 });
            else if (a.Prefix.Length == 0)
                result.Add(new ArrayShape { Contains = [new(Not(rest), 1, int.MaxValue)] });
            else
                throw new SchemaException("", "items", "items after a prefix cannot be negated");
        }
        if (a.Min > 0)
            result.Add(new ArrayShape { Max = a.Min - 1 });
        if (a.Max < int.MaxValue)
            result.Add(new ArrayShape { Min = a.Max + 1 });
        foreach (var (value, min, max) in a.Contains)
        {
            if (min > 0)
                result.Add(new ArrayShape { Contains = [new(value, 0, min - 1)] });
            if (max < int.MaxValue)
                result.Add(new ArrayShape { Contains = [new(value, max + 1, int.MaxValue)] });
        }
        return [.. result];
    }
}
