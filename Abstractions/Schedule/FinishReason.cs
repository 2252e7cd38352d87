namespace Tokenwright;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>An end token or a stop string.</summary>
    Stop,

    /// <summary>The token budget, or the model's context.</summary>
    Length,

    /// <summary>The caller cancelled.</summary>
    Cancelled,
}
