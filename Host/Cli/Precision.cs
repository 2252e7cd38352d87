using System.CommandLine;
using System.Globalization;
using Tokenwright.Models.Builder;

namespace Tokenwright.Cli;

/// <summary>The words for precisions.</summary>
internal static class Precision
{
    private static readonly Dictionary<string, WeightPrecision> Words = new(StringComparer.Ordinal)
    {
        ["fp32"] = WeightPrecision.Float32,
        ["int8"] = WeightPrecision.Int8,
        ["int4"] = WeightPrecision.Int4,
    };

    /// <summary>The word for a precision.</summary>
    public static string Word(WeightPrecision precision) => Words.First(pair => pair.Value == precision).Key;

    /// <summary>A graph's precision, and how far its weights are from the checkpoint's.</summary>
    public static string Describe(ModelManifest manifest)
    {
        string word = Word(manifest.Options.Precision);
        return manifest.Rounding is not { } rounding ? $"{word} (exact)"
            : rounding.Exact == rounding.Weights ? $"{word} (exact: the checkpoint's own blocks)"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{word} ({rounding.Exact} of {rounding.Weights} matrices exact, mean relative error {rounding.MeanError:0.0000})"
            );
    }

    /// <summary>The option that asks for one; null where it is not given.</summary>
    public static Option<WeightPrecision?> Option() =>
        new("--precision")
        {
            Description = "How the weights are stored: fp32 as the checkpoint has them (default), int8 or int4.",
            HelpName = string.Join('|', Words.Keys),
            CustomParser = result =>
            {
                string word = result.Tokens[0].Value;
                if (Words.TryGetValue(word, out var precision))
                {
                    return precision;
                }

                result.AddError($"--precision takes {string.Join(" or ", Words.Keys)}; '{word}' is not that.");
                return null;
            },
        };
}
