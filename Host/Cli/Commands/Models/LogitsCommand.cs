using System.CommandLine;

namespace Tokenwright.Cli.Commands;

/// <summary><c>tokenwright models logits</c>.</summary>
internal static class LogitsCommand
{
    public static Command Create()
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
                string file = OutputFile.Check("--out", parsed.GetValue(output)!);
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
