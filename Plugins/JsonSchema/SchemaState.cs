namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Where a text stands in a schema: an immutable value. Copying it is a snapshot, forgetting it is a rollback.</summary>
public readonly struct SchemaState
{
    internal SchemaState(Machine.Thread first, Machine.Thread[] others, Spelling.Layout layout) =>
        (First, Others, Layout) = (first, others, layout);

    internal Machine.Thread First { get; }
    internal Machine.Thread[] Others { get; }

    /// <summary>How the text is laid out so far; decides nothing but how forced text is spelled.</summary>
    internal Spelling.Layout Layout { get; }
}
