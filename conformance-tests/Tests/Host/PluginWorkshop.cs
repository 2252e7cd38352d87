using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

/// <summary>A plugin folder of its own, and a compiler to fill it: plugins are built against the contracts alone.</summary>
public sealed class PluginWorkshop : IDisposable
{
    private static readonly string[] Shared = ["Tokenwright.Abstractions", "System.Composition.AttributedModel"];

    private static readonly MetadataReference[] Contracts =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path =>
                Path.GetDirectoryName(path) == Path.GetDirectoryName(typeof(object).Assembly.Location)
                || Shared.Contains(Path.GetFileNameWithoutExtension(path))
            )
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private static readonly Lazy<string> Repository = new(() =>
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Tokenwright.slnx")))
        {
            directory = directory.Parent!;
        }

        return directory.FullName;
    });

    public static string RepositoryRoot => Repository.Value;

    public string Root { get; } = Directory.CreateTempSubdirectory("tokenwright-plugins-").FullName;

    public string Folder => Directory.CreateDirectory(Path.Combine(Root, "plugins")).FullName;

    public HostSettings Settings => new() { Folders = [Folder] };

    /// <summary>A source file under conformance-tests/Fixtures.</summary>
    public static string Fixture(string name) =>
        File.ReadAllText(Path.Combine(RepositoryRoot, "conformance-tests", "Fixtures", name + ".cs"));

    /// <summary>A workshop whose folder holds the fixtures.</summary>
    public static PluginWorkshop With(params string[] fixtures)
    {
        var workshop = new PluginWorkshop();
        foreach (string fixture in fixtures)
        {
            workshop.Add(fixture, Fixture(fixture));
        }

        return workshop;
    }

    /// <summary>Compiles a plugin into a folder of its own.</summary>
    public string Add(string name, string source, params string[] references) =>
        Compile(Path.Combine(Folder, name, name + ".dll"), source, references);

    public static string Compile(string dll, string source, params string[] references)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(dll)!);
        const string Usings = """
            global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
            global using System.Threading; global using System.Threading.Tasks;
            """;
        var compilation = CSharpCompilation.Create(
            Path.GetFileNameWithoutExtension(dll),
            [CSharpSyntaxTree.ParseText(Usings), CSharpSyntaxTree.ParseText(source)],
            [
                // A reference of the same name takes the place of the real one.
                .. Contracts.Where(contract =>
                    !references.Any(path => Path.GetFileName(path) == Path.GetFileName(contract.Display))
                ),
                .. references.Select(path => MetadataReference.CreateFromFile(path)),
            ],
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable
            )
        );
        EmitResult result = compilation.Emit(dll);
        result.Success.Should().BeTrue(string.Join('\n', result.Diagnostics));
        return dll;
    }

    public TokenwrightHost Load(HostSettings? settings = null) =>
        TokenwrightHost.Load(new TokenwrightOptions { Settings = settings ?? Settings });

    public PluginCatalog Catalog(HostSettings? settings = null) => PluginCatalog.Load(settings ?? Settings);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
