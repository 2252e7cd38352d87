using System.CommandLine;
using Tokenwright.Models.Builder;
using Tokenwright.Models.GenAi;
using Tokenwright.Models.Imports;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright models export</c>: a model as a folder that another runtime runs.</summary>
internal static class ExportCommand
{
    private enum Format
    {
        /// <summary>ONNX Runtime GenAI.</summary>
        GenAi,
    }

    public static Command Create()
    {
        var name = new Argument<string>("model") { Description = "A model's name, its folder, or a GGUF file." };
        var format = new ChoiceOption<Format>("--format") { Description = "genai: a folder for ONNX Runtime GenAI." };
        var output = new Option<string>("--out") { Description = "The folder to write.", Required = true };
        var precision = Precision.Option();
        var all = new Option<bool>("--all-logits")
        {
            Description = "Logits of every row, not of the last only: slower prompts, but drafts can be checked.",
        };
        var force = new Option<bool>("--force") { Description = "Replaces a folder that holds something." };
        var options = new ModelOptions();
        var command = new Command("export", "Writes a model as a folder that another runtime runs.")
        {
            name,
            format,
            output,
            precision,
            all,
            force,
        };
        return command.Does(
            (parsed, cancellation) =>
            {
                string folder = parsed.GetValue(output)!;
                if (string.IsNullOrWhiteSpace(folder))
                {
                    throw new BadInputException("--out names no folder; give one.");
                }

                string source = options.Library(parsed).Find(parsed.GetValue(name)!);
                if (ImportedModel.TryOpen(source) is { } imported)
                {
                    throw new BadInputException(
                        $"'{parsed.GetValue(name)}' was imported: it keeps a graph of its own and no checkpoint to export. Name the checkpoint it was made from, {imported.Record?.Source ?? "a folder or a GGUF file"}."
                    );
                }

                GenAiExport.Write(
                    source,
                    folder,
                    new GenAiExportOptions
                    {
                        Precision = parsed.GetValue(precision) ?? WeightPrecision.Float32,
                        AllLogits = parsed.GetValue(all),
                        Replace = parsed.GetValue(force),
                    },
                    cancellation
                );
                return Task.FromResult(ExitCode.Done);
            }
        );
    }
}
