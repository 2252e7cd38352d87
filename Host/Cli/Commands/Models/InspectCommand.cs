using System.CommandLine;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright models inspect</c>.</summary>
internal static class InspectCommand
{
    public static Command Create()
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
}
