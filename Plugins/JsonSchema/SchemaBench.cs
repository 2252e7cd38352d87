using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Tokenwright.Plugins.JsonSchema;

/// <summary>How a set of measurements spreads.</summary>
public sealed record Spread(double Mean, double P50, double P90, double P99, double P999, double Max)
{
    /// <summary>Summarises measurements; zeros when there are none.</summary>
    public static Spread Of(List<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0)
            return new(0, 0, 0, 0, 0, 0);
        var sorted = values.ToArray();
        Array.Sort(sorted);
        double At(double share) => Math.Round(sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))], 3);
        return new(Math.Round(sorted.Average(), 3), At(0.5), At(0.9), At(0.99), At(0.999), Math.Round(sorted[^1], 3));
    }
}

/// <summary>One thing that went wrong with one schema of a benchmark.</summary>
/// <param name="Id">The schema's id in the data.</param>
/// <param name="Kind"><c>refused</c>, <c>valid_refused</c>, <c>invalid_accepted</c>, or <c>error</c>.</param>
/// <param name="Detail">Where, or why.</param>
public sealed record BenchFailure(string Id, string Kind, string Detail);

/// <summary>What a run of <see cref="SchemaBench"/> found.</summary>
public sealed record BenchReport
{
    /// <summary>Schemas read.</summary>
    public int Schemas { get; init; }

    /// <summary>Those that come from the field, not made up for tests.</summary>
    public int Real { get; init; }

    /// <summary>Schemas compiled whose every instance was judged rightly.</summary>
    public int Passed { get; init; }

    /// <summary>Those of <see cref="Real"/>.</summary>
    public int PassedReal { get; init; }

    /// <summary>Schemas that did not compile.</summary>
    public int RefusedAtCompile { get; init; }

    /// <summary>Valid instances that were not accepted.</summary>
    public int ValidRefused { get; init; }

    /// <summary>Invalid instances that were accepted.</summary>
    public int InvalidAccepted { get; init; }

    /// <summary>Masks computed.</summary>
    public long Masks { get; init; }

    /// <summary>Microseconds per mask, filled into the caller's buffer.</summary>
    public required Spread MaskUs { get; init; }

    /// <summary>Milliseconds to compile, first mask included.</summary>
    public required Spread CompileMs { get; init; }

    /// <summary>What failed.</summary>
    public required IReadOnlyList<BenchFailure> Failures { get; init; }
}

/// <summary>
/// The MaskBench protocol: every schema is compiled; for every token of every valid instance the mask is filled and must hold it, and
/// every invalid instance must be refused before its end.
/// </summary>
public static class SchemaBench
{
    // Half of the youngest generation that the command line sets. Collecting at every row ages free memory so fast that it is given back.
    private const long GarbageBetweenRows = 2_000_000;

    /// <summary>Microseconds on some clock; the wall clock unless a test asks for another, such as the thread's own time on a busy machine.</summary>
    internal static Func<double> Now { get; set; } = () => Stopwatch.GetTimestamp() * 1e6 / Stopwatch.Frequency;

    /// <summary>Runs the benchmark, one thread.</summary>
    /// <param name="lines">One JSON object each: <c>id</c>, <c>schema</c>, <c>tests</c> [{<c>valid</c>, <c>data</c>}].</param>
    /// <param name="tables">The vocabulary.</param>
    /// <param name="encode">Text to token ids.</param>
    /// <param name="endTokens">Tokens that end a text.</param>
    /// <param name="options">How schemas are read.</param>
    /// <param name="observe">Called after every mask with the id of the schema, a description of the state and the time in microseconds.</param>
    public static BenchReport Run(
        IEnumerable<string> lines,
        VocabularyTables tables,
        Func<string, IReadOnlyList<int>> encode,
        IReadOnlyList<int> endTokens,
        SchemaOptions? options = null,
        Action<string, string, double>? observe = null
    )
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(encode);
        var failures = new List<BenchFailure>();
        List<double> masks = [],
            compiles = [];
        int schemas = 0,
            real = 0,
            passed = 0,
            passedReal = 0,
            refused = 0;
        var mask = new ulong[tables.Words];
        // What was loaded before is settled now, not within a mask.
        GC.Collect();
        var collected = GC.GetAllocatedBytesForCurrentThread();
        foreach (var line in lines)
        {
            // What reading rows and the schemas before left behind is freed between rows, as an engine without a collector frees it; a
            // mask pays for what it and the row's masks before it allocate.
            if (GC.GetAllocatedBytesForCurrentThread() - collected > GarbageBetweenRows)
            {
                GC.Collect(0);
                collected = GC.GetAllocatedBytesForCurrentThread();
            }
            using var row = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 400 });
            var id = row.RootElement.TryGetProperty("id", out var name) ? name.GetString()! : $"line {schemas + 1}";
            var isReal =
                !id.StartsWith("Synthesized", StringComparison.Ordinal)
                && !id.StartsWith("Handwritten", StringComparison.Ordinal);
            schemas++;
            real += isReal ? 1 : 0;
            SchemaConstraint constraint;
            var text = row.RootElement.GetProperty("schema").GetRawText();
            try
            {
                var started = Now();
                constraint = new SchemaConstraint(CompiledSchema.Compile(text, options), tables, endTokens);
                constraint.FillMask(constraint.Start, mask);
                compiles.Add((Now() - started) / 1000);
            }
            catch (SchemaException error)
            {
                refused++;
                failures.Add(new(id, "refused", error.Message));
                continue;
            }
            var before = failures.Count;
            if (row.RootElement.TryGetProperty("tests", out var tests))
            {
                var index = 0;
                foreach (var test in tests.EnumerateArray())
                    Judge(id, index++, test);
            }
            if (failures.Count > before)
                continue;
            passed++;
            passedReal += isReal ? 1 : 0;

            void Judge(string id, int index, JsonElement test)
            {
                var valid = test.GetProperty("valid").GetBoolean();
                var tokens = encode(PlainJson.Write(test.GetProperty("data")));
                var state = constraint.Start;
                var at = 0;
                try
                {
                    for (; at < tokens.Count; at++)
                    {
                        if (valid)
                        {
                            var started = Now();
                            constraint.FillMask(state, mask);
                            var us = Now() - started;
                            masks.Add(us);
                            observe?.Invoke(id, constraint.Describe(state), us);
                            if ((mask[tokens[at] >> 6] >> tokens[at] & 1) == 0)
                                break;
                        }
                        if (!constraint.TryNext(state, tokens[at], out state))
                            break;
                    }
                }
                catch (SchemaException error)
                {
                    failures.Add(new(id, "error", $"instance {index}, token {at}: {error.Message}"));
                    return;
                }
                var accepted = at == tokens.Count && SchemaConstraint.CanEnd(state);
                if (accepted != valid)
                    failures.Add(
                        new(id, valid ? "valid_refused" : "invalid_accepted", $"instance {index}, token {at} of {tokens.Count}")
                    );
            }
        }
        return new BenchReport
        {
            Schemas = schemas,
            Real = real,
            Passed = passed,
            PassedReal = passedReal,
            RefusedAtCompile = refused,
            ValidRefused = failures.Count(f => f.Kind == "valid_refused"),
            InvalidAccepted = failures.Count(f => f.Kind == "invalid_accepted"),
            Masks = masks.Count,
            MaskUs = Spread.Of(masks),
            CompileMs = Spread.Of(compiles),
            Failures = failures,
        };
    }
}

/// <summary>JSON as most programs write it: one line, a space after commas and colons, only what must be escaped escaped.</summary>
internal static class PlainJson
{
    public static string Write(JsonElement value)
    {
        var text = new StringBuilder();
        Write(value, text);
        return text.ToString();
    }

    private static void Write(JsonElement value, StringBuilder text)
    {
        var first = true;
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('{');
                foreach (var member in value.EnumerateObject())
                {
                    text.Append(first ? "" : ", ");
                    first = false;
                    Write(member.Name, text);
                    text.Append(": ");
                    Write(member.Value, text);
                }
                text.Append('}');
                return;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var item in value.EnumerateArray())
                {
                    text.Append(first ? "" : ", ");
                    first = false;
                    Write(item, text);
                }
                text.Append(']');
                return;
            case JsonValueKind.String:
                Write(value.GetString()!, text);
                return;
            default:
                text.Append(value.GetRawText());
                return;
        }
    }

    private static void Write(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' => text.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }
        text.Append('"');
    }
}
