namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Where a text stands in a schema: an immutable value. Copying it is a snapshot, forgetting it is a rollback.</summary>
public readonly struct SchemaState : IEquatable<SchemaState>
{
    internal SchemaState(Machine.Thread first, Machine.Thread[] others) => (First, Others) = (first, others);

    internal Machine.Thread First { get; }
    internal Machine.Thread[] Others { get; }

    /// <summary>Whether two texts stand in the very same place; places that only allow the same may differ.</summary>
    public bool Equals(SchemaState other) => First.Equals(other.First) && Others.AsSpan().SequenceEqual(other.Others);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SchemaState other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => First.GetHashCode();

    /// <summary>As <see cref="Equals(SchemaState)"/>.</summary>
    public static bool operator ==(SchemaState left, SchemaState right) => left.Equals(right);

    /// <summary>The opposite.</summary>
    public static bool operator !=(SchemaState left, SchemaState right) => !left.Equals(right);
}
