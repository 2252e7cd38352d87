using System.CommandLine;
using System.Text;
using System.Text.Json;
using Tokenwright.Models.Chat;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright models template</c>: what a chat template makes of its variables, byte for byte.</summary>
internal static class TemplateCommand
{
    public static Command Create()
    {
        var file = new Option<string>("--file") { Description = "A chat template, a Jinja file.", Required = true };
        var variables = new Option<string>("--variables")
        {
            Description = "A JSON file, an object: messages, add_generation_prompt and what else the template reads.",
            Required = true,
        };
        var command = new Command("template", "Renders a chat template.") { file, variables };
        return command.Does(
            (parsed, _) =>
            {
                string path = parsed.GetValue(file)!;
                var template = ChatTemplate.Parse(TextFile.Read("--file", path), path);
                string values = parsed.GetValue(variables)!;
                var root = TextFile.ReadJson("--variables", values);
                if (root.ValueKind != JsonValueKind.Object)
                {
                    throw new BadInputException($"--variables {values}: must be a JSON object; each member is a variable.");
                }

                byte[] text = Encoding.UTF8.GetBytes(template.Render(root));
                using var output = Data.Open();
                output.Write(text);
                return Task.FromResult(ExitCode.Done);
            }
        );
    }
}
