using System.Text.Json;

namespace Tokenwright.Plugins.JsonSchema.Schemas;

internal enum ExpressionKind : byte
{
    True,
    False,
    Schema,
    Value,
    And,
    Or,
    Not,
}

/// <summary>A Boolean combination of schemas, hash-consed: what a value in some place must satisfy.</summary>
internal sealed class Expression
{
    public required int Id { get; init; }
    public required ExpressionKind Kind { get; init; }

    /// <summary>The schema, for that kind.</summary>
    public SchemaPlace? Place { get; init; }

    /// <summary>The dynamic scope the schema is evaluated in.</summary>
    public Scope? Scope { get; init; }

    /// <summary>The only value, for that kind.</summary>
    public JsonElement Value { get; init; }
    public Expression[] Items { get; init; } = [];

    /// <summary>The canonical form; null until first needed.</summary>
    public Node? Node { get; set; }
    public bool InProgress { get; set; }
    public Emptiness Emptiness { get; set; }
}

internal enum Emptiness : byte
{
    Unknown,
    InProgress,
    Empty,
    Inhabited,
}

/// <summary>The resources entered on the way to a schema, outermost last; each once.</summary>
internal sealed class Scope(SchemaResource resource, Scope? outer)
{
    public SchemaResource Resource => resource;
    public Scope? Outer => outer;
    public Dictionary<int, Scope> Inner { get; } = [];
}
