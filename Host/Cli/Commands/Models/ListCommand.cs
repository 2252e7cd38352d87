using System.CommandLine;
using Spectre.Console;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright models list</c>: the models that have a name.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var format = new ChoiceOption<OutputFormat>("--format") { Description = "text or json." };
        var command = new Command("list", "Lists the models that have a name.") { format };
        return command.Does(
            (parsed, _) =>
            {
                var library = new ModelLibrary();
                var rows = library.Names.Select(name => ModelRow.TryRead(name, library.Find(name))).OfType<ModelRow>().ToArray();
                if (parsed.GetValue(format) == OutputFormat.Json)
                {
                    Data.WriteJson(rows, ModelsJson.Default.ModelRowArray);
                    return Task.FromResult(ExitCode.Done);
                }

                var table = new Table()
                    .Border(TableBorder.Rounded)
                    .AddColumns("name", "architecture", "layers", "hidden", "vocabulary", "context", "precision");
                foreach (var row in rows)
                {
                    table.AddRow(
                        Markup.Escape(row.Name == ModelLibrary.Default ? row.Name + " (default)" : row.Name),
                        Markup.Escape(row.Architecture),
                        Data.Number(row.Layers),
                        Data.Number(row.HiddenSize),
                        Data.Number(row.VocabularySize),
                        Data.Number(row.ContextLength),
                        row.Precision
                    );
                }

                Data.Console.Write(table);
                return Task.FromResult(ExitCode.Done);
            }
        );
    }
}
