using System.Reflection;
using Tokenwright.Host;

namespace Tokenwright.Conformance;

/// <summary>One promise, and how it is put to the test.</summary>
public sealed class Clause
{
    private readonly ClauseAttribute _text;
    private readonly Func<Trial, Task> _test;

    private Clause(Seam? seam, ClauseAttribute text, Func<Trial, Task> test)
    {
        Seam = seam;
        _text = text;
        _test = test;
    }

    /// <summary>All clauses, by seam and number.</summary>
    public static IReadOnlyList<Clause> All { get; } =
    [
        .. typeof(Clause)
            .Assembly.GetTypes()
            .Select(type => (Type: type, Group: type.GetCustomAttribute<ClausesAttribute>()))
            .Where(group => group.Group is not null)
            .SelectMany(group => Of(group.Type, group.Group!))
            .OrderBy(clause => clause.Seam is null ? -1 : (int)clause.Seam)
            .ThenBy(clause => clause.Id, StringComparer.Ordinal),
    ];

    /// <summary>The stable id: three letters for the seam, a number.</summary>
    public string Id => _text.Id;

    /// <summary>The seam whose parts it holds; null holds whole plugins.</summary>
    public Seam? Seam { get; }

    /// <summary>The level it belongs to.</summary>
    public Level Level => _text.Level;

    /// <summary>What is promised, a sentence.</summary>
    public string Promise => _text.Promise;

    /// <summary>Why it matters.</summary>
    public string Why => _text.Why;

    /// <summary>How it is tested.</summary>
    public string How => _text.How;

    /// <summary>What a failure looks like.</summary>
    public string Failure => _text.Failure;

    /// <summary>The promise of losslessness that calls for it; a part that does not make it is not held to this clause.</summary>
    public Lossless Needs => _text.Needs;

    /// <summary>Whether it takes long and is tried with a part's first sample only, but for the long tier.</summary>
    public bool IsLong => _text.IsLong;

    /// <summary>What its sampling can tell; null for a clause that is exact.</summary>
    public Power? Power => _text.Samples == 0 ? null : new Power(_text.Samples, _text.Cells);

    /// <summary>A clause by its id, whatever the case; null where there is none.</summary>
    public static Clause? Find(string id) =>
        All.FirstOrDefault(clause => clause.Id.Equals(id, StringComparison.OrdinalIgnoreCase));

    /// <summary>Puts it to the test.</summary>
    /// <exception cref="ClauseBrokenException">The promise is broken.</exception>
    /// <exception cref="NotApplicableException">There is nothing to test here.</exception>
    internal Task TestAsync(Trial trial) => _test(trial);

    /// <inheritdoc/>
    public override string ToString() => $"{Id} {Promise}";

    private static IEnumerable<Clause> Of(Type group, ClausesAttribute of) =>
        group
            .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Select(method => (Method: method, Text: method.GetCustomAttribute<ClauseAttribute>()))
            .Where(clause => clause.Text is not null)
            .Select(clause => new Clause(of.Seam, clause.Text!, Test(clause.Method)));

    private static Func<Trial, Task> Test(MethodInfo method)
    {
        if (method.ReturnType == typeof(Task))
        {
            return method.CreateDelegate<Func<Trial, Task>>();
        }

        var act = method.CreateDelegate<Action<Trial>>();
        return trial =>
        {
            act(trial);
            return Task.CompletedTask;
        };
    }
}

/// <summary>Marks a class as the clauses of a seam.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ClausesAttribute : Attribute
{
    /// <summary>Clauses of whole plugins.</summary>
    public ClausesAttribute() { }

    /// <summary>Clauses of the parts of a seam.</summary>
    public ClausesAttribute(Seam seam) => Seam = seam;

    public Seam? Seam { get; }
}

/// <summary>Makes a method a clause: it returns where the promise holds.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ClauseAttribute(string id, Level level, string promise) : Attribute
{
    public string Id { get; } = id;

    public Level Level { get; } = level;

    public string Promise { get; } = promise;

    public required string Why { get; init; }

    public required string How { get; init; }

    public required string Failure { get; init; }

    public Lossless Needs { get; init; }

    public bool IsLong { get; init; }

    public int Samples { get; init; }

    public int Cells { get; init; }
}
