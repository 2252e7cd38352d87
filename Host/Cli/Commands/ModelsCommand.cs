using System.CommandLine;
using Spectre.Console;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright models</c>: which models there are, what one can do, and its raw logits.</summary>
internal static class ModelsCommand
{
    public static Command Create() =>
        new("models", "Lists and inspects models.") { CreateList(), CreateInspect(), CreateLogits() };

    private static Command CreateList()
    {
        var format = new Option<OutputFormat>("--format") { Description = "text or json." };
        var options = new ModelOptions();
        var command = new Command("list", "Lists the models that have a name.") { format };
        return command.Does(
            (parsed, _) =>
            {
                var library = options.Library(parsed);
                var rows = library.Names.Select(name => ModelRow.Read(name, library.Find(name))).ToArray();
                if (parsed.GetValue(format) == OutputFormat.Json)
                {
                    Data.WriteJson(rows, ModelsJson.Default.ModelRowArray);
                    return Task.FromResult(ExitCode.Done);
                }

                var table = new Table()
                    .Border(TableBorder.Rounded)
                    .AddColumns("name", "architecture", "layers", "hidden", "vocabulary", "context");
                foreach (var row in rows)
                {
                    table.AddRow(
                        Markup.Escape(row.Name == ModelLibrary.Default ? row.Name + " (default)" : row.Name),
                        Markup.Escape(row.Architecture),
                        Data.Number(row.Layers),
                        Data.Number(row.HiddenSize),
                        Data.Number(row.VocabularySize),
                        Data.Number(row.ContextLength)
                    );
                }

                Data.Console.Write(table);
                return Task.FromResult(ExitCode.Done);
            }
        );
    }

    private static Command CreateInspect()
    {
        var name = new Argument<string?>("model") { Description = "A model's name or folder.", Arity = ArgumentArity.ZeroOrOne };
        var profile = new Option<bool>("--profile") { Description = "Also measures what a forward costs by rows and past." };
        var format = new Option<OutputFormat>("--format") { Description = "text or json." };
        var options = new ModelOptions();
        var command = new Command("inspect", "Shows a model's sizes, capabilities and, on request, the cost of its forwards.")
        {
            name,
            profile,
            format,
        };
        options.AddTo(command);
        return command.Does(
            async (parsed, cancellation) =>
            {
                using var model = options.OpenModel(parsed, parsed.GetValue(name));
                var facts = await ModelFacts.ReadAsync(model, parsed.GetValue(profile), cancellation).ConfigureAwait(false);
                if (parsed.GetValue(format) == OutputFormat.Json)
                {
                    Data.WriteJson(facts, ModelsJson.Default.ModelFacts);
                }
                else
                {
                    facts.Write();
                }

                return ExitCode.Done;
            }
        );
    }

    private static Command CreateLogits()
    {
        var ids = new Option<string?>("--ids") { Description = "Token ids, comma-separated." };
        var text = new Option<string?>("--text") { Description = "A text instead of ids." };
        var output = new Option<FileInfo>("--out")
        {
            Description = "The .npy file to write: float32 [tokens, vocabulary].",
            Required = true,
        };
        var options = new ModelOptions();
        var command = new Command("logits", "Writes the logits that follow each token of a text.") { ids, text, output };
        options.AddTo(command);
        return command.Does(
            async (parsed, cancellation) =>
            {
                string? idText = parsed.GetValue(ids);
                string? plain = parsed.GetValue(text);
                if (idText is null == plain is null)
                {
                    throw new BadInputException("Give either --ids or --text.");
                }

                using var model = options.OpenModel(parsed, null);
                var tokens =
                    idText is not null ? RunCommand.Ids("--ids", idText)
                    : model.Tokenizer is { } tokenizer ? [.. tokenizer.Encode(plain!)]
                    : throw new BadInputException($"The model {model.Model.Info.Name} has no tokenizer; give --ids.");
                if (tokens.Length > model.Model.Info.ContextLength)
                {
                    throw new BadInputException(
                        $"{tokens.Length} tokens do not fit the context of {model.Model.Info.Name}, {model.Model.Info.ContextLength}."
                    );
                }

                await LogitsFile
                    .WriteAsync(parsed.GetValue(output)!.FullName, model.Model, tokens, cancellation)
                    .ConfigureAwait(false);
                return ExitCode.Done;
            }
        );
    }
}
