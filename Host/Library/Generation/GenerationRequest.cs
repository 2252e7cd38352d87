namespace Tokenwright.Host;

/// <summary>How a text is to be generated. All of it is optional.</summary>
public sealed record GenerationRequest
{
    /// <summary>The method's id; null takes the default, which depends on whether a temperature above 0 is given.</summary>
    public string? Method { get; init; }

    /// <summary>A target decorator instead of the method's; "none" decodes the model itself.</summary>
    public string? Target { get; init; }

    /// <summary>A drafter instead of the method's; "none" drafts nothing.</summary>
    public string? Drafter { get; init; }

    /// <summary>A verifier instead of the method's.</summary>
    public string? Verifier { get; init; }

    /// <summary>A loop instead of the method's.</summary>
    public string? Loop { get; init; }

    /// <summary>Values of options by name, as users type them. Parts of the recipe that declare the same name share the value.</summary>
    public IDictionary<string, string> Options { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The most tokens to generate, at least 1. The model's context may end the text earlier.</summary>
    public int MaxTokens { get; init; } = int.MaxValue;

    /// <summary>The seed of every random choice; null takes a fresh one, which the result tells.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Texts that end the text and are cut from it.</summary>
    public IReadOnlyList<string> Stops { get; init; } = [];

    /// <summary>Whether end tokens are tokens like any other.</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>Watches the steps, a <see cref="TraceFile"/> say; the caller disposes it.</summary>
    public ITrace? Trace { get; init; }

    /// <summary>How many alternatives to report with each token's log-probability, 0 for none but its own; null reports nothing.</summary>
    public int? TopLogProbabilities { get; init; }
}
