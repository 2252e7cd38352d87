namespace Tokenwright.Plugins.JsonSchema;

/// <summary>A compiled schema as a constraint of a generation: what the parts of this plugin share.</summary>
/// <remarks>
/// The tables of a vocabulary are made once per model and kept in its shared stores. A state is a <see cref="SchemaState"/>, boxed; boxes
/// are kept, so that a text which returns to a state, as free text does with every token, allocates nothing.
/// </remarks>
public abstract class SchemaPart : ITokenConstraint
{
    private SchemaConstraint? _constraint;

    /// <inheritdoc/>
    public abstract bool IsActive { get; }

    /// <inheritdoc/>
    public ShapeState Start => new(0, Constraint.Start);

    private SchemaConstraint Constraint =>
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

        try
        {
            var schema = Compile();
            var tables = context.Stores.Get("vocabulary", () => new VocabularyTables(vocabulary));
            _constraint = new SchemaConstraint(schema, tables, info.EndTokens);
        }
        catch (SchemaException error)
        {
            throw new InvalidOperationException(error.Message, error);
        }

        return default;
    }

    /// <inheritdoc/>
    public void Mask(in ShapeState state, Span<ulong> allowed) => Constraint.FillMask((SchemaState)state.Object!, allowed);

    /// <inheritdoc/>
    public ShapeState Next(in ShapeState state, int token) =>
        Constraint.TryNext((SchemaState)state.Object!, token, out var next)
            ? new ShapeState(0, Box(next))
            : throw new ArgumentException($"Token {token} is not allowed here.", nameof(token));

    // By hash, the last state met wins. A part belongs to one generation, and a lost race makes one box too many.
    private readonly object?[] _boxes = new object?[256];

    private object Box(in SchemaState state)
    {
        ref var kept = ref _boxes[state.GetHashCode() & (_boxes.Length - 1)];
        return kept is SchemaState same && same.Equals(state) ? kept : kept = state;
    }

    /// <inheritdoc/>
    public bool Allows(in ShapeState state, int token)
    {
        var at = (SchemaState)state.Object!;
        return Constraint.IsEnd(token) ? SchemaConstraint.CanEnd(at) : Constraint.TryNext(at, token, out _);
    }

    /// <summary>Compiles what the options say.</summary>
    /// <exception cref="SchemaException">It cannot be enforced exactly.</exception>
    protected abstract CompiledSchema Compile();
}
