using System.Buffers.Text;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Tokenwright.Models.Tokenizers;

/// <summary>Reads rank files: one token a line, its bytes in base64 and its rank, which is also its id.</summary>
internal static class TiktokenFile
{
    public static Tokenizer Load(string file, string encoding)
    {
        var (pattern, specials) = Encodings(encoding, file);
        var bytes = File.ReadAllBytes(file);
        var tokens = ReadRanks(bytes, file);
        tokens.AddRange(specials.Select(special => new Token(special.Value, special.Key, [], true)));
        using var stream = new MemoryStream(bytes);
        return new(
            new()
            {
                Table = new(tokens, file),
                Added = [.. specials.Select(special => new AddedToken(special.Value, special.Key, IsSpecial: true))],
                Normalize = (text, _) => text,
                NormalizeToken = content => content,
                PreTokenizers = [new PatternSplit(SplitPattern.Parse(pattern), SplitBehavior.Isolated)],
                Encoder = new RankEncoder(TiktokenTokenizer.Create(stream, preTokenizer: null, normalizer: null)),
            }
        );
    }

    private static (string Pattern, Dictionary<string, int> Specials) Encodings(string encoding, string file) =>
        encoding switch
        {
            "gpt2" => (SplitPattern.Gpt2, new() { ["<|endoftext|>"] = 50256 }),
            "cl100k_base" => (
                SplitPattern.Cl100k,
                new()
                {
                    ["<|endoftext|>"] = 100257,
                    ["<|fim_prefix|>"] = 100258,
                    ["<|fim_middle|>"] = 100259,
                    ["<|fim_suffix|>"] = 100260,
                    ["<|endofprompt|>"] = 100276,
                }
            ),
            "o200k_base" => (SplitPattern.O200k, new() { ["<|endoftext|>"] = 199999, ["<|endofprompt|>"] = 200018 }),
            _ => throw new TokenizerException(
                file,
                $"unknown encoding '{encoding}'; a rank file must be named gpt2, cl100k_base or o200k_base, which tells its pattern."
            ),
        };

    private static List<Token> ReadRanks(byte[] bytes, string file)
    {
        var tokens = new List<Token>();
        var number = 0;
        foreach (var range in bytes.AsSpan().Split((byte)'\n'))
        {
            number++;
            var line = bytes.AsSpan(range).TrimEnd((byte)'\r');
            if (line.IsEmpty)
                continue;
            var space = line.IndexOf((byte)' ');
            var token = new byte[Base64.GetMaxDecodedFromUtf8Length(line.Length)];
            if (
                space <= 0
                || Base64.DecodeFromUtf8(line[..space], token, out _, out var length) != System.Buffers.OperationStatus.Done
                || !Utf8Parser.TryParse(line[(space + 1)..], out int rank, out var consumed)
                || consumed != line.Length - space - 1
            )
                throw new TokenizerException(
                    file,
                    $"line {number} is not a token in base64, a space and a rank; the file is damaged."
                );
            Array.Resize(ref token, length);
            tokens.Add(new(rank, Encoding.UTF8.GetString(token), token, false));
        }
        return tokens;
    }
}
