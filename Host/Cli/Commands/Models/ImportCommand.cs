using System.CommandLine;
using Spectre.Console;
using Tokenwright.Host;
using Tokenwright.Models;
using Tokenwright.Models.Builder;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright models import</c>: turns a checkpoint into a model with a name.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("source") { Description = "A folder with a checkpoint, or a GGUF file." };
        var name = new Option<string?>("--name")
        {
            Description = "What to call the model; default: the file's or folder's name.",
        };
        var precision = Precision.Option();
        var force = new Option<bool>("--force") { Description = "Replaces another model of the name." };
        var command = new Command("import", "Imports a checkpoint; then it is not needed any more.")
        {
            source,
            name,
            precision,
            force,
        };
        return command.Does(
            (parsed, cancellation) =>
            {
                var options = new GraphOptions { Precision = parsed.GetValue(precision) ?? WeightPrecision.Float32 };
                string path = parsed.GetValue(source)!;
                var (model, isNew) = Watch(
                    path,
                    progress =>
                        new ModelLibrary(new LanguageModelOptions { Graph = options, Progress = progress }).Import(
                            path,
                            parsed.GetValue(name),
                            parsed.GetValue(force),
                            cancellation
                        )
                );
                string imported = Path.GetFileName(model.Folder);
                if (isNew)
                {
                    BuildTalk.Done(imported, model.Graph);
                }
                else
                {
                    Talk.Line($"{imported} is there already, in {model.Folder}");
                }

                return Task.FromResult(ExitCode.Done);
            }
        );
    }

    private static T Watch<T>(string source, Func<IProgress<double>, T> work)
    {
        if (!Talk.Console.Profile.Capabilities.Interactive || System.Console.IsErrorRedirected)
        {
            return work(new BuildTalk());
        }

        string what = Markup.Escape($"importing {Path.GetFileName(Path.TrimEndingDirectorySeparator(source))}");
        return Talk
            .Console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => work(new Bar(context.AddTask(what))));
    }

    private sealed class Bar(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = 100 * value;
    }
}
