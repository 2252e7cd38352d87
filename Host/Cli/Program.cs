using System.CommandLine;
using System.Text;
using Tokenwright.Cli;
using Tokenwright.Cli.Commands;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

var root = new RootCommand("Runs exported language models with decoding methods that are plugins.")
{
    RunCommand.Create(),
    ModelsCommand.Create(),
    PluginsCommand.Create(),
};

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        Talk.Error(error.Message);
    }

    Talk.Line($"Try '{string.Join(' ', parsed.CommandResult.Names())} --help'.");
    return ExitCode.BadInput;
}

return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
