using System.CommandLine;
using System.CommandLine.Parsing;
using Tokenwright.Host;

namespace Tokenwright.Cli;

/// <summary>What is wrong with the words of a command line, in one sentence or two.</summary>
internal static class UsageFault
{
    /// <summary>The first fault; null where there is none.</summary>
    public static string? Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (UnknownOption(parsed) is { } option)
        {
            return $"Unknown option '{option}'.{Spelling.Hint(option, OptionNames(parsed.CommandResult))}";
        }

        if (parsed.Errors.Count == 0)
        {
            return null;
        }

        string[] commands =
        [
            .. command.Subcommands.Where(subcommand => !subcommand.Hidden).Select(subcommand => subcommand.Name),
        ];
        string? word = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
        return (commands, word) switch
        {
            ([], null) => parsed.Errors[0].Message,
            ([], _) => $"Unexpected argument '{word}'. A text that holds spaces needs quotes.",
            (_, null) => $"Say what to do: {string.Join(", ", commands)}.",
            _ => $"Unknown command '{word}'.{Spelling.Hint(word, commands)} Commands: {string.Join(", ", commands)}.",
        };
    }

    /// <summary>The words that a user types for a command.</summary>
    public static string CommandName(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{CommandName(parent)} {result.Command.Name}" : "tokenwright";

    // The parser takes a mistyped option for the prompt where there is room for one; a prompt that looks like an option comes after --.
    private static string? UnknownOption(ParseResult parsed)
    {
        if (parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash))
        {
            return null;
        }

        var arguments = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens);
        return arguments.Select(token => token.Value).Concat(parsed.UnmatchedTokens).FirstOrDefault(LooksLikeOption);
    }

    private static bool LooksLikeOption(string word) =>
        word.Length > 1 && word[0] == '-' && (word[1] == '-' || char.IsAsciiLetter(word[1])) && !word.Any(char.IsWhiteSpace);

    private static IEnumerable<string> OptionNames(CommandResult result) =>
        result.Command.Options.Where(option => !option.Hidden).Select(option => option.Name);
}
