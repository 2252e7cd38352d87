using System.CommandLine;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright models</c>: which models there are, what one can do, and what is made of one.</summary>
internal static class ModelsCommand
{
    public static Command Create() =>
        new("models", "Lists, imports, inspects and exports models.")
        {
            ListCommand.Create(),
            InspectCommand.Create(),
            ImportCommand.Create(),
            RemoveCommand.Create(),
            TemplateCommand.Create(),
            LogitsCommand.Create(),
            ExportCommand.Create(),
        };
}
