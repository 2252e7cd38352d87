using System.Text;
using Tokenwright.Models.Checkpoints.Gguf;

namespace Tokenwright.Models.Tokenizers;

/// <summary>The tokenizer in the metadata of a GGUF file: byte-level merges (gpt2) or SentencePiece scores (llama).</summary>
internal static partial class GgufVocabulary
{
    private const char Mark = '▁';
    private const string Prefix = "tokenizer.ggml.";

    private enum TokenType
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6,
    }

    // Qwen's: as cl100k, but digits one by one.
    private const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Tekken's: as o200k, without contractions and digits one by one.
    private const string Tekken =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        + @"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // DeepSeek's since V3, after numbers and Chinese and Japanese have been cut out.
    private const string DeepSeekV3 =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
        + @"|\s*[\r\n]+|\s+(?!\S)|\s+";

    // What the names of tokenizer.ggml.pre stand for, as in llama.cpp's llama-vocab.cpp and the tokenizer files the models came with.
    private static readonly Dictionary<string, PreTokenizer> PreTokenizers = new(StringComparer.Ordinal)
    {
        ["default"] = new(
            @"[\p{P}\$\+<=>\^~\|]+",
            @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
            @"\p{N}+",
            "[0-9][0-9][0-9]"
        ),
        ["gpt-2"] = new(SplitPattern.Gpt2),
        ["llama-bpe"] = new(SplitPattern.Cl100k) { TakesWholePieces = true, Begins = true },
        ["smaug-bpe"] = new(SplitPattern.Cl100k),
        // The converter drops Qwen's normaliser; the model was trained with it.
        ["qwen2"] = new(Qwen2) { Composes = true },
        ["smollm"] = new(@"\p{N}", SplitPattern.Gpt2),
        ["gpt-4o"] = new(SplitPattern.O200k),
        ["tekken"] = new(Tekken) { TakesWholePieces = true, Begins = true },
        ["deepseek-v3"] = new(@"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DeepSeekV3),
    };

    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["phi-2"] = "gpt-2",
        ["mpt"] = "gpt-2",
        ["olmo"] = "gpt-2",
        ["jais"] = "gpt-2",
        ["llama3"] = "llama-bpe",
        ["llama-v3"] = "llama-bpe",
        ["falcon3"] = "llama-bpe",
        ["pixtral"] = "llama-bpe",
        ["dbrx"] = "smaug-bpe",
        ["starcoder"] = "smollm",
        ["refact"] = "smollm",
        ["command-r"] = "smollm",
        ["codeshell"] = "smollm",
        ["exaone"] = "smollm",
        ["deepseek-r1-qwen"] = "qwen2",
        ["llama4"] = "gpt-4o",
    };

    public static Tokenizer Read(GgufFile file)
    {
        string[] tokens =
            file.Texts(Prefix + "tokens") ?? throw new TokenizerException(file.Origin, "the file holds no tokenizer.");
        if (tokens.Length == 0)
        {
            throw new TokenizerException(file.Origin, "the vocabulary is empty.");
        }

        TokenType[] types = Types(file, tokens.Length);
        try
        {
            string model = file.Text(Prefix + "model") ?? "";
            return model switch
            {
                "gpt2" => ByMerges(file, tokens, types),
                "llama" => ByScores(file, tokens, types),
                _ => throw new NotSupportedException($"the tokenizer model '{model}' (supported are gpt2, llama)"),
            };
        }
        catch (NotSupportedException error)
        {
            throw new TokenizerException(
                file.Origin,
                $"{error.Message} is not supported; this tokenizer cannot be reproduced exactly.",
                error
            );
        }
        catch (Exception error)
            when (error is ArgumentException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new TokenizerException(file.Origin, $"the tokenizer in the file is damaged: {error.Message}", error);
        }
    }

    private static TokenType[] Types(GgufFile file, int count)
    {
        object? value = file.Find(Prefix + "token_type");
        return value switch
        {
            null => [.. Enumerable.Repeat(TokenType.Normal, count)],
            long[] numbers when numbers.Length == count =>
            [
                .. numbers.Select(number => (TokenType)(int)Math.Clamp(number, 0, 7)),
            ],
            _ => throw new TokenizerException(
                file.Origin,
                $"'{Prefix}token_type' does not say a type for each of {count} tokens."
            ),
        };
    }

    private static Tokenizer ByMerges(GgufFile file, string[] tokens, TokenType[] types)
    {
        PreTokenizer pre = PreTokenizerOf(file);
        string[] merges = file.Texts(Prefix + "merges") ?? throw new FormatException("there are no merges.");
        if (Array.Find(merges, merge => merge.Count(c => c == ' ') != 1) is { } odd)
        {
            throw new FormatException($"'{odd}' is no merge.");
        }

        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        List<Token> table = [];
        for (int id = 0; id < tokens.Length; id++)
        {
            bool spelled = types[id] is TokenType.Normal or TokenType.Unused or TokenType.Byte;
            byte[] bytes = spelled ? ByteLevel.Read(tokens[id]) : Encoding.UTF8.GetBytes(tokens[id]);
            table.Add(new(id, tokens[id], bytes, IsSpecial(types[id])));
            vocabulary.TryAdd(tokens[id], id);
        }

        Func<string, string> normalize = pre.Composes
            ? text => UnicodeForms.Normalize(text, NormalizationForm.FormC)
            : text => text;
        return new(
            new()
            {
                Table = new(table, file.Origin),
                Added = Added(tokens, types),
                Normalize = (text, _) => normalize(text),
                NormalizeToken = normalize,
                PreTokenizers =
                [
                    .. pre.Patterns.Select(pattern => new PatternSplit(SplitPattern.Parse(pattern), SplitBehavior.Isolated)),
                ],
                Encoder = new MergeEncoder(
                    vocabulary,
                    merges,
                    byteLevel: true,
                    ignoreMerges: pre.TakesWholePieces,
                    byteFallback: false,
                    unknown: null,
                    fuseUnknown: false
                ),
                Prefix = Around(file, tokens, "bos", otherwise: pre.Begins),
                Suffix = Around(file, tokens, "eos", otherwise: false),
            }
        );
    }

    // The name that the patterns go by.
    private static PreTokenizer PreTokenizerOf(GgufFile file)
    {
        string name = file.Text(Prefix + "pre") ?? "default";
        return PreTokenizers.TryGetValue(Aliases.GetValueOrDefault(name, name), out PreTokenizer? known)
            ? known
            : throw new NotSupportedException(
                $"the pre-tokenizer '{name}' (supported are {string.Join(", ", PreTokenizers.Keys.Concat(Aliases.Keys))})"
            );
    }

    private static Tokenizer ByScores(GgufFile file, string[] tokens, TokenType[] types)
    {
        double[] scores = file.Find(Prefix + "scores") as double[] ?? [];
        if (scores.Length != tokens.Length)
        {
            throw new FormatException($"there are {scores.Length} scores for {tokens.Length} tokens.");
        }

        Dictionary<string, (int, float)> mergeable = new(StringComparer.Ordinal);
        List<Token> table = [];
        int[] byteIds = new int[256];
        Array.Fill(byteIds, -1);
        int unknown = 0;
        for (int id = 0; id < tokens.Length; id++)
        {
            string text = tokens[id];
            bool isByte = ByteToken.TryRead(text, out byte value) && types[id] == TokenType.Byte;
            table.Add(new(id, text, isByte ? [value] : Encoding.UTF8.GetBytes(text.Replace(Mark, ' ')), IsSpecial(types[id])));
            if (isByte)
            {
                byteIds[value] = id;
            }
            else if (types[id] == TokenType.Unknown)
            {
                unknown = id;
            }
            else if (types[id] is TokenType.Normal or TokenType.UserDefined)
            {
                mergeable.TryAdd(text, (id, (float)scores[id]));
            }
        }

        bool addsSpace = file.Flag(Prefix + "add_space_prefix") ?? true;
        return new(
            new()
            {
                Table = new(table, file.Origin),
                // Special tokens stand in the text as it is, user-defined pieces in the normalised one.
                Added = [.. Added(tokens, types).Select(token => token with { Normalized = !token.IsSpecial })],
                Normalize = (text, _) => (addsSpace ? Mark.ToString() : "") + text.Replace(' ', Mark),
                NormalizeToken = content => content,
                PreTokenizers = [],
                Encoder = new ScoreEncoder(mergeable, byteIds, unknown),
                Prefix = Around(file, tokens, "bos", otherwise: true),
                Suffix = Around(file, tokens, "eos", otherwise: false),
                DropsLeadingSpace = addsSpace,
            }
        );
    }

    private static bool IsSpecial(TokenType type) => type is TokenType.Control or TokenType.Unknown;

    private static List<AddedToken> Added(string[] tokens, TokenType[] types)
    {
        List<AddedToken> added = [];
        for (int id = 0; id < tokens.Length; id++)
        {
            if (IsSpecial(types[id]) || types[id] == TokenType.UserDefined)
            {
                added.Add(new(id, tokens[id], IsSpecial(types[id])));
            }
        }

        return added;
    }

    private static int[] Around(GgufFile file, string[] tokens, string role, bool otherwise)
    {
        if (!(file.Flag($"{Prefix}add_{role}_token") ?? otherwise))
        {
            return [];
        }

        long id = file.WholeNumber($"{Prefix}{role}_token_id") ?? throw new FormatException($"there is no '{role}_token_id'.");
        return id >= 0 && id < tokens.Length ? [(int)id] : throw new FormatException($"the id {id} is no token.");
    }

    /// <summary>How a text is cut before merging: at one pattern after another.</summary>
    private sealed record PreTokenizer(params string[] Patterns)
    {
        /// <summary>Whether a whole piece that is a token is taken without merging.</summary>
        public bool TakesWholePieces { get; init; }

        /// <summary>Whether a text begins with the begin token where the file does not say.</summary>
        public bool Begins { get; init; }

        /// <summary>Whether texts are brought into Unicode's form C.</summary>
        public bool Composes { get; init; }
    }
}
