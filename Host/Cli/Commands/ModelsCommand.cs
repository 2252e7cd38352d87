using System.CommandLine;
using Spectre.Console;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright models</c>: which models there are, what one can do, its raw logits, and its export.</summary>
internal static class ModelsCommand
{
    public static Command Create() =>
        new("models", "Lists, inspects and exports models.")
        {
            CreateList(),
            CreateInspect(),
            CreateLogits(),
            ExportCommand.Create(),
        };

    private static Command CreateList()
    {
        var format = new ChoiceOption<OutputFormat>("--format") { Description = "text or json." };
        var options = new ModelOptions();
        var command = new Command("list", "Lists the models that have a name.") { format };
        return command.Does(
            (parsed, _) =>
            {
                var library = options.Library(parsed);
                var rows = library.Names.Select(name => ModelRow.TryRead(name, library.Find(name))).OfType<ModelRow>().ToArray();
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
        var format = new ChoiceOption<OutputFormat>("--format") { Description = "text or json." };
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
                using var model = options.OpenModel(parsed, parsed.GetValue(name), cancellation);
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
        var output = new Option<string>("--out")
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

                int[]? given = idText is null ? null : RunCommand.Ids("--ids", idText);
                string file = OutputFile(parsed.GetValue(output)!);
                using var model = options.OpenModel(parsed, null, cancellation);
                int[] tokens =
                    given
                    ??
                    [
                        .. model.Tokenizer?.Encode(plain!)
                            ?? throw new BadInputException($"The model {model.Model.Info.Name} has no tokenizer; give --ids."),
                    ];
                Check(tokens, model.Model.Info);
                await LogitsFile.WriteAsync(file, model.Model, tokens, cancellation).ConfigureAwait(false);
                return ExitCode.Done;
            }
        );
    }

    private static string OutputFile(string name)
    {
        if (name.Length == 0 || Directory.Exists(name))
        {
            throw new BadInputException($"--out '{name}' names no file; give one, such as logits.npy.");
        }

        string file = Path.GetFullPath(name);
        string folder = Path.GetDirectoryName(file)!;
        return Directory.Exists(folder)
            ? file
            : throw new BadInputException($"--out {name}: there is no folder {folder}. Create it, or write elsewhere.");
    }

    private static void Check(int[] tokens, ModelInfo info)
    {
        if (tokens.Length == 0)
        {
            throw new BadInputException("The text is empty: there are logits only after a token.");
        }

        if (tokens.Length > info.ContextLength)
        {
            throw new BadInputException(
                $"{tokens.Length} tokens do not fit the context of {info.Name}, {info.ContextLength}. Give fewer."
            );
        }

        if (tokens.FirstOrDefault(token => token >= info.VocabularySize, -1) is >= 0 and var token)
        {
            throw new BadInputException(
                $"Token {token} is not in the vocabulary of {info.Name}, which has ids 0 to {info.VocabularySize - 1}."
            );
        }
    }
}
