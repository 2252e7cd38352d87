namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Keeps the text JSON.</summary>
[TokenConstraint("json", "Keeps the text a JSON document of any kind.")]
public sealed class JsonPart : SchemaPart
{
    /// <summary>Whether the text must be JSON.</summary>
    [Option("json", "Keeps the text a JSON document; off by default.")]
    public bool Json { get; set; }

    /// <inheritdoc/>
    public override bool IsActive => Json;

    /// <inheritdoc/>
    protected override CompiledSchema Compile() => CompiledSchema.AnyJson();
}
