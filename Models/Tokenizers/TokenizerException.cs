namespace Tokenwright.Models.Tokenizers;

/// <summary>A tokenizer file that is missing, damaged, or asks for something that this library does not do exactly.</summary>
public sealed class TokenizerException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="file">The file concerned.</param>
    /// <param name="problem">What is wrong with it and, where there is a remedy, what to do; a sentence.</param>
    /// <param name="inner">The cause, if another error revealed it.</param>
    public TokenizerException(string file, string problem, Exception? inner = null)
        : base($"Tokenizer {file}: {problem}", inner) => File = file;

    /// <summary>The file concerned.</summary>
    public string File { get; }
}
