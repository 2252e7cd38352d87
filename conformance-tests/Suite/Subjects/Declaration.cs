using System.Text.Json;

namespace Tokenwright.Conformance;

/// <summary>One way in which a part is set up for its trial.</summary>
/// <param name="Options">Values of its options, as users type them.</param>
/// <param name="Tokens">For a constraint: the tokens of the vocabulary it is tried on; an end token is added. Null takes a, b and ab.</param>
public sealed record Sample(IReadOnlyDictionary<string, string> Options, IReadOnlyList<string>? Tokens = null)
{
    /// <summary>The part as it comes.</summary>
    public static Sample Default { get; } = new(new Dictionary<string, string>());

    /// <inheritdoc/>
    public override string ToString() =>
        Options.Count == 0 ? "default options" : string.Join(' ', Options.Select(option => $"{option.Key}={option.Value}"));
}

/// <summary>What an author tells the suite about a plugin: the file <c>conformance.json</c> beside its DLL.</summary>
/// <remarks>
/// A processor or constraint that does nothing by default is tried only with samples that make it do something:
/// <code>{ "samples": { "processor top-a": [ { "options": { "top-a": "0.2" } } ] } }</code>
/// </remarks>
public sealed record Declaration
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "conformance.json";

    /// <summary>By part (<c>seam id</c>), the ways in which it is tried; a part that is missing here is tried as it comes.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Sample>> Samples { get; init; } =
        new Dictionary<string, IReadOnlyList<Sample>>();

    /// <summary>Reads the file of a folder; without one nothing is declared.</summary>
    /// <exception cref="InvalidDataException">The file is wrong; the message says where.</exception>
    public static Declaration Read(string folder)
    {
        string file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
        {
            return new Declaration();
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var samples = new Dictionary<string, IReadOnlyList<Sample>>(StringComparer.Ordinal);
            foreach (var part in document.RootElement.GetProperty("samples").EnumerateObject())
            {
                samples.Add(part.Name, [.. part.Value.EnumerateArray().Select(Of)]);
            }

            return new Declaration { Samples = samples };
        }
        catch (Exception error)
            when (error is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException(
                $"{file} is wrong: {error.Message} It is an object like {{ \"samples\": {{ \"processor top-a\": [ {{ \"options\": {{ \"top-a\": \"0.2\" }} }} ] }} }}.",
                error
            );
        }
    }

    private static Sample Of(JsonElement sample) =>
        new(
            sample.TryGetProperty("options", out var options)
                ? options.EnumerateObject().ToDictionary(option => option.Name, option => option.Value.GetString()!)
                : new Dictionary<string, string>(),
            sample.TryGetProperty("tokens", out var tokens)
                ? [.. tokens.EnumerateArray().Select(token => token.GetString()!)]
                : null
        );
}
