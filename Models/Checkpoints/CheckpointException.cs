namespace Tokenwright.Models.Checkpoints;

/// <summary>A checkpoint that cannot be used; the message says which file, what is wrong and what to do.</summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">File, fault and remedy.</param>
    public CheckpointException(string message)
        : base(message) { }

    /// <summary>Creates the error.</summary>
    /// <param name="message">File, fault and remedy.</param>
    /// <param name="inner">The cause.</param>
    public CheckpointException(string message, Exception inner)
        : base(message, inner) { }
}
