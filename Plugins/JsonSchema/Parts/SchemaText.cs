namespace Tokenwright.Plugins.JsonSchema;

/// <summary>JSON that an option names by its file or holds itself.</summary>
internal static class SchemaText
{
    /// <summary>The text: a file's, or the value where it looks like JSON.</summary>
    /// <exception cref="InvalidOperationException">It is neither.</exception>
    public static string Read(string option, string value)
    {
        string text = value.Trim();
        if (text.StartsWith('{') || text.StartsWith('[') || text is "true" or "false")
        {
            return text;
        }

        return File.Exists(text) ? File.ReadAllText(text)
            : text.Length == 0 ? throw new InvalidOperationException($"{option} is empty; name a file, or give the JSON itself.")
            : throw new InvalidOperationException($"{option}: there is no file {Path.GetFullPath(text)}.");
    }
}
