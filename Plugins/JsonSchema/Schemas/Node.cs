using Tokenwright.Plugins.JsonSchema.Numbers;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Schemas;

/// <summary>The canonical form of a schema: what it allows of each of JSON's types. A value is allowed when any part allows it.</summary>
internal sealed class Node
{
    public bool Null { get; init; }
    public bool True { get; init; }
    public bool False { get; init; }
    public NumberSet[] Numbers { get; init; } = [];
    public required Language Strings { get; init; }
    public ObjectShape[] Objects { get; init; } = [];
    public ArrayShape[] Arrays { get; init; } = [];

    // Filled by the machine when first entered.
    internal Machine.NodeEntry? Entry;
}

/// <summary>Rules for the keys that no property names: those of matching patterns, else the additional one.</summary>
internal sealed record Layer((Language Keys, Expression Value)[] Patterns, Expression Additional);

/// <summary>At least one property whose key is in a language must hold a value of some kind.</summary>
internal sealed record Existence(Language Keys, Expression Value);

/// <summary>When one property is present, so must be others.</summary>
internal sealed record Dependency(string Trigger, string[] Needed);

/// <summary>What annotations say about properties: those looked at by keywords so far.</summary>
internal sealed record EvaluatedKeys(bool All, string[] Names, Language[] Patterns)
{
    public static EvaluatedKeys None { get; } = new(false, [], []);

    public EvaluatedKeys Union(EvaluatedKeys other) =>
        All || other.All ? new(true, [], []) : new(false, [.. Names.Union(other.Names)], [.. Patterns.Union(other.Patterns)]);
}

/// <summary>What annotations say about items: a prefix, all, or those that match one of some schemas.</summary>
internal sealed record EvaluatedItems(bool All, int Prefix, Expression[] Matching)
{
    public static EvaluatedItems None { get; } = new(false, 0, []);

    public EvaluatedItems Union(EvaluatedItems other) =>
        new(All || other.All, Math.Max(Prefix, other.Prefix), [.. Matching.Union(other.Matching)]);
}

/// <summary>One conjunction of demands on an object.</summary>
internal sealed class ObjectShape
{
    public static ObjectShape Any { get; } = new();

    /// <summary>Named properties, sorted by ordinal name; the value already meets every rule that applies to the name.</summary>
    public (string Name, Expression Value)[] Properties { get; init; } = [];
    public string[] Required { get; init; } = [];

    /// <summary>The names that the schema lists as properties, in its order.</summary>
    public string[] Order { get; init; } = [];
    public Layer[] Layers { get; init; } = [];
    public int Min { get; init; }
    public int Max { get; init; } = int.MaxValue;
    public Existence[] Existences { get; init; } = [];
    public Dependency[] Dependencies { get; init; } = [];
    public EvaluatedKeys Evaluated { get; init; } = EvaluatedKeys.None;

    public bool IsAny =>
        Properties.Length == 0
        && Required.Length == 0
        && Layers.Length == 0
        && Min == 0
        && Max == int.MaxValue
        && Existences.Length == 0
        && Dependencies.Length == 0
        && Evaluated == EvaluatedKeys.None;

    internal Emptiness Emptiness;
    internal string[]? Closure;
    internal Machine.ObjectRules? Rules;
}

/// <summary>Between so many items must satisfy an expression.</summary>
internal sealed record Containment(Expression Value, int Min, int Max);

/// <summary>One conjunction of demands on an array.</summary>
internal sealed class ArrayShape
{
    public Expression[] Prefix { get; init; } = [];

    /// <summary>For the items after the prefix; null for anything.</summary>
    public Expression? Rest { get; init; }
    public int Min { get; init; }
    public int Max { get; init; } = int.MaxValue;
    public Containment[] Contains { get; init; } = [];
    public bool Unique { get; init; }
    public EvaluatedItems Evaluated { get; init; } = EvaluatedItems.None;
    public static ArrayShape Any { get; } = new();

    public bool IsAny =>
        Prefix.Length == 0
        && Rest is null
        && Min == 0
        && Max == int.MaxValue
        && Contains.Length == 0
        && !Unique
        && Evaluated == EvaluatedItems.None;

    /// <summary>Whether a single value must be contained, without an upper bound: then it is enough to count the places for it.</summary>
    public bool HasOneOpenDemand => Contains is [{ Max: int.MaxValue }];

    /// <summary>Whether so many items for each value that must be contained are enough, and not too many.</summary>
    public bool IsContained(int[] matched)
    {
        for (var i = 0; i < matched.Length; i++)
        {
            if (matched[i] < Contains[i].Min || matched[i] > Contains[i].Max)
                return false;
        }
        return true;
    }

    internal Emptiness Emptiness;
    internal Machine.ArrayRules? Rules;
}
