using System.Diagnostics.CodeAnalysis;
using Tokenwright.Host;

namespace Tokenwright.Conformance;

/// <summary>One clause put to one part in one of its samples: makes the part as often as it is needed, and reports what breaks.</summary>
public sealed class Trial
{
    private readonly PartInfo? _part;

    internal Trial(PluginUnderTest plugin, PartInfo? part, Sample sample, int seed, CancellationToken cancellation)
    {
        Plugin = plugin;
        _part = part;
        Sample = sample;
        Seed = seed;
        Cancellation = cancellation;
    }

    /// <summary>The plugin.</summary>
    public PluginUnderTest Plugin { get; }

    /// <summary>The part; not for clauses of whole plugins.</summary>
    public PartInfo Part => _part ?? throw new InvalidOperationException("This clause is one of a whole plugin.");

    /// <summary>How the part is set up.</summary>
    public Sample Sample { get; }

    /// <summary>What the tables and texts of the trial follow from.</summary>
    public int Seed { get; }

    /// <summary>Ends the trial.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>What is being tried, for the counterexample.</summary>
    public string Case { get; set; } = "";

    /// <summary>Where the most cases are wanted: the long tier.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("TOKENWRIGHT_FULL") == "1";

    /// <summary>The part, fresh, its options set; not prepared.</summary>
    public T Make<T>()
        where T : class, IPart => (T)Plugin.Make(Part, Sample);

    /// <summary>Says that the promise is broken.</summary>
    [DoesNotReturn]
    public void Break(string message, IReadOnlyList<int>? prefix = null, string? expected = null, string? observed = null)
    {
        string what = Sample.Options.Count == 0 ? Case : $"{Sample}{(Case.Length == 0 ? "" : ", ")}{Case}";
        throw new ClauseBrokenException(message, new Counterexample(what, Seed, prefix, expected, observed));
    }

    /// <summary>Says that the promise is broken unless something holds.</summary>
    public void Require([DoesNotReturnIf(false)] bool holds, string message)
    {
        if (!holds)
        {
            Break(message);
        }
    }

    /// <summary>Says that there is nothing to test.</summary>
    [DoesNotReturn]
    public static void Skip(string reason) => throw new NotApplicableException(reason);
}
