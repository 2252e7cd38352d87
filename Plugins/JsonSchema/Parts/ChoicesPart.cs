namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Keeps the text one of a list.</summary>
[TokenConstraint("choices", "Keeps the text one of a list.")]
public sealed class ChoicesPart : SchemaPart
{
    /// <summary>The texts allowed.</summary>
    [Option("choices", "The texts allowed, comma-separated.")]
    public IReadOnlyList<string> Choices { get; set; } = [];

    /// <inheritdoc/>
    public override bool IsActive => Choices.Count > 0;

    /// <inheritdoc/>
    protected override CompiledSchema Compile() => CompiledSchema.FromChoices(Choices);
}
