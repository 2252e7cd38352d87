namespace Tokenwright.Plugins.JsonSchema;

/// <summary>What stands around a document in a generated text, and how long the text may be.</summary>
public sealed record TextOptions
{
    /// <summary>Free text comes first, up to and with this marker; null begins with the document.</summary>
    /// <remarks>
    /// The first occurrence counts, wherever it begins or ends in a token: what a token holds beyond it is the beginning of what follows the
    /// marker. The text cannot end before the document. A special token adds no text and is no part of a marker.
    /// </remarks>
    public string? FreeUntil { get; init; }

    /// <summary>Text that stands before the document, after the marker. Where it begins with the marker, that part is not repeated.</summary>
    public string Before { get; init; } = "";

    /// <summary>Text that stands after the document, which must be an object or an array then.</summary>
    public string After { get; init; } = "";

    /// <summary>The most tokens of the text, its end token included, to which it is steered; null steers nothing.</summary>
    /// <remarks>A token is allowed only if some ending fits into the budget after it.</remarks>
    public int? Budget { get; init; }
}
