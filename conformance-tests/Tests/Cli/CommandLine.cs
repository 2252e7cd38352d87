using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Tokenwright.Tests.Cli;

/// <summary>The built executable, run as a user runs it: a process of its own, over a graph cache that all these tests share.</summary>
public sealed class CommandLine : IDisposable
{
    /// <summary>Where the executable was built, in the configuration of the tests.</summary>
    public static readonly string Installed = Path.Combine(
        Repository.Root,
        "Host",
        "Cli",
        Path.GetRelativePath(Path.Combine(Repository.Root, "conformance-tests", "Tests"), AppContext.BaseDirectory)
    );

    /// <summary>The executable's file, for the host <c>dotnet exec</c>.</summary>
    public static readonly string Dll = Path.Combine(Installed, "tokenwright.dll");

    /// <summary>A folder for the files of these tests.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("tokenwright-cli-").FullName;

    public string Cache => Path.Combine(Folder, "cache");

    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>A copy of a reference model, to be damaged.</summary>
    public string Copy(string model, string name)
    {
        string copy = File(name);
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.EnumerateFiles(Repository.ReferenceModel(model)))
        {
            System.IO.File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
        }

        return copy;
    }

    /// <summary>Runs <c>tokenwright</c> to its end.</summary>
    public Task<Outcome> RunAsync(params string[] arguments) => RunAsync(Cache, arguments);

    /// <summary>Runs <c>tokenwright</c> with lines of input.</summary>
    public async Task<Outcome> SayAsync(string[] lines, params string[] arguments)
    {
        using var process = Start(Cache, "dotnet", ["exec", Dll, .. arguments], hasInput: true);
        foreach (string line in lines)
        {
            await process.StandardInput.WriteLineAsync(line);
        }

        process.StandardInput.Close();
        return await EndAsync(process);
    }

    /// <summary>The JSON that a command prints.</summary>
    public async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var outcome = await RunAsync([.. arguments, "--format", "json"]);
        outcome.Error.Should().BeEmpty();
        outcome.ExitCode.Should().Be(0);
        return outcome.Json;
    }

    /// <summary>Runs <c>tokenwright</c> over another cache.</summary>
    public static async Task<Outcome> RunAsync(string cache, string[] arguments)
    {
        using var process = Start(cache, "dotnet", ["exec", Dll, .. arguments]);
        return await EndAsync(process);
    }

    /// <summary>Starts a program, with the cache in its environment.</summary>
    public static Process Start(string cache, string program, string[] arguments, bool hasInput = false)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = hasInput,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
            Environment = { ["TOKENWRIGHT_CACHE"] = cache },
        };
        return Process.Start(start)!;
    }

    /// <summary>Reads what a process still writes and waits for its end.</summary>
    public static async Task<Outcome> EndAsync(Process process)
    {
        var cancellation = TestContext.Current.CancellationToken;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return new Outcome(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

/// <summary>What a process left behind.</summary>
public sealed record Outcome(int ExitCode, string Out, string Error)
{
    public JsonElement Json => JsonElement.Parse(Out);

    /// <summary>The lines of stderr without warnings.</summary>
    public string[] Complaints =>
        [
            .. Error
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => !line.StartsWith("warning: ", StringComparison.Ordinal)),
        ];

    /// <summary>One line of stderr says what is wrong, stdout is empty, and the exit code says so too.</summary>
    public void ShouldRefuse(string message, int exitCode = 2)
    {
        Complaints.Should().ContainSingle().Which.Should().Match("error: " + message);
        Out.Should().BeEmpty();
        ExitCode.Should().Be(exitCode);
    }
}

[CollectionDefinition("Command line")]
public sealed class CommandLineCollection : ICollectionFixture<CommandLine>;
