using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace Tokenwright.Cli;

/// <summary>What a command was asked for goes to stdout.</summary>
internal static class Data
{
    /// <summary>For tables; plain text when redirected, and then as wide as they need to be.</summary>
    public static IAnsiConsole Console { get; } = CreateConsole();

    /// <summary>stdout. Where it is a pipe, writing after its reader has ended throws, and the command ends (<see cref="IsBrokenPipe"/>).</summary>
    public static Stream Open()
    {
        // The console's own stream swallows what is written to a broken pipe, and a long text would be generated for nobody.
        if (!OperatingSystem.IsWindows() && System.Console.IsOutputRedirected)
        {
            var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!output.CanSeek)
            {
                return output;
            }
        }

        return System.Console.OpenStandardOutput();
    }

    /// <summary>Whether an error says that the reader of stdout has ended; that is no failure.</summary>
    public static bool IsBrokenPipe(Exception error)
    {
        const int Epipe = 32;
        return error is IOException { HResult: Epipe };
    }

    /// <summary>Writes one JSON document.</summary>
    public static void WriteJson<T>(T value, JsonTypeInfo<T> type)
    {
        using var output = Open();
        JsonSerializer.Serialize(output, value, type);
        output.Write("\n"u8);
    }

    /// <summary>A whole number as people read it.</summary>
    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>An amount of bytes as people read it.</summary>
    public static string Bytes(long value) => (value / 1e6).ToString("N1", CultureInfo.InvariantCulture) + " MB";

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
