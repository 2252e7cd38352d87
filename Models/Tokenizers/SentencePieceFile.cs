using System.Text;
using Google.Protobuf;

namespace Tokenwright.Models.Tokenizers;

/// <summary>Reads SentencePiece's tokenizer.model (byte-pair encoding with the identity normaliser, as Llama 2 has it).</summary>
internal sealed class SentencePieceFile
{
    private const char Mark = '▁';

    private enum PieceType
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6,
    }

    private readonly List<(string Text, PieceType Type, float Score)> pieces = [];
    private int modelType = 1;
    private bool hasCharacterMap;
    private bool addDummyPrefix = true;
    private bool removeExtraWhitespaces = true;
    private bool escapeWhitespaces = true;
    private bool whitespaceAsSuffix;

    public static Tokenizer Load(string file)
    {
        var config = TokenizerConfig.Beside(file);
        var bytes = File.ReadAllBytes(file);
        try
        {
            var model = new SentencePieceFile();
            model.Read(new CodedInputStream(bytes));
            return model.Build(config, file);
        }
        catch (NotSupportedException error)
        {
            throw new TokenizerException(
                file,
                $"{error.Message} is not supported; this tokenizer cannot be reproduced exactly.",
                error
            );
        }
        catch (Exception error)
            when (error is InvalidProtocolBufferException or ArgumentException or InvalidOperationException or FormatException)
        {
            throw new TokenizerException(file, $"the file is damaged or is not a SentencePiece model: {error.Message}", error);
        }
    }

    // Field numbers of sentencepiece_model.proto.
    private void Read(CodedInputStream input)
    {
        while (input.ReadTag() is var tag && tag != 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    pieces.Add(ReadPiece(input.ReadBytes().CreateCodedInput()));
                    break;
                case 2:
                    ReadTrainer(input.ReadBytes().CreateCodedInput());
                    break;
                case 3:
                    ReadNormalizer(input.ReadBytes().CreateCodedInput());
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    private static (string, PieceType, float) ReadPiece(CodedInputStream input)
    {
        var (text, type, score) = ("", PieceType.Normal, 0f);
        while (input.ReadTag() is var tag && tag != 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    text = input.ReadString();
                    break;
                case 2:
                    score = input.ReadFloat();
                    break;
                case 3:
                    type = (PieceType)input.ReadEnum();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
        return (text, type, score);
    }

    private void ReadTrainer(CodedInputStream input)
    {
        while (input.ReadTag() is var tag && tag != 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 3:
                    modelType = input.ReadEnum();
                    break;
                case 24:
                    whitespaceAsSuffix = input.ReadBool();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    private void ReadNormalizer(CodedInputStream input)
    {
        while (input.ReadTag() is var tag && tag != 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 2:
                    hasCharacterMap = input.ReadBytes().Length > 0;
                    break;
                case 3:
                    addDummyPrefix = input.ReadBool();
                    break;
                case 4:
                    removeExtraWhitespaces = input.ReadBool();
                    break;
                case 5:
                    escapeWhitespaces = input.ReadBool();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    private Tokenizer Build(TokenizerConfig config, string file)
    {
        if (pieces.Count == 0)
            throw new FormatException("it holds no pieces.");
        if (modelType != 2)
            throw new NotSupportedException($"SentencePiece model type {modelType} (only 2, byte-pair encoding, is; other types");
        if (hasCharacterMap)
            throw new NotSupportedException("a SentencePiece normaliser other than identity");
        if (removeExtraWhitespaces || !escapeWhitespaces || whitespaceAsSuffix)
            throw new NotSupportedException(
                "one of the settings remove_extra_whitespaces, treat_whitespace_as_suffix and not escape_whitespaces"
            );

        var tokens = new List<Token>(pieces.Count);
        var added = new List<AddedToken>();
        var mergeable = new Dictionary<string, (int, float)>(StringComparer.Ordinal);
        var bytes = new int[256];
        Array.Fill(bytes, -1);
        var unknown = 0;
        for (var id = 0; id < pieces.Count; id++)
        {
            var (text, type, score) = pieces[id];
            var special = type is PieceType.Control or PieceType.Unknown;
            tokens.Add(new(id, text, Bytes(text, type), special));
            if (type == PieceType.Unused)
                throw new NotSupportedException($"the unused piece '{text}'");
            if (type is PieceType.Normal or PieceType.UserDefined)
                mergeable.TryAdd(text, (id, score));
            if (type == PieceType.Unknown)
                unknown = id;
            if (type == PieceType.Byte && ByteToken.TryRead(text, out var value))
                bytes[value] = id;
            if (special)
                added.Add(new(id, text, true));
            else if (type == PieceType.UserDefined)
                added.Add(new(id, text, config.Special.Contains(text), Normalized: true));
        }
        foreach (var token in config.Added.Where(token => !added.Exists(known => known.Id == token.Id)))
        {
            added.Add(token with { Normalized = false });
            tokens.Add(new(token.Id, token.Content, Encoding.UTF8.GetBytes(token.Content), token.IsSpecial));
        }

        return new(
            new()
            {
                Table = new(tokens, file),
                Added = added,
                Normalize = (text, first) =>
                    (addDummyPrefix && (first || config.Legacy) ? Mark.ToString() : "") + text.Replace(' ', Mark),
                NormalizeToken = content => content, // pieces are stored normalised
                PreTokenizers = [],
                Encoder = new ScoreEncoder(mergeable, bytes, unknown),
                Prefix = config.AddBegin == true ? [IdOf(config.Begin ?? "<s>")] : [],
                Suffix = config.AddEnd == true ? [IdOf(config.End ?? "</s>")] : [],
                DropsLeadingSpace = addDummyPrefix,
            }
        );

        int IdOf(string literal) =>
            added.Find(token => token.Content == literal)?.Id
            ?? throw new FormatException($"the configuration asks for '{literal}', which is no special token.");
    }

    private static byte[] Bytes(string text, PieceType type) =>
        type == PieceType.Byte && ByteToken.TryRead(text, out var value)
            ? [value]
            : Encoding.UTF8.GetBytes(text.Replace(Mark, ' '));
}
