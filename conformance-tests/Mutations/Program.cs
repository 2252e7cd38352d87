using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

// Is the suite worth anything? In a copy of the repository one line at a time is made wrong, its project is built, and the shipped plugins
// are held to the clauses. A mutation that no clause notices is a hole in the suite, or changes nothing; the report lists it.
//
//   dotnet run -c Release --project conformance-tests/Mutations -- [--out docs/mutations.md] [--only TEXT|TEXT]
string? report = Option("--out");
string? only = Option("--only");
string root = Ancestor(AppContext.BaseDirectory, "Tokenwright.slnx");
Mutation[] mutations =
[
    .. File.ReadLines(Path.Combine(root, "conformance-tests", "Mutations", "mutations.jsonl"))
        .Select(line => JsonSerializer.Deserialize<Mutation>(line, JsonSerializerOptions.Web)!)
        .Where(one => only is null || only.Split('|').Any(part => one.File.Contains(part) || one.Breaks.Contains(part))),
];
string copy = Directory.CreateTempSubdirectory("tokenwright-mutations-").FullName;
try
{
    foreach (string file in Run(root, "git", "ls-files", "--cached", "--others", "--exclude-standard").Output.Split('\n'))
    {
        string from = Path.Combine(root, file);
        if (file.Length > 0 && File.Exists(from))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(copy, file))!);
            File.Copy(from, Path.Combine(copy, file));
        }
    }

    string cli = Path.Combine(copy, "Host", "Cli");
    string bin = Path.Combine(cli, "bin", "Release", "net10.0");
    Must(Run(copy, "dotnet", "build", "-c", "Release", cli), "build");
    string[] all = [.. mutations.SelectMany(one => one.On ?? Mutation.Standard).Distinct()];
    foreach (string plugin in all)
    {
        if (Broken(plugin) is { } clause)
        {
            throw new InvalidOperationException($"{plugin} breaks {clause} without a mutation.");
        }
    }

    var rows = new StringBuilder();
    var survivors = new List<Mutation>();
    foreach (var mutation in mutations)
    {
        string file = Path.Combine(copy, mutation.File);
        string text = await File.ReadAllTextAsync(file);
        if (text.Split(mutation.Line).Length != 2)
        {
            throw new InvalidOperationException($"{mutation.File} does not have exactly one '{mutation.Line}'.");
        }

        await File.WriteAllTextAsync(file, text.Replace(mutation.Line, mutation.Becomes, StringComparison.Ordinal));
        Place(mutation);
        string? killer = (mutation.On ?? Mutation.Standard).Select(Broken).FirstOrDefault(clause => clause is not null);
        await File.WriteAllTextAsync(file, text);
        Place(mutation);
        if (killer is null)
        {
            survivors.Add(mutation);
        }

        string row =
            $"| {Path.GetFileNameWithoutExtension(file)} | {mutation.Breaks} | {killer ?? $"**survives**: {mutation.Why ?? "nobody knows why yet"}"} |";
        rows.Append(row).Append('\n');
        Console.WriteLine(row);
    }

    int killed = mutations.Length - survivors.Count;
    Console.WriteLine($"{killed} of {mutations.Length} killed.");
    if (report is not null)
    {
        await File.WriteAllTextAsync(
            report,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                # One wrong line

                <!-- Written by: dotnet run -c Release --project conformance-tests/Mutations -- --out docs/mutations.md -->

                What the suite notices when one line of the loop, a verifier, a drafter, a processor or the contracts is made wrong: {killed} of
                {mutations.Length} mutations break a clause. Named is the first one broken. The lines stand in `conformance-tests/Mutations/mutations.jsonl`.

                | where | what is wrong then | broken clause |
                |---|---|---|
                {rows}
                """
            )
        );
    }

    return killed >= 0.9 * mutations.Length ? 0 : 1;

    // The first clause that a plugin breaks; null if it conforms.
    string? Broken(string plugin)
    {
        string folder = Path.Combine(copy, "report");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        var result = Run(
            copy,
            "dotnet",
            Path.Combine(bin, "tokenwright.dll"),
            "conform",
            plugin,
            "--out",
            folder,
            "--timeout",
            "60"
        );
        if (result.ExitCode == 0)
        {
            return null;
        }

        // A plugin that cannot even be loaded leaves no report.
        if (!Directory.Exists(folder) || Directory.GetFiles(folder, "*.json") is not [var json])
        {
            return $"not loaded ({result.Error.ReplaceLineEndings(" ").Trim()})";
        }

        return JsonElement
            .Parse(File.ReadAllText(json))
            .GetProperty("findings")
            .EnumerateArray()
            .First(finding =>
                finding.GetProperty("outcome").GetString() is not ("passed" or "not_applicable" or "not applicable")
            )
            .GetProperty("clause")
            .GetString();
    }

    // Builds the project that a file belongs to and puts its DLL wherever the host has it.
    void Place(Mutation mutation)
    {
        string folder = Path.GetDirectoryName(Path.Combine(copy, mutation.File))!;
        while (Directory.GetFiles(folder, "*.csproj").Length == 0)
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        string project = Directory.GetFiles(folder, "*.csproj")[0];
        Must(
            Run(
                copy,
                "dotnet",
                "build",
                "-c",
                "Release",
                "--no-restore",
                project,
                "-p:BuildProjectReferences=false",
                "-p:TreatWarningsAsErrors=false",
                "-p:RunAnalyzers=false"
            ),
            $"build {mutation.File} with '{mutation.Becomes}'"
        );
        string dll = Path.GetFileNameWithoutExtension(project) + ".dll";
        foreach (string old in Directory.GetFiles(bin, dll, SearchOption.AllDirectories))
        {
            File.Copy(Path.Combine(folder, "bin", "Release", "net10.0", dll), old, overwrite: true);
        }
    }
}
finally
{
    Directory.Delete(copy, recursive: true);
}

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

static string Ancestor(string folder, string file) =>
    File.Exists(Path.Combine(folder, file)) ? folder : Ancestor(Path.GetDirectoryName(folder.TrimEnd('/'))!, file);

static void Must(Result result, string what)
{
    if (result.ExitCode != 0)
    {
        throw new InvalidOperationException($"Cannot {what}: {result.Output}{result.Error}");
    }
}

static Result Run(string folder, string command, params string[] arguments)
{
    using var process = Process.Start(
        new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }
    )!;
    var error = process.StandardError.ReadToEndAsync();
    string output = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return new Result(process.ExitCode, output, error.GetAwaiter().GetResult());
}

internal sealed record Result(int ExitCode, string Output, string Error);

/// <summary>One line made wrong.</summary>
/// <param name="File">From the root of the repository.</param>
/// <param name="Line">What stands there, once.</param>
/// <param name="Becomes">What stands there instead.</param>
/// <param name="Breaks">What is wrong then.</param>
/// <param name="On">The plugins that are held to the clauses, until one breaks a clause; null takes the standard one.</param>
/// <param name="Why">Why no clause notices, where none does.</param>
internal sealed record Mutation(string File, string Line, string Becomes, string Breaks, string[]? On, string? Why)
{
    public static readonly string[] Standard = ["Standard"];
}
