namespace Tokenwright.Plugins.JsonSchema;

/// <summary>A compiled schema as a constraint of a generation: what the parts of this plugin share.</summary>
/// <remarks>
/// The tables of a vocabulary are made once per model and kept in its shared stores. A state is a <see cref="TextState"/> and the number of
/// tokens so far.
/// </remarks>
public abstract class SchemaPart : ITokenConstraint
{
    private TextConstraint? _constraint;
    private Func<string, IReadOnlyList<int>>? _encode;

    /// <summary>A text after which the constraint begins; null begins at once.</summary>
    [Option("free-until", "Text after which the constraint begins; what comes before it is free. None begins at once.")]
    public string? FreeUntil { get; set; }

    /// <summary>Whether the text is steered to an ending within the budget of tokens.</summary>
    [Option("close", "Steers the text to its shortest valid ending as the budget of tokens runs out.")]
    public bool Close { get; set; }

    /// <inheritdoc/>
    public abstract bool IsActive { get; }

    /// <inheritdoc/>
    public ShapeState Start => new(0, Constraint.Start);

    private TextConstraint Constraint =>
        _constraint ?? throw new InvalidOperationException("The constraint is used before it was prepared.");

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        if (!IsActive)
        {
            return default;
        }

        var vocabulary =
            context.Vocabulary
            ?? throw new InvalidOperationException(
                "A constraint needs the bytes of tokens, and this model runs without a tokenizer."
            );
        var info = context.Target.Info;
        if (info.EndTokens.Count == 0)
        {
            throw new InvalidOperationException(
                $"The model {info.Name} has no end token, so a constrained text could never end."
            );
        }

        _encode = context.Encode;
        try
        {
            var schema = Compile();
            var tables = context.Stores.Get("vocabulary", () => new VocabularyTables(vocabulary));
            var text = Text with { FreeUntil = FreeUntil, Budget = Close ? context.MaxTokens : null };
            _constraint = new TextConstraint(schema, tables, info.EndTokens, text);
        }
        catch (Exception error) when (error is SchemaException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(error.Message, error);
        }

        return default;
    }

    /// <inheritdoc/>
    public void Mask(in ShapeState state, Span<ulong> allowed) =>
        Constraint.FillMask((TextState)state.Object!, (int)state.Bits, allowed);

    /// <inheritdoc/>
    public ShapeState Next(in ShapeState state, int token) =>
        Constraint.TryNext((TextState)state.Object!, (int)state.Bits, token, out var next)
            ? new ShapeState(state.Bits + 1, next)
            : throw new ArgumentException($"Token {token} is not allowed here.", nameof(token));

    /// <inheritdoc/>
    public bool Allows(in ShapeState state, int token) => Constraint.Allows((TextState)state.Object!, (int)state.Bits, token);

    /// <inheritdoc/>
    public int Forced(in ShapeState state, Span<int> tokens) => Constraint.Forced((TextState)state.Object!, _encode, tokens);

    /// <summary>What stands around the document; by default nothing.</summary>
    protected virtual TextOptions Text { get; } = new();

    /// <summary>Compiles what the options say.</summary>
    /// <exception cref="SchemaException">It cannot be enforced exactly.</exception>
    protected abstract CompiledSchema Compile();
}
