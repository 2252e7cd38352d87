namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Keeps the text inside a JSON Schema.</summary>
[TokenConstraint("json-schema", "Keeps the text a document of a JSON Schema.")]
public sealed class JsonSchemaPart : SchemaPart
{
    /// <summary>A file, or the schema itself where the value is no file: an object, or true for any JSON.</summary>
    [Option("json-schema", "The file of a JSON Schema, or the schema itself; true allows any JSON.")]
    public string? Schema { get; set; }

    /// <inheritdoc/>
    public override bool IsActive => Schema is not null;

    /// <inheritdoc/>
    protected override CompiledSchema Compile()
    {
        string text = Schema!.Trim();
        if (text.StartsWith('{') || text is "true" or "false")
        {
            return CompiledSchema.Compile(text);
        }

        return File.Exists(text)
            ? CompiledSchema.Compile(File.ReadAllText(text))
            : throw new InvalidOperationException($"There is no schema file {Path.GetFullPath(text)}.");
    }
}
