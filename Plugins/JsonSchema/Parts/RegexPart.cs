namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Keeps the text inside a regular expression.</summary>
[TokenConstraint("regex", "Keeps the whole text a match of a regular expression.")]
public sealed class RegexPart : SchemaPart
{
    /// <summary>An ECMA-262 pattern that the whole text matches.</summary>
    [Option("regex", "A pattern (ECMA-262) that the whole text matches.")]
    public string? Pattern { get; set; }

    /// <inheritdoc/>
    public override bool IsActive => Pattern is not null;

    /// <inheritdoc/>
    protected override CompiledSchema Compile() => CompiledSchema.FromRegex(Pattern!);
}
