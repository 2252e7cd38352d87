namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Where a text stands that holds a document: an immutable value.</summary>
public sealed class TextState
{
    internal TextState(Stage stage, int at, SchemaState document) => (Stage, At, Document) = (stage, at, document);

    internal Stage Stage { get; }

    /// <summary>Bytes matched of the marker or read of the fixed text.</summary>
    internal int At { get; }

    internal SchemaState Document { get; }

    /// <summary>The tokens that bring the text to its end, once nothing else fits into the budget; the next one first.</summary>
    internal ReadOnlyMemory<int> Plan { get; init; }
}

/// <summary>The stretches of a text, in their order.</summary>
internal enum Stage : byte
{
    Free,
    Before,
    Document,
    After,
}
