using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Tokenwright.Cli.Commands;

/// <summary>An option that takes a whole number within bounds; null where it is not given.</summary>
internal sealed class NumberOption<T> : Option<T?>
    where T : struct, IBinaryInteger<T>
{
    public NumberOption(string name, T least, T most)
        : base(name)
    {
        HelpName = "n";
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (
                T.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                && value >= least
                && value <= most
            )
            {
                return value;
            }

            result.AddError($"{name} takes a whole number from {least} to {most}; '{text}' is not that.");
            return null;
        };
    }
}
