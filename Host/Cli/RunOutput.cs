using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tokenwright.Host;

namespace Tokenwright.Cli;

/// <summary>What <c>run</c> writes to stdout: the text as it is committed, or one JSON object at the end.</summary>
/// <remarks>Without a tokenizer the text is its ids, separated by commas.</remarks>
internal sealed class RunOutput(bool isJson, LoadedModel model) : IDisposable
{
    private readonly StreamWriter _out = new(Data.Open()) { AutoFlush = true };
    private readonly List<TokenLogProbability> _logProbabilities = [];
    private int _written;
    private bool _isInLine;

    /// <summary>Writes a text while it is generated.</summary>
    /// <returns>False if it was cancelled; what there was has been written.</returns>
    public async Task<bool> StreamAsync(TextGeneration generation, CancellationToken cancellation)
    {
        bool isComplete = true;
        try
        {
            await foreach (var chunk in generation.WithCancellation(cancellation).ConfigureAwait(false))
            {
                Write(chunk);
            }
        }
        catch (OperationCanceledException) when (generation.HasResult)
        {
            isComplete = false;
        }

        Finish(generation.Result);
        foreach (var diagnostic in generation.Result.Diagnostics)
        {
            Talk.Warning(diagnostic.ToString());
        }

        return isComplete;
    }

    private void Write(GeneratedChunk chunk)
    {
        if (isJson)
        {
            _logProbabilities.AddRange(chunk.LogProbabilities);
        }
        else if (model.Vocabulary is not null)
        {
            Append(chunk.Text);
        }
        else
        {
            Append((_written == 0 ? "" : ",") + string.Join(',', chunk.Tokens.ToArray()));
        }
    }

    private void Finish(GenerationResult result)
    {
        if (isJson)
        {
            var document = RunDocument.From(result, model.Model.Info.Name, _logProbabilities);
            _out.WriteLine(JsonSerializer.Serialize(document, RunJson.Readable.RunDocument));
            return;
        }

        // A cancelled text may have held something back.
        string all = model.Vocabulary is null ? string.Join(',', result.Tokens) : result.Text;
        Append(all[_written..]);
        EndLine();
    }

    public void Dispose()
    {
        EndLine();
        _out.Dispose();
    }

    private void Append(string text)
    {
        if (text.Length > 0)
        {
            _out.Write(text);
            _written += text.Length;
            _isInLine = text[^1] != '\n';
        }
    }

    private void EndLine()
    {
        if (_isInLine)
        {
            _isInLine = false;
            _out.WriteLine();
        }
    }
}

/// <summary>The object of <c>run --format json</c>.</summary>
internal sealed record RunDocument(
    string Text,
    IReadOnlyList<int> TokenIds,
    string FinishReason,
    StatisticsDocument Statistics,
    string Model,
    string Method,
    ulong Seed,
    int PromptTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        IReadOnlyList<LogProbabilityDocument>? LogProbabilities
)
{
    public static RunDocument From(GenerationResult result, string model, List<TokenLogProbability> logProbabilities)
    {
        var s = result.Statistics;
        return new RunDocument(
            result.Text,
            result.Tokens,
            result.FinishReason switch
            {
                Tokenwright.FinishReason.Stop => "stop",
                Tokenwright.FinishReason.Length => "length",
                _ => "cancelled",
            },
            new StatisticsDocument(
                s.Steps,
                s.ForwardPasses,
                s.Rows,
                s.Drafted,
                s.Accepted,
                Math.Round(s.TokensPerPass, 4),
                new MillisecondsDocument(
                    Ms(s.Total),
                    Ms(s.Prefill),
                    Ms(s.Model),
                    Ms(s.Draft),
                    Ms(s.Shape),
                    Ms(s.Verify),
                    Ms(s.Own)
                )
            ),
            model,
            result.Method,
            result.Seed,
            result.PromptLength,
            logProbabilities.Count == 0
                ? null
                :
                [
                    .. logProbabilities.Select(l => new LogProbabilityDocument(
                        l.Token,
                        l.Raw,
                        Finite(l.Shaped),
                        [.. l.Top.Select(a => new AlternativeDocument(a.Token, a.Raw, Finite(a.Shaped)))]
                    )),
                ]
        );
    }

    private static double Ms(TimeSpan time) => Math.Round(time.TotalMilliseconds, 4);

    // JSON has no infinity: a token that the shape cut has no shaped log-probability.
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

internal sealed record StatisticsDocument(
    int Steps,
    int ForwardPasses,
    long Rows,
    long Drafted,
    long Accepted,
    double TokensPerPass,
    MillisecondsDocument Ms
);

internal sealed record MillisecondsDocument(
    double Total,
    double Prefill,
    double Model,
    double Draft,
    double Shape,
    double Verify,
    double Own
);

internal sealed record LogProbabilityDocument(int Token, double Raw, double? Shaped, IReadOnlyList<AlternativeDocument> Top);

internal sealed record AlternativeDocument(int Token, double Raw, double? Shaped);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RunDocument))]
internal sealed partial class RunJson : JsonSerializerContext
{
    /// <summary>Text as it is: the document is no part of a web page, so nothing but what JSON itself needs is escaped.</summary>
    public static RunJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
