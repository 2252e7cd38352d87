using System.CommandLine;
using Spectre.Console;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright plugins</c>: which parts were found, in which plugin, and what is wrong.</summary>
internal static class PluginsCommand
{
    public static Command Create() => new("plugins", "Lists plugins.") { CreateList() };

    private static Command CreateList()
    {
        var settings = new Option<string?>("--plugins") { Description = "Another plugins.json." };
        var format = new ChoiceOption<OutputFormat>("--format") { Description = "text or json." };
        var command = new Command("list", "Lists the parts of all plugins; no plugin code is run.") { settings, format };
        return command.Does(
            (parsed, _) =>
            {
                using var host = TokenwrightHost.Load(new TokenwrightOptions { SettingsFile = parsed.GetValue(settings) });
                if (parsed.GetValue(format) == OutputFormat.Json)
                {
                    Data.WriteJson(PluginsDocument.From(host.Plugins), PluginsJson.Default.PluginsDocument);
                    return Task.FromResult(ExitCode.Done);
                }

                var table = new Table().Border(TableBorder.Rounded).AddColumns("seam", "id", "plugin", "promise", "what it does");
                foreach (var part in host.Plugins.Parts)
                {
                    table.AddRow(
                        Markup.Escape(part.Seam.ToString().ToLowerInvariant()),
                        Markup.Escape(part.Id),
                        Markup.Escape(part.Plugin),
                        PluginsDocument.Promise(part.Lossless) ?? "",
                        Markup.Escape(part.Summary)
                    );
                }

                Data.Console.Write(table);
                foreach (var diagnostic in host.Plugins.Diagnostics)
                {
                    Talk.Warning(diagnostic.ToString());
                }

                return Task.FromResult(ExitCode.Done);
            }
        );
    }
}
