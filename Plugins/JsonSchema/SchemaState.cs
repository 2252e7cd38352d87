namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Where a text stands in a schema: an immutable value. Copying it is a snapshot, forgetting it is a rollback.</summary>
public readonly struct SchemaState : IEquatable<SchemaState>
{
    internal SchemaState(Machine.Thread first, Machine.Thread[] others, Spelling.Layout layout) =>
        (First, Others, Layout) = (first, others, layout);

    internal Machine.Thread First { get; }
    internal Machine.Thread[] Others { get; }

    /// <summary>How the text is laid out so far; decides nothing but how forced text is spelled.</summary>
    internal Spelling.Layout Layout { get; }

    /// <summary>Whether two texts stand in the very same place and are laid out alike; places that only allow the same may differ.</summary>
    public bool Equals(SchemaState other) =>
        First.Equals(other.First) && Layout == other.Layout && Others.AsSpan().SequenceEqual(other.Others);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SchemaState other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => First.GetHashCode();

    /// <summary>As <see cref="Equals(SchemaState)"/>.</summary>
    public static bool operator ==(SchemaState left, SchemaState right) => left.Equals(right);

    /// <summary>The opposite.</summary>
    public static bool operator !=(SchemaState left, SchemaState right) => !left.Equals(right);
}
