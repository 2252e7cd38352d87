using Spectre.Console;

namespace Tokenwright.Cli;

/// <summary>Everything said to a person goes to stderr; stdout is data.</summary>
internal static class Talk
{
    private static readonly Lazy<IAnsiConsole> StandardError = new(() =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Error) })
    );

    /// <summary>For tables and progress.</summary>
    public static IAnsiConsole Console => StandardError.Value;

    /// <summary>One line.</summary>
    public static void Line(string text) => System.Console.Error.WriteLine(text);

    /// <summary>One error.</summary>
    public static void Error(string text) => Labelled("error", text);

    /// <summary>One warning.</summary>
    public static void Warning(string text) => Labelled("warning", text);

    // One line each, whatever the message holds.
    private static void Labelled(string label, string text) =>
        Line(
            $"{label}: {string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))}"
        );
}
