using System.CommandLine;
using Spectre.Console;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright plugins</c>: which parts were found, what is wrong with them, their hashes, and packing one.</summary>
internal static class PluginsCommand
{
    public static Command Create() =>
        new("plugins", "Lists, checks, pins and packs plugins.") { CreateList(), CreateDoctor(), CreateHash(), CreatePack() };

    private static Command CreateList()
    {
        var (settings, format, json) = (Settings(), Format(), Json());
        var command = new Command("list", "Lists the parts of all plugins; no plugin code is run.") { settings, format, json };
        return command.Does(
            (parsed, _) =>
            {
                using var host = TokenwrightHost.Load(new TokenwrightOptions { SettingsFile = parsed.GetValue(settings) });
                if (IsJson(parsed, format, json))
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

    private static Command CreateDoctor()
    {
        var (settings, format, json) = (Settings(), Format(), Json());
        var command = new Command("doctor", "Makes every part once and unloads it again; succeeds when nothing is wrong.")
        {
            settings,
            format,
            json,
        };
        return command.Does(
            (parsed, _) =>
            {
                var (document, diagnostics) = PluginCheckup.Examine(HostSettings.Load(parsed.GetValue(settings)));
                if (IsJson(parsed, format, json))
                {
                    Data.WriteJson(document, PluginsJson.Default.PluginsDocument);
                }
                else if (diagnostics.Count > 0)
                {
                    var table = new Table()
                        .Border(TableBorder.Rounded)
                        .AddColumns("code", "plugin", "what is wrong", "what to do");
                    foreach (var diagnostic in diagnostics)
                    {
                        table.AddRow(
                            diagnostic.Id,
                            Markup.Escape(diagnostic.Plugin),
                            Markup.Escape($"{diagnostic.File}, {diagnostic.Stage}: {diagnostic.Cause}"),
                            Markup.Escape(diagnostic.Fix)
                        );
                    }

                    Data.Console.Write(table);
                }

                Talk.Line(
                    $"{document.Plugins.Count} plugins with {document.Plugins.Sum(plugin => plugin.Parts.Count)} parts work; {(diagnostics.Count == 0 ? "nothing is wrong" : $"{diagnostics.Count} things are wrong")}."
                );
                return Task.FromResult(diagnostics.Count == 0 ? ExitCode.Done : ExitCode.Failed);
            }
        );
    }

    private static Command CreateHash()
    {
        var names = new Argument<string[]>("plugin")
        {
            Description = "Names of plugins; without any, all of them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var (settings, format, json) = (Settings(), Format(), Json());
        var command = new Command("hash", "Prints the SHA-256 of every file of plugins; as JSON the entries for plugins.json.")
        {
            names,
            settings,
            format,
            json,
        };
        return command.Does(
            (parsed, _) =>
            {
                var pins = PluginPins.Of(HostSettings.Load(parsed.GetValue(settings)), parsed.GetValue(names) ?? []);
                if (IsJson(parsed, format, json))
                {
                    Data.WriteJson(pins, PluginsJson.Default.PluginPins);
                    return Task.FromResult(ExitCode.Done);
                }

                using var output = new StreamWriter(Data.Open());
                foreach (var (plugin, pin) in pins.Plugins)
                {
                    foreach (var (file, hash) in pin.Files)
                    {
                        output.Write($"{hash}  {plugin}/{file}\n");
                    }
                }

                return Task.FromResult(ExitCode.Done);
            }
        );
    }

    private static Command CreatePack()
    {
        var path = new Argument<string>("path") { Description = "The folder of a built plugin, or its main DLL." };
        var output = new Option<string?>("--out") { Description = "The archive; by default NAME-VERSION.zip in this folder." };
        var (format, json) = (Format(), Json());
        var command = new Command("pack", "Checks a built plugin and packs it, with a manifest of its hashes, into an archive.")
        {
            path,
            output,
            format,
            json,
        };
        return command.Does(
            (parsed, _) =>
            {
                var packed = PluginPackage.Pack(parsed.GetRequiredValue(path), parsed.GetValue(output));
                if (IsJson(parsed, format, json))
                {
                    Data.WriteJson(packed.Pins, PluginsJson.Default.PluginPins);
                }
                else
                {
                    Data.Console.WriteLine(packed.Archive);
                }

                Talk.Line(
                    $"{packed.Archive}: unpack it in a plugin folder. With --json this command prints the entry that pins it in plugins.json."
                );
                return Task.FromResult(ExitCode.Done);
            }
        );
    }

    private static Option<string?> Settings() => new("--plugins") { Description = "Another plugins.json." };

    private static ChoiceOption<OutputFormat> Format() => new("--format") { Description = "text or json." };

    private static Option<bool> Json() => new("--json") { Description = "The same as --format json." };

    private static bool IsJson(ParseResult parsed, ChoiceOption<OutputFormat> format, Option<bool> json) =>
        parsed.GetValue(json) || parsed.GetValue(format) == OutputFormat.Json;
}
