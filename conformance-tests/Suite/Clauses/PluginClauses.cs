using System.Globalization;
using System.Runtime.CompilerServices;
using Tokenwright.Host;

namespace Tokenwright.Conformance;

/// <summary>What holds for whole plugins.</summary>
[Clauses]
internal static class PluginClauses
{
    [Clause(
        "PLG-001",
        Level.Loads,
        "The host loads the plugin without a complaint.",
        Why = "A part that is left out is missed at the first request that names it, far from the cause.",
        How = "The plugin's folder is copied and loaded as the host loads it, beside the standard plugin.",
        Failure = "The host's diagnostics, each with its PLG code, its cause and its cure; or no part at all."
    )]
    internal static void Loads(Trial trial)
    {
        trial.Require(!trial.Plugin.Diagnostics.Any(), string.Join(' ', trial.Plugin.Diagnostics));
        trial.Require(trial.Plugin.Parts.Count > 0, "It exports no part.");
    }

    [Clause(
        "PLG-002",
        Level.Loads,
        "Every part can be made, anew each time.",
        Why = "Parts are made for every generation; one object for two of them would mix their texts.",
        How = "Each part is made twice, set up as each of its samples says.",
        Failure = "A constructor throws, or the same object comes twice."
    )]
    internal static void IsMade(Trial trial)
    {
        foreach (var part in trial.Plugin.Parts)
        {
            foreach (var sample in trial.Plugin.SamplesOf(part))
            {
                trial.Case = $"{part}, {sample}";
                var one = Make(trial, part, sample);
                var other = Make(trial, part, sample);
                trial.Require(one is null || !ReferenceEquals(one, other), $"The {part} is the same object twice.");
                (one as IDisposable)?.Dispose();
                (other as IDisposable)?.Dispose();
            }
        }
    }

    [Clause(
        "PLG-003",
        Level.Loads,
        "Parts and options say what they are, in a sentence.",
        Why = "The lists and the help that users read are made of these sentences and nothing else.",
        How = "The summary of each part and the description of each option are read.",
        Failure = "One is empty, or does not end with a full stop."
    )]
    internal static void IsDescribed(Trial trial)
    {
        foreach (var part in trial.Plugin.Parts)
        {
            trial.Require(IsSentence(part.Summary), $"The summary of the {part} is no sentence: '{part.Summary}'.");
            foreach (var option in part.Options)
            {
                trial.Require(
                    IsSentence(option.Description),
                    $"The description of option '{option.Name}' of the {part} is no sentence: '{option.Description}'."
                );
            }
        }
    }

    [Clause(
        "PLG-004",
        Level.Loads,
        "Options keep their defaults within their own bounds, and read values alike in every culture.",
        Why = "A default that its own check refuses makes every request fail; a comma for a point makes another value.",
        How = "Each part is made with its defaults, and with its samples, under a culture that writes a comma for a point and a dot for a thousand.",
        Failure = "The host refuses a value that the plugin itself gave."
    )]
    internal static void DefaultsAreValid(Trial trial)
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            var strange = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            strange.NumberFormat.NumberDecimalSeparator = ",";
            strange.NumberFormat.NumberGroupSeparator = ".";
            strange.NumberFormat.NegativeSign = "~";
            foreach (var one in new[] { CultureInfo.InvariantCulture, strange })
            {
                CultureInfo.CurrentCulture = one;
                foreach (var part in trial.Plugin.Parts)
                {
                    foreach (var sample in trial.Plugin.SamplesOf(part).Prepend(Sample.Default))
                    {
                        trial.Case = $"{part}, {sample}{(one == strange ? ", decimal comma" : "")}";
                        (Make(trial, part, sample) as IDisposable)?.Dispose();
                    }
                }
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Clause(
        "PLG-005",
        Level.Loads,
        "A part may be disposed twice, and before it was prepared.",
        Why = "The host disposes what it made, whatever came of the plan; a second failure would hide the first.",
        How = "Each part that can be disposed is made and disposed twice.",
        Failure = "It throws."
    )]
    internal static void IsDisposedTwice(Trial trial)
    {
        foreach (var part in trial.Plugin.Parts)
        {
            trial.Case = part.ToString();
            if (Make(trial, part, Sample.Default) is IDisposable made)
            {
                made.Dispose();
                made.Dispose();
            }
        }
    }

    [Clause(
        "PLG-006",
        Level.Loads,
        "Once given up, nothing holds on to the plugin's code.",
        Why = "A long-lived host reloads plugins; a thread or a subscription that stays keeps every old version in memory.",
        How = "The plugin is loaded again, each part is made, and all is given up; its code must be collected within ten seconds.",
        Failure = "PLG008: a thread, a timer, an event or a static of another assembly still refers to it."
    )]
    internal static void Unloads(Trial trial)
    {
        var left = MakeAllAndUnload(trial);
        trial.Require(left.Count == 0, string.Join(' ', left));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IReadOnlyList<PluginDiagnostic> MakeAllAndUnload(Trial trial)
    {
        var catalog = trial.Plugin.LoadAgain();
        MakeAll(catalog);
        return catalog.Unload(TimeSpan.FromSeconds(10));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MakeAll(PluginCatalog catalog)
    {
        foreach (var part in catalog.Parts)
        {
            catalog.Create(part).Dispose();
        }
    }

    // Null where a combination names drafters that are not here: that is no fault of the plugin.
    private static IPart? Make(Trial trial, PartInfo part, Sample sample)
    {
        try
        {
            return trial.Plugin.Make(part, sample);
        }
        catch (NotApplicableException)
        {
            return null;
        }
        catch (HostException error)
        {
            trial.Break(error.Message);
            throw;
        }
    }

    private static bool IsSentence(string text) => text.Trim().Length > 1 && text.TrimEnd().EndsWith('.');
}
