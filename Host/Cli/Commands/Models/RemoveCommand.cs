using System.CommandLine;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright models remove</c>: the opposite of an import.</summary>
internal static class RemoveCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = "An imported model's name." };
        var command = new Command("remove", "Removes an imported model.") { name };
        return command.Does(
            (parsed, _) =>
            {
                new ModelLibrary().Remove(parsed.GetValue(name)!);
                return Task.FromResult(ExitCode.Done);
            }
        );
    }
}
