using System.Diagnostics;
using Tokenwright.Host;

namespace Tokenwright.Conformance;

/// <summary>One clause for one part; the part is null for clauses of whole plugins.</summary>
public sealed record Assignment(Clause Clause, PartInfo? Part)
{
    /// <summary>The part's name, or the plugin's.</summary>
    public string Subject(PluginUnderTest plugin) => Part?.ToString() ?? $"plugin '{plugin.Name}'";
}

/// <summary>Which clauses are run.</summary>
public sealed record Selection
{
    /// <summary>Clauses up to this level; null runs all.</summary>
    public Level? UpTo { get; init; }

    /// <summary>These clauses only; empty runs all.</summary>
    public IReadOnlyList<string> Clauses { get; init; } = [];

    /// <summary>Parts of this seam only; null takes all.</summary>
    public Seam? Seam { get; init; }

    /// <summary>Parts of this id only; null takes all of the plugin.</summary>
    public string? PartId { get; init; }

    /// <summary>The seed of tables and texts.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>Holds a plugin to the clauses: the same for the command line, for test projects and for our own tests.</summary>
public static class ClauseRunner
{
    /// <summary>What there is to run, the lowest level first.</summary>
    public static IReadOnlyList<Assignment> Assignments(PluginUnderTest plugin, Selection selection) =>
        [
            .. Clause
                .All.Where(clause => selection.UpTo is null || clause.Level <= selection.UpTo)
                .Where(clause => selection.Clauses.Count == 0 || selection.Clauses.Contains(clause.Id))
                .Where(clause => selection.Seam is null || clause.Seam == selection.Seam)
                .SelectMany(clause =>
                    clause.Seam is null
                        ? [new Assignment(clause, null)]
                        : plugin
                            .Parts.Where(part => part.Seam == clause.Seam)
                            .Where(part => selection.PartId is null || part.Id == selection.PartId)
                            .Select(part => new Assignment(clause, part))
                )
                .OrderBy(one => one.Clause.Level),
        ];

    /// <summary>Runs what is selected, one after another.</summary>
    public static async Task<IReadOnlyList<Finding>> RunAsync(
        PluginUnderTest plugin,
        Selection selection,
        CancellationToken cancellation = default
    )
    {
        var findings = new List<Finding>();
        foreach (var assignment in Assignments(plugin, selection))
        {
            findings.Add(await RunAsync(plugin, assignment, selection.Seed, cancellation).ConfigureAwait(false));
        }

        return findings;
    }

    /// <summary>Runs one clause on one part, in each of its samples.</summary>
    public static async Task<Finding> RunAsync(
        PluginUnderTest plugin,
        Assignment assignment,
        int seed,
        CancellationToken cancellation = default
    )
    {
        var (clause, part) = assignment;
        var done = new Finding(clause.Id, assignment.Subject(plugin), Outcome.Passed);
        if (part is not null && (clause.Needs & ~(part.Lossless ?? Lossless.No)) != Lossless.No)
        {
            return done with
            {
                Outcome = Outcome.NotApplicable,
                Message = $"It does not declare {clause.Needs}: lossy by declaration.",
            };
        }

        long start = Stopwatch.GetTimestamp();
        string? reason = null;
        bool isTried = false;
        var samples = part is null ? [Sample.Default] : plugin.SamplesOf(part);
        foreach (var sample in clause.IsLong && !Trial.IsFull ? samples.Take(1) : samples)
        {
            var trial = new Trial(plugin, part, sample, seed, cancellation);
            try
            {
                await clause.TestAsync(trial).ConfigureAwait(false);
                isTried = true;
            }
            catch (NotApplicableException error)
            {
                reason = error.Message;
            }
            catch (ClauseBrokenException error)
            {
                return Failed(error.Message, error.Counterexample);
            }
            catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                string options = sample.Options.Count == 0 ? "" : $"{sample}; ";
                return Failed(
                    $"It threw {error.GetType().Name}: {error.Message}",
                    new Counterexample(options + trial.Case, seed)
                );
            }
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return isTried
            ? done with
            {
                Seconds = seconds,
            }
            : done with
            {
                Outcome = Outcome.NotApplicable,
                Message = reason ?? "It has no samples.",
                Seconds = seconds,
            };

        Finding Failed(string message, Counterexample? counterexample) =>
            done with
            {
                Outcome = Outcome.Failed,
                Message = message,
                Counterexample = counterexample,
                Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
            };
    }
}
