using System.CommandLine;

namespace Tokenwright.Cli.Commands;

/// <summary>An option that takes one of a few words: the names of an enum, in lower case. Without the option the first one holds.</summary>
internal sealed class ChoiceOption<T> : Option<T>
    where T : struct, Enum
{
    public ChoiceOption(string name)
        : base(name)
    {
        var choices = Enum.GetValues<T>().ToDictionary(value => value.ToString().ToLowerInvariant());
        HelpName = string.Join('|', choices.Keys);
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (!choices.TryGetValue(word, out var value))
            {
                result.AddError($"{name} takes {string.Join(" or ", choices.Keys)}; '{word}' is not that.");
            }

            return value;
        };
    }
}
