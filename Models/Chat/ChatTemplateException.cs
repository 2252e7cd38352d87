namespace Tokenwright.Models.Chat;

/// <summary>A chat template that is malformed, asks for something impossible or refuses the conversation.</summary>
public sealed class ChatTemplateException : Exception
{
    internal ChatTemplateException(string origin, string fault, int line, int column, bool raised, Exception inner)
        : base($"{origin}, line {line}, column {column}: {fault}", inner)
    {
        Fault = fault;
        Line = line;
        Column = column;
        IsRaised = raised;
    }

    /// <summary>What is wrong, without the place; if <see cref="IsRaised"/>, the template's own words.</summary>
    public string Fault { get; }

    /// <summary>The line of the template, counted from 1.</summary>
    public int Line { get; }

    /// <summary>The column in the line, counted from 1.</summary>
    public int Column { get; }

    /// <summary>Whether the template itself raised the error (<c>raise_exception</c>), mostly to refuse a conversation.</summary>
    public bool IsRaised { get; }
}
