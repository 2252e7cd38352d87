namespace Tokenwright.Host;

/// <summary>What was committed since the last chunk. Nothing in it will be taken back.</summary>
/// <param name="Tokens">The committed tokens, a stop string's and an end token included; valid for good.</param>
/// <param name="Text">
/// The text that is certain: whole characters that cannot belong to a stop string. It may lag behind the tokens; empty without a tokenizer.
/// </param>
/// <param name="LogProbabilities">One entry per token where the request asked for them; else empty.</param>
public readonly record struct GeneratedChunk(
    ReadOnlyMemory<int> Tokens,
    string Text,
    IReadOnlyList<TokenLogProbability> LogProbabilities
);

/// <summary>A finished text, or what there is of a cancelled one.</summary>
public sealed record GenerationResult
{
    /// <summary>The text without the prompt, cut before a stop string; end tokens add nothing. Empty without a tokenizer.</summary>
    public required string Text { get; init; }

    /// <summary>All committed tokens after the prompt.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>Why it ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>What it cost.</summary>
    public required Statistics Statistics { get; init; }

    /// <summary>The seed: with it and the same request the text comes out again.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The method that was used.</summary>
    public required string Method { get; init; }

    /// <summary>The parts that were used.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>Length of the prompt in tokens.</summary>
    public required int PromptLength { get; init; }

    /// <summary>Parts that should have joined and could not be made.</summary>
    public required IReadOnlyList<PluginDiagnostic> Diagnostics { get; init; }
}
