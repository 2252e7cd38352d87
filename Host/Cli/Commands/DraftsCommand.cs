using System.CommandLine;
using System.Text;
using Tokenwright.Host;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright drafts</c>: makes files that drafters start from.</summary>
internal static class DraftsCommand
{
    /// <summary>Longer files are read in parts of about this many characters, cut at ends of lines.</summary>
    private const int PartLength = 1 << 20;

    public static Command Create() => new("drafts", "Makes files that drafters start from.") { CreateBuild() };

    private static Command CreateBuild()
    {
        var corpus = new Option<string[]>("--corpus")
        {
            Description = "Text files, UTF-8, each one document.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var output = new Option<string>("--out") { Description = "The file to write.", Required = true };
        var drafter = new Option<string>("--drafter")
        {
            Description = "The drafter that it is for; aded if not given.",
            DefaultValueFactory = _ => "aded",
        };
        var options = new ModelOptions();
        var command = new Command("build", "Makes the file that a drafter starts from, of a corpus in the tokens of a model.")
        {
            corpus,
            output,
            drafter,
        };
        options.AddTo(command);
        return command.Does(
            (parsed, cancellation) =>
            {
                string[] files = parsed.GetValue(corpus)!;
                foreach (string file in files)
                {
                    if (!File.Exists(file))
                    {
                        throw new BadInputException($"--corpus {file}: there is no such file. Give text files.");
                    }
                }

                string target = OutputFile.Check("--out", parsed.GetValue(output)!);
                using var host = options.LoadHost(parsed);
                using var live = Find(host, parsed.GetValue(drafter)!);
                var part = (ICorpusDrafter)live.Part;
                using var model = options.OpenModel(parsed, null, cancellation);
                var tokenizer =
                    model.Tokenizer
                    ?? throw new BadInputException(
                        $"The model {model.Model.Info.Name} has no tokenizer, so texts cannot be turned into its tokens."
                    );
                string content = part.Build(
                    files.SelectMany(file => Read(file, tokenizer, cancellation)),
                    model.Model.Info.VocabularySize,
                    target
                );
                Talk.Line($"{target}: {content}. Use it with --set {part.FileOption}={target}.");
                return Task.FromResult(ExitCode.Done);
            }
        );
    }

    private static LivePart Find(TokenwrightHost host, string id)
    {
        var part =
            host.Plugins.Find(Seam.Drafter, id)
            ?? throw new BadInputException(
                $"There is no drafter '{id}'. Those that were found: {string.Join(", ", host.Plugins.Of(Seam.Drafter).Select(one => one.Id))}."
            );
        var live = host.Plugins.Create(part);
        if (live.Part is ICorpusDrafter)
        {
            return live;
        }

        live.Dispose();
        throw new BadInputException($"The drafter '{id}' starts from no file of a corpus.");
    }

    private static IEnumerable<IReadOnlyList<int>> Read(string file, Tokenizer tokenizer, CancellationToken cancellation)
    {
        using var reader = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
        var part = new StringBuilder();
        while (NextLine(file, reader) is { } line)
        {
            cancellation.ThrowIfCancellationRequested();
            part.Append(line).Append('\n');
            if (part.Length >= PartLength)
            {
                yield return tokenizer.Encode(part.ToString(), allowSpecial: false, addSpecial: false);
                part.Clear();
            }
        }

        yield return tokenizer.Encode(part.ToString(), allowSpecial: false, addSpecial: false);
    }

    private static string? NextLine(string file, StreamReader reader)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (DecoderFallbackException)
        {
            throw new BadInputException($"--corpus {file}: it is not UTF-8 text. Convert it first.");
        }
    }
}
