using System.Reflection;
using Tokenwright.Conformance;
using Tokenwright.Host;
using Tokenwright.Models;
using Tokenwright.Mutants;

namespace Tokenwright.Tests.Suite;

/// <summary>Every part that is wrong on purpose breaks the clause that it names; what they are made from breaks none.</summary>
public sealed class MutantTests(MutantTests.Mutants mutants, ITestOutputHelper output) : IClassFixture<MutantTests.Mutants>
{
    internal static readonly string Dll = Path.Combine(
        Repository.Root,
        "conformance-tests",
        "Mutants",
        Path.GetRelativePath(Path.Combine(Repository.Root, "conformance-tests", "Tests"), AppContext.BaseDirectory),
        "Tokenwright.Mutants.dll"
    );

    // Naive code makes garbage and is there to be read.
    private static readonly string[] Speed = ["VER-051", "DRF-051", "PRO-050", "LOP-051"];

    public static TheoryData<string, string> Caught() => [.. Marked<CaughtByAttribute>().Select(one => (one.Part, one.Clause!))];

    public static TheoryData<string> Sound() => [.. Marked<SoundAttribute>().Select(one => one.Part)];

    [Theory]
    [MemberData(nameof(Caught))]
    public async Task A_mutant_breaks_the_clause_that_it_names(string part, string clause)
    {
        var finding = (await RunAsync(part, [clause])).Should().ContainSingle().Subject;

        output.WriteLine($"{finding.Outcome}: {finding.Message} {finding.Counterexample}");
        finding.IsBroken.Should().BeTrue(finding.Message);
    }

    [Theory]
    [MemberData(nameof(Sound))]
    public async Task What_mutants_are_made_from_breaks_no_clause(string part)
    {
        var findings = await RunAsync(
            part,
            [.. Clause.All.Where(c => c.Seam is not null && !Speed.Contains(c.Id)).Select(c => c.Id)]
        );

        findings.Should().NotBeEmpty();
        findings.Where(finding => finding.IsBroken).Select(f => $"{f.Clause}: {f.Message} {f.Counterexample}").Should().BeEmpty();
    }

    [Fact]
    public void Every_seam_has_mutants_and_there_are_many() =>
        Marked<CaughtByAttribute>()
            .Should()
            .HaveCountGreaterThan(90)
            .And.Subject.Select(one => one.Part.Split(' ')[0])
            .Distinct()
            .Should()
            .HaveCount(Enum.GetValues<Seam>().Length);

    [Fact]
    public void Every_clause_of_a_seam_catches_a_mutant() =>
        Clause
            .All.Where(clause => clause.Seam is not null)
            .Select(clause => clause.Id)
            .Except(Marked<CaughtByAttribute>().Select(one => one.Clause!))
            .Should()
            .BeEmpty("a test that cannot fail is no test");

    private Task<IReadOnlyList<Finding>> RunAsync(string part, string[] clauses)
    {
        string[] words = part.Split(' ');
        return ClauseRunner.RunAsync(
            mutants.Plugin,
            new Selection
            {
                Seam = Enum.Parse<Seam>(words[0], ignoreCase: true),
                PartId = words[1],
                Clauses = clauses,
            },
            TestContext.Current.CancellationToken
        );
    }

    private static IEnumerable<(string Part, string? Clause)> Marked<T>()
        where T : Attribute =>
        typeof(CaughtByAttribute)
            .Assembly.GetTypes()
            .OrderBy(type => type.Name, StringComparer.Ordinal)
            .SelectMany(type =>
                type.GetCustomAttributes<T>(inherit: false)
                    .Select(mark =>
                        (
                            $"{SeamOf(type)} {type.GetCustomAttribute<PartAttribute>()!.Id}".ToLowerInvariant(),
                            (mark as CaughtByAttribute)?.Clause
                        )
                    )
            );

    private static Seam SeamOf(Type type) =>
        type.GetCustomAttribute<PartAttribute>() switch
        {
            DecodingMethodAttribute => Seam.Method,
            TargetDecoratorAttribute => Seam.Target,
            LogitsProcessorAttribute => Seam.Processor,
            TokenConstraintAttribute => Seam.Constraint,
            DrafterAttribute => Seam.Drafter,
            VerifierAttribute => Seam.Verifier,
            _ => Seam.Loop,
        };

    public sealed class Mutants : IDisposable
    {
        private readonly string _cache = Directory.CreateTempSubdirectory("tokenwright-tests-").FullName;

        public Mutants()
        {
            Plugin = PluginUnderTest.Load(Dll, options: new Dictionary<string, string> { ["on"] = "true" });
            Plugin.Models = new ModelLibrary(
                new LanguageModelOptions { CacheFolder = _cache },
                Path.Combine(Repository.Root, "Models", "Reference")
            );
        }

        public PluginUnderTest Plugin { get; }

        public void Dispose()
        {
            Plugin.Dispose();
            Directory.Delete(_cache, recursive: true);
        }
    }
}
