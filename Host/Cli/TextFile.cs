using System.Text;
using System.Text.Json;

namespace Tokenwright.Cli;

/// <summary>Files of text that a user names.</summary>
internal static class TextFile
{
    /// <summary>Reads UTF-8; a byte-order mark is no part of the text.</summary>
    /// <param name="option">The option that names the file, for errors.</param>
    /// <param name="file">Its path.</param>
    /// <exception cref="BadInputException">It is absent, unreadable or something else.</exception>
    public static string Read(string option, string file)
    {
        if (!File.Exists(file))
        {
            throw new BadInputException($"{option}: there is no file '{file}'.");
        }

        try
        {
            var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true);
            using var reader = new StreamReader(file, strict, detectEncodingFromByteOrderMarks: false);
            return reader.ReadToEnd();
        }
        catch (DecoderFallbackException)
        {
            throw new BadInputException($"{option} {file}: is not UTF-8 text. Convert it first.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{option} {file}: cannot be read: {error.Message}");
        }
    }

    /// <summary>Reads a JSON document.</summary>
    /// <inheritdoc cref="Read" />
    public static JsonElement ReadJson(string option, string file)
    {
        string text = Read(option, file);
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException error)
        {
            throw new BadInputException(
                $"{option} {file}, line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}: is not valid JSON."
            );
        }
    }
}
