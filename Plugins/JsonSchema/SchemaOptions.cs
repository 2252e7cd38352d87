namespace Tokenwright.Plugins.JsonSchema;

/// <summary>How a schema is read and how documents may be spelled.</summary>
public sealed record SchemaOptions
{
    /// <summary>The draft of a schema without (a known) <c>$schema</c>; null reads it as 2020-12 and honours older drafts' keywords too.</summary>
    public Draft? DefaultDraft { get; init; }

    /// <summary>Whether the standard formats are asserted (else they are annotations).</summary>
    public bool AssertFormats { get; init; } = true;

    /// <summary>Whether what cannot be enforced becomes a recorded warning and is left out instead of an error.</summary>
    public bool Lenient { get; init; }

    /// <summary>The most white-space bytes between two tokens of JSON, 0 for compact documents; 0 to 200.</summary>
    public int MaxWhitespace { get; init; } = 48;

    /// <summary>In which order the keys of an object come.</summary>
    public KeyOrder KeyOrder { get; init; }

    /// <summary>Further documents that references may point to: absolute URI to JSON text.</summary>
    public IReadOnlyDictionary<string, string> Documents { get; init; } = new Dictionary<string, string>();

    /// <summary>The most work, in elementary steps of canonicalisation, that compiling may take; the text may have 32 characters for each.</summary>
    public long CompileFuel { get; init; } = 200_000;
}
