using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;
using Tokenwright.Host;
using Tokenwright.Models.Tokenizers;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Cli.Commands;

/// <summary>What the commands of <c>tokenwright schema</c> do, once <see cref="SchemaPlugin"/> has found the plugin.</summary>
internal static class SchemaWork
{
    public static int Check(string file, bool isJson)
    {
        var findings = SchemaCheck.Check(ReadText("schema", file));
        if (isJson)
        {
            Data.WriteJson(
                new CheckDocument(
                    findings.Count == 0,
                    [.. findings.Select(f => new FindingDocument(f.Location, f.Keyword, f.Reason))]
                ),
                SchemaJson.Readable.CheckDocument
            );
        }
        else
        {
            WriteLines(
                findings.Count == 0
                    ? [$"{file}: supported"]
                    : findings.Select(f => $"{file}: #{f.Location}{(f.Keyword.Length == 0 ? "" : "/" + f.Keyword)}: {f.Reason}")
            );
        }

        return findings.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    public static int Validate(string file, string[] instances, string? tokenizer, bool isJson)
    {
        var schema = Compile(file);
        var vocabulary = tokenizer is null ? null : Open(tokenizer);
        var tables = vocabulary is null ? null : new VocabularyTables(vocabulary);
        var constraint = tables is null ? null : new SchemaConstraint(schema, tables, []);
        IReadOnlyList<int> Encode(string text) => vocabulary!.Encode(text, allowSpecial: false, addSpecial: false);
        var results = new List<ValidationDocument>();
        foreach (string instance in instances)
        {
            byte[] text = ReadBytes("instance", instance);
            SchemaViolation? violation;
            try
            {
                violation = SchemaCheck.Validate(schema, text);
                if (constraint is not null)
                {
                    // Both readings must agree; the tokens also say which of them would have been refused.
                    var byTokens = SchemaCheck.Validate(constraint, text, tables!, Encode);
                    violation = violation is null ? byTokens : violation with { Token = byTokens?.Token };
                }
            }
            catch (SchemaException error)
            {
                throw new BadInputException($"{instance}: {error.Message}");
            }

            results.Add(
                new ValidationDocument(
                    instance,
                    violation is null,
                    violation?.Offset,
                    violation?.Line,
                    violation?.Column,
                    violation?.Token,
                    violation?.Reason
                )
            );
        }

        if (isJson)
        {
            Data.WriteJson([.. results], SchemaJson.Readable.ValidationDocumentArray);
        }
        else
        {
            WriteLines(results.Select(Line));
        }

        return results.TrueForAll(result => result.Valid) ? ExitCode.Done : ExitCode.Failed;
    }

    public static int Bench(string tokenizer, string data, int every, int offset, bool isJson, CancellationToken cancellation)
    {
        if (!File.Exists(data))
        {
            throw new BadInputException($"There is no data file '{data}'.");
        }

        var vocabulary = Open(tokenizer);
        var tables = new VocabularyTables(vocabulary);
        int line = 0;
        BenchReport report;
        try
        {
            report = SchemaBench.Run(
                Lines().Where((_, i) => i >= offset && (i - offset) % every == 0),
                tables,
                text => vocabulary.Encode(text, allowSpecial: false, addSpecial: false),
                []
            );
        }
        catch (Exception error)
            when (error is JsonException or KeyNotFoundException or InvalidOperationException or InvalidDataException)
        {
            throw new BadInputException(
                $"{data}, line {line}: is no schema with tests ({error.Message}). A line is an object with id, schema and tests [valid, data]."
            );
        }

        if (isJson)
        {
            Data.WriteJson(report, SchemaJson.Readable.BenchReport);
        }
        else
        {
            Data.Console.Write(Table(report));
        }

        return ExitCode.Done;

        IEnumerable<string> Lines()
        {
            using Stream file = File.OpenRead(data);
            bool isPacked = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            using var reader = new StreamReader(
                isPacked ? new GZipStream(file, CompressionMode.Decompress) : file,
                Encoding.UTF8
            );
            while (reader.ReadLine() is { } text)
            {
                cancellation.ThrowIfCancellationRequested();
                line++;
                if (text.Length > 0)
                {
                    yield return text;
                }
            }
        }
    }

    private static CompiledSchema Compile(string file)
    {
        try
        {
            return CompiledSchema.Compile(ReadText("schema", file));
        }
        catch (SchemaException error)
        {
            throw new BadInputException(
                $"{file} cannot be enforced: {error.Message} 'tokenwright schema check' lists all of it."
            );
        }
    }

    // A file that is there is a tokenizer or a GGUF file; all else names a model.
    private static Tokenizer Open(string name) => Tokenizer.Load(File.Exists(name) ? name : new ModelLibrary().Find(name));

    private static string ReadText(string what, string file)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(ReadBytes(what, file));
        }
        catch (DecoderFallbackException)
        {
            throw new BadInputException($"The {what} {file} is not UTF-8 text. Convert it first.");
        }
    }

    private static byte[] ReadBytes(string what, string file)
    {
        if (!File.Exists(file))
        {
            throw new BadInputException($"There is no {what} file '{file}'.");
        }

        try
        {
            byte[] text = File.ReadAllBytes(file);
            // A byte-order mark is no part of the text.
            return text.AsSpan().StartsWith("\uFEFF"u8) ? text[3..] : text;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"The {what} {file} cannot be read: {error.Message}");
        }
    }

    private static string Line(ValidationDocument result) =>
        result.Valid
            ? $"{result.File}: valid"
            : $"{result.File}: byte {result.Offset} (line {result.Line}, column {result.Column}{(result.Token is { } token ? $", token {token}" : "")}): {result.Reason}";

    private static void WriteLines(IEnumerable<string> lines)
    {
        using var output = new StreamWriter(Data.Open());
        foreach (string line in lines)
        {
            output.WriteLine(line);
        }
    }

    private static Table Table(BenchReport report)
    {
        var table = new Table()
            .Border(TableBorder.Rounded)
            .AddColumns("", "mean", "p50", "p90", "p99", "p99.9", "max")
            .Title(
                Markup.Escape(
                    $"{report.Schemas} schemas, {report.Passed} passed ({report.PassedReal} of {report.Real} real), {report.RefusedAtCompile} refused when compiled, {report.ValidRefused} valid refused, {report.InvalidAccepted} invalid accepted"
                )
            );
        Row($"{Data.Number(report.Masks)} masks, µs", report.MaskUs);
        Row("compile, ms", report.CompileMs);
        return table;

        void Row(string name, Spread spread) =>
            table.AddRow([
                name,
                .. new[] { spread.Mean, spread.P50, spread.P90, spread.P99, spread.P999, spread.Max }.Select(value =>
                    value.ToString("0.##", CultureInfo.InvariantCulture)
                ),
            ]);
    }
}

/// <summary>What <c>schema check --format json</c> prints.</summary>
internal sealed record CheckDocument(bool Compiles, IReadOnlyList<FindingDocument> Findings);

internal sealed record FindingDocument(string Pointer, string Keyword, string Reason);

/// <summary>One document of <c>schema validate --format json</c>.</summary>
internal sealed record ValidationDocument(
    string File,
    bool Valid,
    int? Offset,
    int? Line,
    int? Column,
    int? Token,
    string? Reason
);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(CheckDocument))]
[JsonSerializable(typeof(ValidationDocument[]))]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class SchemaJson : JsonSerializerContext
{
    /// <summary>Text as it is.</summary>
    public static SchemaJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
