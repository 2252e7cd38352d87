using System.CommandLine;
using System.Text;
using Tokenwright.Cli;
using Tokenwright.Cli.Commands;
using Tokenwright.Cli.Commands.Conform;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

var root = new RootCommand("Runs exported language models with decoding methods that are plugins.")
{
    RunCommand.Create(),
    ChatCommand.Create(),
    ModelsCommand.Create(),
    PluginsCommand.Create(),
    DraftsCommand.Create(),
    SchemaCommand.Create(),
    ConformCommand.Create(),
    WorkerCommand.Create(),
};

// A prompt may begin with @, so no word names a file of further arguments.
var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (UsageFault.Of(parsed) is { } fault)
{
    Talk.Error($"{fault} See '{UsageFault.CommandName(parsed.CommandResult)} --help'.");
    return ExitCode.BadInput;
}

return await parsed.InvokeAsync(
    new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        // After Ctrl-C: enough for the forward that is running and for writing what there is. A chat goes on after it.
        ProcessTerminationTimeout = parsed.CommandResult.Command.Name == ChatCommand.Name ? null : TimeSpan.FromSeconds(10),
    }
);
