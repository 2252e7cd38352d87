using System.Text;

namespace Tokenwright.Plugins.JsonSchema;

/// <summary>One finding about a schema.</summary>
/// <param name="Location">JSON pointer of the schema that holds the keyword.</param>
/// <param name="Keyword">The keyword; empty when the whole schema is meant.</param>
/// <param name="Reason">Why it cannot be enforced.</param>
public sealed record SchemaFinding(string Location, string Keyword, string Reason);

/// <summary>Where a document leaves its schema.</summary>
/// <param name="Offset">The first byte that may not come, from the beginning of the document; its length where it ends too early.</param>
/// <param name="Line">The line of that byte, from 1.</param>
/// <param name="Column">The character of that line, from 1.</param>
/// <param name="Token">Which token holds the byte, from 0; null where the document was read byte by byte.</param>
/// <param name="Reason">What is wrong, in words.</param>
public sealed record SchemaViolation(int Offset, int Line, int Column, int? Token, string Reason);

/// <summary>Answers what of a schema is supported, and whether documents satisfy it.</summary>
public static class SchemaCheck
{
    private const int ExcerptLength = 24;

    /// <summary>What cannot be enforced, and where; empty when the whole schema is, so that it compiles.</summary>
    public static IReadOnlyList<SchemaFinding> Check(string schema, SchemaOptions? options = null)
    {
        options ??= new SchemaOptions();
        try
        {
            CompiledSchema.Compile(schema, options with { Lenient = false });
            return [];
        }
        catch (SchemaException first)
        {
            if (Fuel.IsExhausted)
                return [Finding(first)];
            // Read on leniently: then every place that cannot be enforced is named, not only the first.
            try
            {
                var lenient = CompiledSchema.Compile(schema, options with { Lenient = true });
                if (lenient.Omissions.Count > 0)
                    return [.. lenient.Omissions.Select(Finding).Distinct()];
            }
            catch (SchemaException) { }
            return [Finding(first)];
        }
    }

    /// <summary>Where a document leaves the schema, read byte by byte; null when it satisfies it.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="document">The document in UTF-8; white space around it is ignored.</param>
    /// <exception cref="SchemaException">Matching took more work than the limit allows.</exception>
    public static SchemaViolation? Validate(CompiledSchema schema, ReadOnlySpan<byte> document)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var (start, text) = Trimmed(document);
        int matched = schema.Matched(text, out bool complete);
        return matched == text.Length && complete ? null : Violation(document, start, start + matched, null);
    }

    /// <summary>Where a document leaves the schema, read token by token as a model would write it; null when it satisfies it.</summary>
    /// <param name="constraint">The schema over a vocabulary.</param>
    /// <param name="document">The document in UTF-8; white space around it is ignored.</param>
    /// <param name="tables">That vocabulary.</param>
    /// <param name="encode">Text to token ids, without special tokens.</param>
    /// <exception cref="SchemaException">A mask took more work than the limit allows.</exception>
    public static SchemaViolation? Validate(
        SchemaConstraint constraint,
        ReadOnlySpan<byte> document,
        VocabularyTables tables,
        Func<string, IReadOnlyList<int>> encode
    )
    {
        ArgumentNullException.ThrowIfNull(constraint);
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(encode);
        var (start, text) = Trimmed(document);
        var tokens = encode(Encoding.UTF8.GetString(text));
        var mask = new ulong[constraint.Words];
        var state = constraint.Start;
        // A tokenizer may put a space in front that is not in the text.
        int length = 0;
        foreach (int token in tokens)
            length += tables.Bytes(token).Length;
        int at = start - Math.Max(0, length - text.Length);
        for (int i = 0; i < tokens.Count; i++)
        {
            int token = tokens[i];
            constraint.FillMask(state, mask);
            if ((mask[token >> 6] >> token & 1) == 0 || !constraint.TryNext(state, token, out state))
            {
                int inside = constraint.Read(state, tables.Bytes(token), out _);
                return Violation(document, start, Math.Max(start, at + inside), i);
            }
            at += tables.Bytes(token).Length;
        }
        return SchemaConstraint.CanEnd(state) ? null : Violation(document, start, start + text.Length, tokens.Count);
    }

    private static SchemaFinding Finding(SchemaException error) => new(error.Location, error.Keyword, error.Reason);

    private static SchemaViolation Violation(ReadOnlySpan<byte> document, int start, int at, int? token)
    {
        int lineStart = document[..at].LastIndexOf((byte)'\n') + 1;
        int column = 1;
        foreach (byte value in document[lineStart..at])
            column += (value & 0xC0) == 0x80 ? 0 : 1;
        string reason =
            Trimmed(document).Text.Length == at - start
                ? "the document ends too early"
                : $"'{Excerpt(document[at..])}' cannot follow '{Excerpt(document[Math.Max(start, at - ExcerptLength)..at])}'";
        return new SchemaViolation(at, document[..at].Count((byte)'\n') + 1, column, token, reason);
    }

    private static string Excerpt(ReadOnlySpan<byte> text)
    {
        string excerpt = Encoding.UTF8.GetString(text[..Math.Min(ExcerptLength, text.Length)]);
        return excerpt.ReplaceLineEndings("⏎").Trim('\uFFFD');
    }

    private static TrimmedText Trimmed(ReadOnlySpan<byte> document)
    {
        int start = document.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0)
            return new TrimmedText(document.Length, []);
        return new TrimmedText(start, document[start..].TrimEnd(" \t\r\n"u8));
    }

    private readonly ref struct TrimmedText(int start, ReadOnlySpan<byte> text)
    {
        public ReadOnlySpan<byte> Text { get; } = text;

        public void Deconstruct(out int at, out ReadOnlySpan<byte> inside)
        {
            at = start;
            inside = Text;
        }
    }
}
