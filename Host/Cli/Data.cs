using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace Tokenwright.Cli;

/// <summary>What a command was asked for goes to stdout.</summary>
internal static class Data
{
    /// <summary>For tables; plain text when redirected, and then as wide as they need to be.</summary>
    public static IAnsiConsole Console { get; } = CreateConsole();

    /// <summary>Writes one JSON document.</summary>
    public static void WriteJson<T>(T value, JsonTypeInfo<T> type)
    {
        using var output = System.Console.OpenStandardOutput();
        JsonSerializer.Serialize(output, value, type);
        output.Write("\n"u8);
    }

    /// <summary>A whole number as people read it.</summary>
    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static IAnsiConsole CreateConsole()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings());
        if (System.Console.IsOutputRedirected)
        {
            console.Profile.Width = 240;
        }

        return console;
    }
}
