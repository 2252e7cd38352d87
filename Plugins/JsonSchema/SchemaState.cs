namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Where a text stands in a schema: an immutable value. Copying it is a snapshot, forgetting it is a rollback.</summary>
public readonly struct SchemaState
{
    internal SchemaState(Machine.Thread first, Machine.Thread[] others) => (First, Others) = (first, others);

    internal Machine.Thread First { get; }
    internal Machine.Thread[] Others { get; }
}
