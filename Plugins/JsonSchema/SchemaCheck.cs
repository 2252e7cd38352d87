using System.Text;

namespace Tokenwright.Plugins.JsonSchema;

/// <summary>One finding about a schema.</summary>
/// <param name="Supported">Whether it is only a note.</param>
/// <param name="Location">JSON pointer of the schema that holds the keyword.</param>
/// <param name="Keyword">The keyword.</param>
/// <param name="Message">What about it.</param>
public sealed record SchemaFinding(bool Supported, string Location, string Keyword, string Message);

/// <summary>Answers what of a schema is supported, and whether documents satisfy it.</summary>
public static class SchemaCheck
{
    /// <summary>What cannot be enforced, and where; empty when the whole schema is.</summary>
    public static IReadOnlyList<SchemaFinding> Check(string schema, SchemaOptions? options = null)
    {
        options ??= new SchemaOptions();
        try
        {
            var compiled = CompiledSchema.Compile(schema, options with { Lenient = false });
            return [.. compiled.Warnings.Select(w => new SchemaFinding(true, "", "", w))];
        }
        catch (SchemaException first)
        {
            // Read on leniently: then every place that cannot be enforced is named, not only the first.
            try
            {
                var lenient = CompiledSchema.Compile(schema, options with { Lenient = true });
                if (lenient.Warnings.Count > 0)
                    return [.. lenient.Warnings.Distinct().Select(w => new SchemaFinding(false, "", "", w))];
            }
            catch (SchemaException) { }
            return [new SchemaFinding(false, first.Location, first.Keyword, first.Reason)];
        }
    }

    /// <summary>Where a document leaves the schema, read byte by byte and, with a constraint, token by token; null when it satisfies it.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="document">The document; white space around it is ignored.</param>
    /// <param name="constraint">The schema over a vocabulary; null to read bytes only.</param>
    /// <param name="encode">Text to token ids, for that vocabulary.</param>
    public static string? Validate(
        CompiledSchema schema,
        string document,
        SchemaConstraint? constraint = null,
        Func<string, IReadOnlyList<int>>? encode = null
    )
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(document);
        document = document.Trim();
        var text = Encoding.UTF8.GetBytes(document);
        var matched = schema.Matched(text, out var complete);
        if (matched < text.Length)
            return $"byte {matched}: '{Excerpt(text, matched)}' cannot follow '{Excerpt(text, Math.Max(0, matched - 30), matched)}'";
        if (!complete)
            return "the document ends too early";
        if (constraint is null || encode is null)
            return null;
        var mask = new ulong[constraint.Words];
        var state = constraint.Start;
        var tokens = encode(document);
        for (var i = 0; i < tokens.Count; i++)
        {
            constraint.FillMask(state, mask);
            if ((mask[tokens[i] >> 6] >> tokens[i] & 1) == 0 || !constraint.TryNext(state, tokens[i], out state))
                return $"token {i} ({tokens[i]}) is not allowed";
        }
        return SchemaConstraint.CanEnd(state) ? null : "the tokens end too early";
    }

    private static string Excerpt(byte[] text, int from, int to = int.MaxValue) =>
        Encoding.UTF8.GetString(text.AsSpan(from, Math.Min(30, Math.Min(to, text.Length) - from)));
}
