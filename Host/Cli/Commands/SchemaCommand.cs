using System.CommandLine;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright schema</c>: what of a JSON Schema can be enforced, whether documents satisfy one, and how fast its masks are.</summary>
internal static class SchemaCommand
{
    public static Command Create() =>
        new("schema", "Checks JSON Schemas and documents, and measures masks.")
        {
            CreateCheck(),
            CreateValidate(),
            CreateBench(),
        };

    private static Command CreateCheck()
    {
        var schema = new Argument<string>("schema") { Description = "The file of a JSON Schema." };
        var format = new ChoiceOption<OutputFormat>("--format") { Description = "text or json." };
        var plugins = Plugins();
        var command = new Command("check", "Says what of a schema cannot be enforced; succeeds when all of it can.")
        {
            schema,
            format,
            plugins,
        };
        return command.Does(
            (parsed, _) =>
            {
                SchemaPlugin.Load(parsed.GetValue(plugins));
                return Task.FromResult(SchemaWork.Check(parsed.GetRequiredValue(schema), IsJson(parsed, format)));
            }
        );
    }

    private static Command CreateValidate()
    {
        var schema = new Argument<string>("schema") { Description = "The file of a JSON Schema." };
        var instances = new Argument<string[]>("instance")
        {
            Description = "Files of JSON documents.",
            Arity = ArgumentArity.OneOrMore,
        };
        var tokenizer = Tokenizer("Also reads the documents token by token with this tokenizer: ");
        var format = new ChoiceOption<OutputFormat>("--format") { Description = "text or json." };
        var plugins = Plugins();
        var command = new Command("validate", "Reads documents through the mask engine; succeeds when all satisfy the schema.")
        {
            schema,
            instances,
            tokenizer,
            format,
            plugins,
        };
        return command.Does(
            (parsed, _) =>
            {
                SchemaPlugin.Load(parsed.GetValue(plugins));
                return Task.FromResult(
                    SchemaWork.Validate(
                        parsed.GetRequiredValue(schema),
                        parsed.GetRequiredValue(instances),
                        parsed.GetValue(tokenizer),
                        IsJson(parsed, format)
                    )
                );
            }
        );
    }

    private static Command CreateBench()
    {
        var tokenizer = Tokenizer("The vocabulary: ");
        tokenizer.Required = true;
        var data = new Option<string>("--data")
        {
            Description = "A file of JSON lines, or one packed with gzip: id, schema, tests [valid, data].",
            Required = true,
        };
        var every = new NumberOption<int>("--every", 1, int.MaxValue) { Description = "Takes every so-manieth schema only." };
        var offset = new NumberOption<int>("--offset", 0, int.MaxValue) { Description = "Leaves out so many schemas first." };
        var format = new ChoiceOption<OutputFormat>("--format") { Description = "text or json." };
        var plugins = Plugins();
        var command = new Command("bench", "Times compiling and every mask of every valid instance, by the MaskBench protocol.")
        {
            tokenizer,
            data,
            every,
            offset,
            format,
            plugins,
        };
        return command.Does(
            (parsed, cancellation) =>
            {
                SchemaPlugin.Load(parsed.GetValue(plugins));
                return Task.FromResult(
                    SchemaWork.Bench(
                        parsed.GetRequiredValue(tokenizer)!,
                        parsed.GetRequiredValue(data),
                        parsed.GetValue(every) ?? 1,
                        parsed.GetValue(offset) ?? 0,
                        IsJson(parsed, format),
                        cancellation
                    )
                );
            }
        );
    }

    private static Option<string?> Plugins() => new("--plugins") { Description = "Another plugins.json." };

    private static Option<string?> Tokenizer(string what) =>
        new("--tokenizer")
        {
            Description = what + "a model's name, folder or GGUF file, a tokenizer.json, a tokenizer.model or a .tiktoken file.",
        };

    private static bool IsJson(ParseResult parsed, Option<OutputFormat> format) => parsed.GetValue(format) == OutputFormat.Json;
}
