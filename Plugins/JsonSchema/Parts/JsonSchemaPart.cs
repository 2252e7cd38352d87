namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Keeps the text inside a JSON Schema.</summary>
[TokenConstraint("json-schema", "Keeps the text a document of a JSON Schema.")]
public sealed class JsonSchemaPart : SchemaPart
{
    /// <summary>A file, or the schema itself where the value is no file: an object, or true for any JSON.</summary>
    [Option("json-schema", "The file of a JSON Schema, or the schema itself; true allows any JSON.")]
    public string? Schema { get; set; }

    /// <summary>In which order keys come.</summary>
    [Option("key-order", "In which order the keys of an object come: any, or schema (as the schema lists them).")]
    public KeyOrder KeyOrder { get; set; }

    /// <inheritdoc/>
    public override bool IsActive => Schema is not null;

    /// <inheritdoc/>
    protected override CompiledSchema Compile() =>
        CompiledSchema.Compile(SchemaText.Read("json-schema", Schema!), new SchemaOptions { KeyOrder = KeyOrder });
}
